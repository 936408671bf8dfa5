/* The page: the one view, the feeds, and who is told when something changes. */
(function (root) {
  "use strict";
  const core = (root.heimdallCore = root.heimdallCore || {});
  const { JobFeed } = core.jobFeed;
  const { JobsFeed } = core.jobsFeed;
  const { controlActions } = core.controls;
  const { Painter } = core.draw;
  const { Charts } = core.charts;
  const { JobBar } = core.jobBar;
  const { JobCards } = core.jobCards;
  const { Compare } = core.compare;
  const { CreateForm } = core.form;
  const { toQuery, fromQuery } = core.url;
  const { label, chooseJob } = core.jobs;
  const { fill } = core.ticks;
  const { call, serverNow, el, confirmed } = core.world;

  const TICK_MS = 500;
  const LIST_MS = 400; // the list of jobs is written at most this often
  const FACTS_MS = 15_000;
  const COMPARE_MS = 2000;
  const INTERVAL_MS = { live: 0, "1s": 1000, "5s": 5000, paused: 0 };

  const byId = (id) => document.getElementById(id);

  class Page {
    /** @param {Object} config  what Python's page_config says  @param {Function} setProps */
    constructor(config, setProps) {
      this.config = config;
      this.setProps = setProps;
      this.view = fromQuery(location.search);
      this.isChoiceOurs = this.view.job === null; // a job the reader chose stays chosen
      this.isStoreAway = false;
      this.selectKey = "";
      this.timers = {};
      this.painter = new Painter({
        plotly: () => window.Plotly, frame: (f) => requestAnimationFrame(f), isHidden: () => document.hidden,
        Observer: IntersectionObserver, Resize: ResizeObserver,
      });
      this.call = (method, path, body) => call(method, config.api + path, body);
      this.feed = new JobFeed(this._socket("job-socket"), {
        changed: () => this._soon("bar", () => this._renderBar(), 60),
        epochs: () => this._epochs(),
        job: (job) => this._job(job),
        facts: () => this._facts(),
        store: (isAvailable) => this._storeSaid(isAvailable),
      });
      this.list = new JobsFeed(this._socket("jobs-socket"), {
        changed: () => this._soon("bar", () => this._renderBar(), 60),
        jobs: () => this._jobsChanged(),
        synced: () => this.feed.wake(), // the server is back: do not sit out the delay
        store: (isAvailable) => this._storeSaid(isAvailable),
      });
      const shared = {
        texts: config.texts, status: config.status, now: serverNow, call: this.call, api: config.api,
        act: (action, job) => this.act(action, job), open: (job) => this.open(job),
      };
      this.bar = new JobBar(shared);
      this.cards = new JobCards(byId("jobs-list"), shared);
      this.charts = new Charts(this);
      this.compare = new Compare(this);
      this.charts.add({ id: "compare-chart", title: config.texts.axis_epoch, lines: [], scale: "linear", hint: "" },
        byId("compare-chart"), (size) => this.compare.figure(size));
      this.actions = controlActions(this);
      this.form = new CreateForm(byId("create-job"), { ...shared, created: (job) => this.open(job) });
    }

    start() {
      this._showView();
      this._watchBrowser();
      this.list.start();
      if (this.view.job) this.feed.choose(this.view.job);
      setInterval(() => this._tick(), TICK_MS);
      setInterval(() => this._wantsLooks() && this.feed.refreshFacts(), FACTS_MS);
      setInterval(() => this._wantsLooks() && this.view.tab === "compare" && this.compare.refresh(), COMPARE_MS);
      this.applyRate();
      if (this.view.tab === "compare") this.compare.refresh();
    }

    /* ------------------------------------------------------------- sockets */

    _socket(id) {
      const scheme = location.protocol === "https:" ? "wss" : "ws";
      return {
        call: (method, path, body) => this.call(method, path, body),
        setUrl: (path) => this.setProps(id, { url: path ? `${scheme}://${location.host}${this.config.socket}${path}` : "" }),
        send: (text) => this.setProps(id, { send: text }),
        now: () => performance.now(),
        later: (f, ms) => setTimeout(f, ms),
        random: Math.random,
      };
    }

    _tick() {
      this.feed.tick();
      this.list.tick();
      this._renderBar();
    }

    _watchBrowser() {
      const wake = () => {
        this.feed.wake();
        this.list.wake();
      };
      addEventListener("online", wake);
      document.addEventListener("visibilitychange", () => {
        this.painter.looked();
        if (document.hidden) return;
        wake();
        this._renderBar();
      });
      addEventListener("pointerup", () => this.painter.released());
      addEventListener("pointercancel", () => this.painter.released());
      addEventListener("popstate", () => this._restore());
      new MutationObserver(() => this.painter.invalidate())
        .observe(document.documentElement, { attributes: true, attributeFilter: ["data-mantine-color-scheme"] });
      const details = document.querySelector(".create-job-details");
      details.addEventListener("toggle", () => details.open && this.form.load());
      if (!window.Plotly) document.querySelector("script[src*='plotly-basic']")?.addEventListener("load", () => this.painter.invalidate());
    }

    /* ------------------------------------------------------------- what arrives */

    /** @returns {Promise<void>} resolves when the charts in view show the newest epoch */
    _epochs() {
      this.charts.others();
      for (const id of this.charts.specs.keys()) if (id !== "compare-chart") this.painter.invalidate(id);
      this._reliabilityEnd();
      this._soon("alerts", () => this._alerts(), LIST_MS);
      return this.painter.drawn();
    }

    _job(job) {
      if (this.list.isKnown) this.list.jobs.set(job.id, job);
      this._jobsChanged();
    }

    _facts() {
      this.bar.facts(this.feed);
      for (const spec of this.config.charts) this.painter.invalidate(spec.id);
    }

    _jobsChanged() {
      this._choose();
      if (this.list.jobs.has(this.feed.jobId)) this.feed.listed();
      this._soon("list", () => this._renderList(), LIST_MS);
    }

    _storeSaid(isAvailable) {
      this.isStoreAway = !isAvailable;
      this._renderBar();
    }

    /** The newest running job, as long as the reader has chosen none. */
    _choose() {
      if (!this.isChoiceOurs || !this.list.isKnown) return;
      const present = this.list.jobs.get(this.view.job);
      if (present && present.status === "running") return;
      const better = chooseJob(this.list.jobs.values());
      if (better && (!present || better.status === "running") && better.id !== this.view.job) this.show(better.id);
      if (better) return;
      this.view.job = null;
      this.feed.choose(null);
    }

    show(jobId) {
      this.view.job = jobId;
      this.view.zooms = {};
      this.view.reliability = null;
      this.feed.choose(jobId);
      this.painter.invalidate();
      this._renderSelect();
      this._writeUrl();
    }

    /* ------------------------------------------------------------- what the page shows */

    _soon(name, run, ms) {
      if (this.timers[name]) return;
      this.timers[name] = setTimeout(() => {
        this.timers[name] = null;
        run();
      }, ms);
    }

    _wantsLooks() {
      return !document.hidden;
    }

    _renderBar() {
      this.bar.render(this.feed);
      this._banner();
      if (this.feed.state !== "ready") this._alerts();
    }

    _banner() {
      const { texts } = this.config;
      const isAway = this.feed.loadAt !== null || (this.list.link.state === "waiting" && this.list.link.failures > 1);
      const said = [isAway ? texts.server_away : "", this.isStoreAway ? texts.store_away : ""].filter(Boolean);
      const box = byId("banners");
      if (box.dataset.said === said.join("|")) return;
      box.dataset.said = said.join("|");
      box.replaceChildren(...said.map((text) => el("p", { class: "banner" }, text)));
    }

    _renderList() {
      this._renderSelect();
      if (this.view.tab === "jobs" || this.cards.cards.size === 0) this.cards.render(this.list.jobs, this.wish(), this.list.isKnown);
      if (this.view.tab === "compare") this.compare.table();
      this.painter.invalidate("compare-chart");
    }

    wish() {
      return { search: this.view.search, statuses: this.view.statuses, order: this.view.order };
    }

    _renderSelect() {
      const newestFirst = core.jobs.arrange([...this.list.jobs.values()], { order: "status" });
      const data = newestFirst.map((job) => ({ value: job.id, label: label(job) }));
      if (this.feed.job && !this.list.jobs.has(this.feed.job.id)) data.unshift({ value: this.feed.job.id, label: label(this.feed.job) });
      const key = JSON.stringify([data, this.view.job]);
      if (key === this.selectKey) return;
      this.selectKey = key;
      const value = data.some((choice) => choice.value === this.view.job) ? this.view.job : null;
      this.setProps("job-select", { data, value });
      const known = new Set(data.map((choice) => choice.value));
      const names = newestFirst.map((job) => ({ value: job.id, label: `${job.job_name} (${job.status})` }));
      this.setProps("compare-select", { data: unique(names), value: this.view.compare.filter((id) => known.has(id)) });
    }

    _alerts() {
      const fresh = this.bar.alerts(this.feed);
      if (!this.isNotifying || !this.feed.job) return;
      for (const { text } of fresh) new Notification(this.feed.job.job_name, { body: text });
    }

    /** The slider's range: the whole job's, so that it stands still while epochs arrive. */
    _reliabilityEnd() {
      const { epoch } = this.feed.store.columns;
      if (!epoch.length) return;
      const newest = epoch[epoch.length - 1];
      const total = this.feed.job && this.feed.job.total_epochs;
      const max = total >= newest && total > epoch[0] ? total : Math.ceil((newest + 1) / 500) * 500;
      const ends = `${this.feed.jobId} ${epoch[0]} ${max}`;
      if (ends === this.reliabilityKey) return;
      this.reliabilityKey = ends;
      this.reliabilityMax = max;
      this.reliabilityShown = this.view.reliability ?? max;
      this.setProps("reliability-epoch", { min: epoch[0], max, value: this.reliabilityShown });
    }

    /* ------------------------------------------------------------- the view */

    chartView(spec) {
      return {
        scale: this.view.scales[spec.id] || spec.scale, smoothing: this.view.smoothing, x: this.view.x,
        zoom: this.view.zooms[spec.id] || null,
      };
    }

    /** The reader zoomed a chart, or (null) wants to follow the newest epoch again. */
    zoomed(id, zoom) {
      const zooms = this.view.zooms;
      const old = zooms[id];
      if (zoom) zooms[id] = zoom;
      else delete zooms[id];
      if (this.view.linked && id !== "compare-chart" && id !== "reliability-chart") this._zoomOthers(id, zoom, old);
      this.painter.invalidate();
      this._writeUrl();
    }

    /** The same stretch of time on every chart; each keeps its own heights. */
    _zoomOthers(id, zoom) {
      for (const [other] of this.charts.specs) {
        if (other === id || other === "compare-chart" || other === "reliability-chart") continue;
        const plot = this.painter.cards.get(other)?.plot;
        if (!zoom) delete this.view.zooms[other];
        else if (plot && plot.layout) this.view.zooms[other] = { x: zoom.x, y: [...plot.layout.yaxis.range] };
      }
    }

    scaled(id, scale) {
      const spec = this.charts.specs.get(id);
      if (scale === spec.scale) delete this.view.scales[id];
      else this.view.scales[id] = scale;
      delete this.view.zooms[id];
      this.painter.invalidate(id);
      this._writeUrl();
    }

    /** A control's property changed, by the reader's hand or by ours; only news does anything. */
    control(id, value) {
      if (id.startsWith("scale-") && id !== "scale-all") {
        const chart = id.slice(6);
        if (value !== this.chartView(this.charts.specs.get(chart)).scale) this.scaled(chart, value);
        return;
      }
      const apply = this.actions[id];
      if (apply) apply(value);
      this._writeUrl();
    }

    compareNow() {
      this.painter.invalidate("compare-chart");
      this.compare.refresh();
      this.compare.table();
    }

    changedMetrics(names) {
      this.setProps("compare-metric", { data: names, value: this.view.metric });
    }

    jobs() {
      return this.list.jobs;
    }

    showTab(tab) {
      if (tab === this.view.tab) return;
      this.view.tab = tab;
      history.pushState(null, "", location.pathname + toQuery(this.view));
      if (tab === "jobs") this.cards.render(this.list.jobs, this.wish(), this.list.isKnown);
      if (tab === "compare") this.compareNow();
    }

    scaleAll(scale) {
      for (const [id, spec] of this.charts.specs) {
        if (id === "compare-chart") continue;
        const wanted = scale === "default" ? spec.scale : scale;
        if (wanted === spec.scale) delete this.view.scales[id];
        else this.view.scales[id] = wanted;
        delete this.view.zooms[id];
        this._showScale(id, wanted);
      }
      this.painter.invalidate();
    }

    _showScale(id, scale) {
      if (!id.startsWith("other:")) return this.setProps(`scale-${id}`, { value: scale });
      const select = byId(`scale-${id}`);
      if (select) select.value = scale;
    }

    applyRate() {
      this.painter.pause(this.view.rate === "paused");
      this.feed.setInterval(INTERVAL_MS[this.view.rate]);
    }

    async notify(isOn) {
      this.isNotifying = isOn && typeof Notification !== "undefined"
        && (Notification.permission === "granted" || (await Notification.requestPermission()) === "granted");
      if (isOn && !this.isNotifying) this.setProps("notify", { checked: false });
    }

    /* ------------------------------------------------------------- actions */

    open(job) {
      this.isChoiceOurs = false;
      if (job.id !== this.view.job) this.show(job.id);
      this.setProps("tabs", { value: "metrics" });
      this.showTab("metrics");
      scrollTo({ top: 0 });
    }

    async act(action, job) {
      const { texts } = this.config;
      const isFinal = action === "cancel" || action === "delete";
      if (isFinal && !(await confirmed(fill(texts[`confirm_${action}`], { job: job.job_name }), texts[`confirm_yes_${action}`], texts.confirm_no))) return;
      try {
        const answer = action === "delete"
          ? await this.call("DELETE", `/jobs/${job.id}`) : await this.call("POST", `/jobs/${job.id}/${action}`);
        if (answer) this._job(answer);
        else this.list.jobs.delete(job.id);
        this._jobsChanged();
      } catch (error) {
        this._say(fill(texts.action_failed, { action: texts[action], reason: error.status ? error.message : texts.server_away }));
      }
    }

    /** A short message that goes away by itself. */
    _say(text) {
      const note = el("p", { class: "toast", role: "alert" }, text);
      document.body.append(note);
      setTimeout(() => note.remove(), 8000);
    }

    /* ------------------------------------------------------------- address bar */

    _writeUrl() {
      this._soon("url", () => {
        const wanted = location.pathname + toQuery(this.view);
        if (wanted !== location.pathname + location.search) history.replaceState(null, "", wanted);
      }, 150);
    }

    /** Back and forward. */
    _restore() {
      this.view = fromQuery(location.search);
      this._showView();
      if (this.view.job) this.feed.choose(this.view.job);
      this.applyRate();
      this.painter.invalidate();
      this._renderList();
      if (this.view.tab === "compare") this.compareNow();
    }

    /** Set every control to what the view says. */
    _showView() {
      const { view } = this;
      const values = {
        tabs: view.tab, smoothing: view.smoothing, "x-axis": view.x, "update-rate": view.rate, "jobs-search": view.search,
        "jobs-status": view.statuses, "jobs-sort": view.order, "compare-x": view.compareX,
      };
      for (const [id, value] of Object.entries(values)) this.setProps(id, { value });
      this.setProps("linked-zoom", { checked: view.linked });
      this.setProps("compare-metric", { data: [view.metric], value: view.metric });
      for (const spec of [...this.config.charts, { id: "compare-chart", scale: "linear" }]) {
        this.setProps(`scale-${spec.id}`, { value: this.chartView(spec).scale });
      }
      this.selectKey = "";
    }
  }

  /** Two jobs may carry one label; a choice needs labels that differ. */
  function unique(data) {
    const seen = new Map();
    for (const { label: text } of data) seen.set(text, (seen.get(text) || 0) + 1);
    return data.map((choice) => (seen.get(choice.label) > 1
      ? { ...choice, label: `${choice.label} · ${choice.value.slice(0, 8)}` } : choice));
  }

  core.page = { Page };
})(typeof window === "undefined" ? globalThis : window);
