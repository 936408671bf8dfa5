/* The page: what arrives, what it shows of that, and what the reader does. */

import { call, serverNow } from "../wire/rest.js";
import { withCards } from "../runs/status.js";

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
 * @property {import("../runs/predictions_feed.js").PredictionsFeed} predictions
 * @property {import("../runs/jobs_feed.js").JobsFeed} list
 * @property {import("../runs/watch.js").Watch} watch
 * @property {import("../runs/job_select.js").JobSelect} select
 * @property {import("../runs/job_bar.js").JobBar} bar
 * @property {import("../runs/job_cards.js").JobCards} cards
 * @property {import("../runs/job_actions.js").JobActions} jobActions
 * @property {import("../runs/picked.js").Picked} picked
 * @property {import("../runs/group_by.js").GroupBy} groups
 * @property {import("../runs/means.js").Means} means
 * @property {import("../runs/sources.js").Sources} drawn   what the charts draw
 * @property {import("../runs/run_picks.js").RunPicks} picks
 * @property {import("../charts/front.js").Front} front
 * @property {import("../runs/reading_bar.js").ReadingBar} reading
 * @property {import("../charts/crosshair.js").Crosshair} crosshair
 * @property {import("./view.js").View} view
 * @property {import("./notices.js").Notices} notices
 * @property {import("./choice.js").Choice} choice
 * @property {import("./views.js").Views} views
 * @property {import("../runs/organise.js").Organise} organise
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
    /** @type {Set<string>} */
    this.arrived = new Set(); // runs of which epochs have come
    this.typedName = ""; // of a view that is being saved
    /** @type {any} */
    this.table = null;
    /** @type {Promise<void>|null} */
    this.tableLoad = null;
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
    this.feed.run?.wanted.want(this._keyMetrics());
    this.drawn.forget();
    this.means.stale();
    this.charts.update();
    this.painter.news();
    this.reliability.render(this.feed, this.view);
    this._soon("alerts", () => this.notices.alerts(this.feed), LIST_MS);
    return this.painter.drawn();
  }

  /** @returns {string[]}  what the page reads beside its charts */
  _keyMetrics() {
    const figures = this.config.key_figures.flatMap(({ metric, partner }) => (partner ? [metric, partner] : [metric]));
    return [...figures, ...Object.keys(this.feed.job?.key_metrics ?? {})];
  }

  /**
   * A chart in view reads these metrics, and perhaps a stretch of them closely.
   * @param {Spec} spec
   * @param {ChartView} view
   */
  looksAt(spec, { zoom, x }) {
    const metrics = spec.lines.map(({ metric }) => metric);
    for (const id of this.picked.ids()) {
      const run = this.watch.of(id);
      run?.wanted.want(metrics);
      if (run && zoom && !this.groups.isOn()) void run.wanted.look(metrics, x, zoom.x);
    }
  }

  /**
   * Columns of watched runs are others than before.
   * @param {string[]} ids
   * @returns {Promise<void>} as `epochsArrived`
   */
  columnsArrived(ids) {
    if (ids.some((id) => id !== this.feed.jobId)) this._runsArrived(ids);
    return ids.includes(this.feed.jobId ?? "") ? this.epochsArrived() : this.painter.drawn();
  }

  /** @param {string[]} ids */
  _runsArrived(ids) {
    const isFirst = ids.some((id) => !this.arrived.has(id)); // the reader just picked it
    for (const id of ids) this.arrived.add(id);
    this.drawn.forget();
    this.means.stale();
    if (isFirst) this.charts.update();
    if (isFirst && this.painter.isPaused) this.painter.invalidate();
    else this.painter.news();
    this._soon("picks", () => this.renderPicks(), BAR_MS);
  }

  /** @param {Spec[]} specs  @param {(spec: Spec) => XMode} modeOf  @param {number} x  @returns {Promise<boolean>} */
  exactly(specs, modeOf, x) {
    return this.drawn.exactly(specs, modeOf, x);
  }

  /** @returns {Source[]} those in sight, each for itself */
  runs() {
    return this.drawn.runs();
  }

  meansArrived() {
    this.drawn.forget();
    this.painter.news();
  }

  factsArrived() {
    this.drawn.forget();
    this.bar.facts(this.feed);
    for (const spec of this.config.charts) this.painter.invalidate(spec.id);
    this.charts.redrawDiagrams();
  }

  /** Kept predictions came, or the reader wants those of another epoch. */
  predictionsArrived() {
    this.charts.predictions.render();
    this.charts.filter.apply();
  }

  /** @param {number|null} epoch  whose predictions are shown; null: the newest */
  predictedEpoch(epoch) {
    this.view.predicted = epoch;
    this.view.write();
    this.predictions.choose(epoch, this.feed.job);
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

  /** @param {boolean|undefined} isAvailable */
  storeSaid(isAvailable) {
    this.isStoreAway = !isAvailable;
    if (isAvailable) this.watch.wake();
    this.renderBar();
  }

  serverIsBack() {
    this.watch.wake(); // do not sit out the delay
  }

  /** The reader looks again, or the network is back. */
  wake() {
    this.watch.wake();
    this.list.wake();
    this.renderBar();
  }

  _tick() {
    this.watch.tick();
    this.list.tick();
    this.renderBar();
    this.followRuns();
  }

  /** Nothing is fetched for charts that nobody looks at. */
  followRuns() {
    if (this.view.tab === "metrics" && !document.hidden) this.picked.follow();
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
    this.reading.render();
    this.organise.render(feed.job, this.list.jobs);
    this.charts.figuresNow(feed);
    this.predictions.follow(feed.jobId, feed.job);
    this.views.follow(feed);
    const isListAway = list.link.state === "waiting" && list.link.failures > 1;
    const isWithoutStore = isListAway && list.link.closeCode === STORE_AWAY_CODE;
    this.notices.banners(feed.loadAt !== null || (isListAway && !isWithoutStore), this.isStoreAway || isWithoutStore);
    const state = `${feed.jobId} ${feed.state} ${feed.job?.status} ${feed.job?.stalled}`;
    if (state !== this.alertedState) this.notices.alerts(feed);
    this.alertedState = state;
    this.renderPicks();
    document.title = titleText(feed.job, this.config);
  }

  renderPicks() {
    this.picks.render();
    this.groups.offer();
    this.groups.render();
  }

  /** Other runs, or others in sight: every chart is drawn anew. */
  redrawRuns() {
    this.drawn.forget();
    this.charts.update();
    this.painter.invalidate();
    this.followRuns();
    this.renderPicks();
    if (this.list.isKnown) this.picks.offer([...this.list.jobs.values()]);
  }

  renderSelect() {
    const { list } = this;
    this.select.render(list.isKnown ? [...list.jobs.values()] : null, this.feed.job, this.view);
    if (list.isKnown) this.picks.offer([...list.jobs.values()]);
  }

  _renderList() {
    this.renderSelect();
    this.renderBar();
    if (this.view.tab === "jobs" || this.cards.cards.size === 0) this.renderCards();
    this.followRuns();
  }

  renderCards() {
    const { search, statuses, order, tab } = this.view;
    this.cards.render(this._live(), { search, statuses, order }, this.list.isKnown, tab === "jobs", this.list.jobs.size);
    if (tab === "jobs") this.openTable();
  }

  /** Cards are of jobs that go on, and of a few that have just ended; the table has all. */
  _live() {
    return withCards([...this.list.jobs.values()], this.config.final, serverNow());
  }

  /** The runs table, which is loaded when it is first looked at. */
  openTable() {
    if (this.table) return this.table.render();
    this.tableLoad ??= import("../runs/runs_table.js").then(({ RunsTable }) => {
      this.table = new RunsTable(this);
      this.table.render();
    });
  }

  /** @param {(table: any) => void} act */
  withTable(act) {
    if (this.table) act(this.table);
  }

  recolour() {
    this.drawn.forget();
    this.painter.invalidate();
    this.renderPicks();
  }

  /** @param {Spec} spec  @returns {Source[]} */
  sources(spec) {
    return this.drawn.of(spec);
  }

  charted() {
    return this.drawn.charted();
  }

  /** @param {string} id  @param {string} metric  @param {boolean} isAlone */
  toggledLine(id, metric, isAlone) {
    this.view.toggleLine(id, metric, isAlone);
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

  /** @param {Arrangement} arrangement  of the charts, by the reader */
  rearranged(arrangement) {
    this.views.rearranged(arrangement);
    this.arranged();
  }

  /** The view says other charts, scales, smoothing. */
  arranged() {
    this.view.showControls();
    this.charts.showView();
    this.painter.invalidate();
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
    this.reading.smoothing(this.view.smoothing);
    this.charts.showView();
    this.select.forget();
    this.picks.forget();
    this.groups.forget();
    this.reliability.forget();
  }

  /** Back and forward. */
  restore() {
    this.view.read();
    this.picked.cap();
    this._showControls();
    this.choice.restored();
    this.redrawRuns();
    this.views.restored();
    this.reliability.render(this.feed, this.view);
    this.predictions.choose(this.view.predicted, this.feed.job);
    this.applyRate();
    this.renderCards();
    this._renderList();
  }

  /** @param {string} tab */
  turnTo(tab) {
    this.view.tab = tab;
    if (tab === "jobs") this.renderCards();
    this.followRuns();
  }
}

/**
 * What the browser's tab says: how far the run is, and its name.
 * @param {Job|null} job
 * @param {Config} config
 * @returns {string}
 */
export function titleText(job, { texts, status }) {
  if (!job) return texts.app;
  const isRunning = job.status === "running" && typeof job.progress_percent === "number" && job.total_epochs;
  const state = isRunning ? `${Math.floor(job.progress_percent)} %` : status[job.status] || job.status;
  return `${state} · ${job.job_name} · ${texts.app}`;
}
