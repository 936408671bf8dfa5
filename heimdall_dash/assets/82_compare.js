/* Several jobs over one another: their curves, live, and what differs between them. */
(function (root) {
  "use strict";
  const core = (root.heimdallCore = root.heimdallCore || {});
  const { compareFigure } = core.diagrams;
  const { emptyStore, fromSnapshot } = core.columns;
  const { canChange, unitOf, slot } = core.jobs;
  const { valueText, fill } = core.ticks;
  const { el } = core.world;
  const { factText } = core.jobBar;
  const { look } = core.charts;

  const POINTS = 2000; // of each curve

  /** One colour per job, and the same wherever the job is shown; a taken one makes way. Pure. */
  function colorSlots(ids, count) {
    const taken = new Set();
    return ids.map((id) => {
      let wanted = slot(id, count);
      for (let tries = 0; taken.has(wanted) && tries < count; tries += 1) wanted = (wanted + 1) % count;
      taken.add(wanted);
      return wanted;
    });
  }

  /** Settings of several configurations, those that differ first. Pure. */
  function configRows(configs) {
    const names = [...new Set(configs.flatMap((config) => Object.keys(config || {})))].sort();
    return names.map((name) => {
      const values = configs.map((config) => (config || {})[name] ?? null);
      return { name, values, differs: new Set(values.map((value) => JSON.stringify(value))).size > 1 };
    }).sort((a, b) => Number(b.differs) - Number(a.differs));
  }

  class Compare {
    /** @param {{config, painter, view, call, jobs: () => Map, changedMetrics: (names) => void}} page */
    constructor(page) {
      this.page = page;
      this.stores = new Map();
      this.loading = new Set();
      this.tableKey = "";
      this.metricsKey = "";
    }

    figure(size) {
      const { config, view } = this.page;
      const { metric } = view;
      const appearance = look(config, size);
      const jobs = this._chosen();
      const slots = colorSlots(jobs.map((job) => job.id), appearance.colors.lines.length);
      const unit = unitOf(metric);
      const spec = {
        id: "compare-chart", title: metric, y_label: unit ? `${metric} (${unit})` : metric, unit, scale: "linear", ticks: [],
      };
      const rows = jobs.map((job, order) => ({
        job, order, color: appearance.colors.lines[slots[order]], columns: this._store(job.id).columns, name: this._name(job, jobs),
      }));
      const own = { ...this.page.chartView({ id: spec.id, scale: "linear" }), x: view.compareX };
      const figure = compareFigure(spec, rows, metric, own, appearance);
      figure.emptyText = jobs.length ? config.texts.empty_compare_metric : config.texts.empty_compare;
      return figure;
    }

    /** Fetch what is missing: the first time all of it, then what came after our cursor. */
    async refresh() {
      await Promise.all(this._chosen().map((job) => this._fetch(job)));
      this._metrics();
      this.table();
    }

    _chosen() {
      const jobs = this.page.jobs();
      return this.page.view.compare.map((id) => jobs.get(id)).filter(Boolean);
    }

    _name(job, jobs) {
      const isAlone = jobs.filter((other) => other.job_name === job.job_name).length === 1;
      return isAlone ? job.job_name : `${job.job_name} ${job.id.slice(0, 8)}`;
    }

    _store(id) {
      if (!this.stores.has(id)) this.stores.set(id, emptyStore(id));
      return this.stores.get(id);
    }

    async _fetch(job) {
      const store = this._store(job.id);
      const isNew = store.stream === null;
      if (this.loading.has(job.id) || (!isNew && store.cursor >= job.current_epoch)) return;
      this.loading.add(job.id);
      try {
        this.stores.set(job.id, await this._newer(job, store, isNew));
        this.page.painter.invalidate("compare-chart");
      } catch {
        // the next round tries again
      } finally {
        this.loading.delete(job.id);
      }
    }

    async _newer(job, store, isNew) {
      const path = `/jobs/${job.id}/metrics?points=${POINTS}`;
      if (!isNew && store.columns.epoch.length < 2 * POINTS) {
        const got = await this.page.call("GET", `${path}&after=${store.cursor}`);
        const frame = { stream: got.stream, after: store.cursor, cursor: got.cursor, columns: got.columns };
        if (core.columns.applyFrame(store, frame) !== "foreign") return store;
      }
      return fromSnapshot(job.id, await this.page.call("GET", path));
    }

    _metrics() {
      const names = new Set();
      for (const job of this._chosen()) {
        const { columns } = this._store(job.id);
        for (const name of Object.keys(columns)) {
          if (name !== "epoch" && name !== "timestamp" && !columns[name].some(Array.isArray)) names.add(name);
        }
      }
      names.add(this.page.view.metric);
      const sorted = [...names].sort();
      if (sorted.join() === this.metricsKey) return;
      this.metricsKey = sorted.join();
      this.page.changedMetrics(sorted);
    }

    table() {
      const { texts, } = this.page.config;
      const { metric } = this.page.view;
      const jobs = this._chosen();
      const box = document.getElementById("compare-table");
      box.hidden = jobs.length === 0;
      const summary = [
        [texts.compare_status, jobs.map((job) => this.page.config.status[job.status] || job.status)],
        [texts.compare_epoch, jobs.map((job) => `${job.current_epoch}/${job.total_epochs ?? "?"}`)],
        [texts.compare_best_loss, jobs.map((job) => valueText(job.best_val_loss))],
        [texts.compare_best_epoch, jobs.map((job) => factText(job.best_epoch, texts))],
        [fill(texts.compare_metric_row, { metric }), jobs.map((job) => valueText(this._best(job.id, metric), unitOf(metric)))],
        [fill(texts.compare_last_row, { metric }), jobs.map((job) => valueText(this._last(job.id, metric), unitOf(metric)))],
      ];
      const settings = configRows(jobs.map((job) => job.config));
      const key = JSON.stringify([summary, settings, jobs.map((job) => job.id)]);
      if (key === this.tableKey) return;
      this.tableKey = key;
      const differing = settings.filter((row) => row.differs);
      const same = settings.filter((row) => !row.differs);
      const wasOpen = box.querySelector("details")?.open;
      const head = el("tr", {}, el("th", { scope: "col" }, texts.compare_setting),
        ...jobs.map((job) => el("th", { scope: "col" }, this._name(job, jobs))));
      const row = (name, values, differs) => el("tr", differs ? { class: "differs" } : {},
        el("th", { scope: "row" }, name, differs ? el("span", { class: "differs-mark" }, ` ≠ ${texts.compare_differs}`) : ""),
        ...values.map((value) => el("td", {}, typeof value === "string" ? value : factText(value, texts))));
      const body = [...summary.map(([name, values]) => row(name, values, false)),
        ...differing.map(({ name, values }) => row(name, values, jobs.length > 1))];
      box.replaceChildren(el("table", {}, el("thead", {}, head), el("tbody", {}, ...body)));
      if (same.length === 0) return;
      const more = el("details", {}, el("summary", {}, fill(texts.compare_same, { n: same.length })),
        el("table", {}, el("thead", {}, head.cloneNode(true)), el("tbody", {}, ...same.map(({ name, values }) => row(name, values, false)))));
      more.open = Boolean(wasOpen);
      box.append(more);
    }

    _numbers(id, metric) {
      return (this._store(id).columns[metric] || []).filter((value) => typeof value === "number");
    }

    /** The smallest value: nearly every metric here is an error; coverage and rates are not, and are
     * listed by their newest value too. */
    _best(id, metric) {
      return this._numbers(id, metric).reduce((best, value) => (best === null || value < best ? value : best), null);
    }

    _last(id, metric) {
      const values = this._numbers(id, metric);
      return values.length ? values[values.length - 1] : null;
    }

    isLive() {
      return this._chosen().some((job) => canChange(job));
    }
  }

  core.compare = { Compare, colorSlots, configRows };
})(typeof window === "undefined" ? globalThis : window);
