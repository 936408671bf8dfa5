/* The page: what arrives, what it shows of that, and what the reader does. */

import { call } from "../wire/rest.js";

const TICK_MS = 500;
const BAR_MS = 60;
const LIST_MS = 400; // the list of jobs is written at most this often
const STORE_AWAY_CODE = 4003;
/** @type {Record<string, number>} */
const INTERVAL_MS = { live: 0, "1s": 1000, "5s": 5000, paused: 0 };

/**
 * What main.js puts together. `feed`: the chosen job; `list`: all jobs.
 * @typedef {Object} Parts
 * @property {import("../charts/painter.js").Painter} painter
 * @property {import("../charts/charts.js").Charts} charts
 * @property {import("../charts/reliability_slider.js").ReliabilitySlider} reliability
 * @property {import("../runs/job_feed.js").JobFeed} feed
 * @property {import("../runs/jobs_feed.js").JobsFeed} list
 * @property {import("../runs/watch.js").Watch} watch
 * @property {import("../runs/job_select.js").JobSelect} select
 * @property {import("../runs/job_bar.js").JobBar} bar
 * @property {import("../runs/job_cards.js").JobCards} cards
 * @property {import("../runs/create_form.js").CreateForm} form
 * @property {import("../runs/compare.js").Compare} compare
 * @property {import("./view.js").View} view
 * @property {import("./notices.js").Notices} notices
 * @property {import("./choice.js").Choice} choice
 * @property {Record<string, (value: any) => any>} actions   by the control's id
 */

const PageParts = /** @type {new () => Parts} */ (/** @type {unknown} */ (Object));

export class Page extends PageParts {
  /**
   * main.js gives it its parts.
   * @param {Config} config  what Python's page_config says
   * @param {Show} setProps
   */
  constructor(config, setProps) {
    super();
    /** @type {Config} */
    this.config = { ...config, metrics: Object.assign(Object.create(null), config.metrics) }; // by any name
    this.setProps = setProps;
    /** @type {Call} */
    this.call = (method, path, body) => call(method, config.api + path, body);
    /** @type {Record<string, any>} */
    this.timers = {};
    this.isStoreAway = false;
    this.alertedState = "";
  }

  start() {
    this._showControls();
    this.list.start();
    if (this.view.job) this.feed.choose(this.view.job);
    setInterval(() => this._tick(), TICK_MS);
    this.applyRate();
  }

  /* ------------------------------------------------------------- what arrives */

  /** @returns {Promise<void>} resolves when the charts in view show the newest epoch */
  epochsArrived() {
    this.charts.others();
    for (const id of this.charts.specs.keys()) if (id !== "compare-chart") this.painter.invalidate(id);
    this.reliability.render(this.feed, this.view);
    this._soon("alerts", () => this.notices.alerts(this.feed), LIST_MS);
    return this.painter.drawn();
  }

  factsArrived() {
    this.bar.facts(this.feed);
    for (const spec of this.config.charts) this.painter.invalidate(spec.id);
  }

  jobsArrived() {
    this.choice.follow();
    this.watch.listed(this.list.jobs);
    this._soon("list", () => this._renderList(), LIST_MS);
  }

  /** @param {Job} job */
  jobChanged(job) {
    this.list.jobs.set(job.id, job);
    this.jobsArrived();
  }

  /** @param {string} id */
  jobDeleted(id) {
    this.list.jobs.delete(id);
    this.jobsArrived();
  }

  /** @param {boolean|undefined} isAvailable */
  storeSaid(isAvailable) {
    this.isStoreAway = !isAvailable;
    if (isAvailable) this.compare.wake();
    this.renderBar();
  }

  serverIsBack() {
    this.watch.wake(); // do not sit out the delay
    this.compare.wake();
  }

  /** The reader looks again, or the network is back. */
  wake() {
    this.watch.wake();
    this.list.wake();
    this.compare.wake();
    this.renderBar();
  }

  _tick() {
    this.watch.tick();
    this.list.tick();
    this.renderBar();
    this.compare.follow();
  }

  /* ------------------------------------------------------------- what the page shows */

  /**
   * Run once, after `ms`, however often it is asked for until then.
   * @param {string} name
   * @param {() => void} run
   * @param {number} ms
   */
  _soon(name, run, ms) {
    this.timers[name] ??= setTimeout(() => {
      this.timers[name] = null;
      run();
    }, ms);
  }

  renderBarSoon() {
    this._soon("bar", () => this.renderBar(), BAR_MS);
  }

  /** Label, progress and status in one go and from one state: they agree whenever one looks. */
  renderBar() {
    const { feed, list } = this;
    this.select.renderLabel(feed.job, this.view);
    this.bar.render(feed);
    this.charts.figuresNow(feed);
    const isListAway = list.link.state === "waiting" && list.link.failures > 1;
    const isWithoutStore = isListAway && list.link.closeCode === STORE_AWAY_CODE;
    this.notices.banners(feed.loadAt !== null || (isListAway && !isWithoutStore), this.isStoreAway || isWithoutStore);
    const state = `${feed.jobId} ${feed.state} ${feed.job?.status} ${feed.job?.stalled}`;
    if (state !== this.alertedState) this.notices.alerts(feed);
    this.alertedState = state;
  }

  renderSelect() {
    const { list } = this;
    this.select.render(list.isKnown ? [...list.jobs.values()] : null, this.feed.job, this.view);
  }

  _renderList() {
    this.renderSelect();
    this.renderBar();
    if (this.view.tab === "jobs" || this.cards.cards.size === 0) this.renderCards();
    this.compare.follow();
  }

  renderCards() {
    const { search, statuses, order, tab } = this.view;
    this.cards.render(this.list.jobs, { search, statuses, order }, this.list.isKnown, tab === "jobs");
  }

  recolour() {
    this.painter.invalidate();
    this.compare.follow();
  }

  jobs() {
    return this.list.jobs;
  }

  /** @param {Spec} spec  @returns {ChartView} */
  chartView(spec) {
    return this.view.chart(spec);
  }

  /** @param {string} id  @param {Zoom|null} zoom */
  zoomed(id, zoom) {
    this.view.zoomed(id, zoom);
  }

  /** @param {string} id  @param {Scale} scale */
  scaled(id, scale) {
    this.view.scaled(id, scale);
  }

  applyRate() {
    this.painter.pause(this.view.rate === "paused");
    this.list.setInterval(INTERVAL_MS[this.view.rate]);
  }

  /* ------------------------------------------------------------- what the reader does */

  /**
   * A control's property changed, by the reader's hand or by ours; only news does anything.
   * @param {string} id
   * @param {any} value
   */
  control(id, value) {
    if (id.startsWith("scale-") && id !== "scale-all") {
      const chart = id.slice(6);
      if (chart === this.config.compare) return this.compare.scaled(value);
      const spec = this.charts.specs.get(chart);
      if (spec && value !== this.view.chart(spec).scale) this.view.scaled(chart, value);
      return;
    }
    const apply = this.actions[id];
    if (apply) apply(value);
    this.view.write();
  }

  /** @param {string} tab */
  showTab(tab) {
    if (tab !== this.view.tab) this.view.step(() => this.turnTo(tab));
  }

  /** Every control says what the view says. */
  _showControls() {
    this.view.showControls();
    this.charts.showView();
    this.compare.offerMetrics();
    this.select.forget();
    this.reliability.forget();
  }

  /** Back and forward. */
  restore() {
    this.view.read();
    this._showControls();
    this.choice.restored();
    this.reliability.render(this.feed, this.view);
    this.applyRate();
    this.painter.invalidate();
    this.renderCards();
    this._renderList();
  }

  /** @param {string} tab */
  turnTo(tab) {
    this.view.tab = tab;
    if (tab === "jobs") this.renderCards();
    this.compare.follow();
  }
}
