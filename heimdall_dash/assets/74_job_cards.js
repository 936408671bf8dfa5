/* The cards of all jobs: made once each, then only what changed is written. */
(function (root) {
  "use strict";
  const core = (root.heimdallCore = root.heimdallCore || {});
  const { arrange, actions, etaText, age } = core.jobs;
  const { valueText, durationText, fill } = core.ticks;
  const { el, setText, setAttribute } = core.world;

  const PAGE = 24; // cards at a time: hundreds of jobs stay quick
  const SPARK_POINTS = 60;
  const SPARK_METRICS = ["val_distance_p68_m", "val_loss", "train_loss"];

  class JobCards {
    /**
     * @param {HTMLElement} box
     * @param {{texts: Object, status: Object, call: Function, now: () => number,
     *          act: (action: string, job: Object) => void, open: (job: Object) => void}} world
     */
    constructor(box, world) {
      this.world = world;
      this.shownCount = PAGE;
      this.cards = new Map();
      this.sparks = new Map();
      this.count = el("p", { class: "jobs-count", role: "status" });
      this.list = el("ul", { class: "job-cards" });
      this.empty = el("p", { class: "empty-note", hidden: true });
      this.more = el("button", { class: "button more", type: "button", onclick: () => this._showMore() });
      box.append(this.count, this.list, this.empty, this.more);
    }

    render(jobs, wish, isKnown) {
      this.last = [jobs, wish, isKnown];
      const { texts } = this.world;
      const arranged = arrange([...jobs.values()], wish);
      const shown = arranged.slice(0, this.shownCount);
      const wanted = new Set(shown.map((job) => job.id));
      for (const [id, card] of this.cards) {
        if (wanted.has(id)) continue;
        card.root.remove();
        this.cards.delete(id);
      }
      let previous = null;
      for (const job of shown) {
        const card = this.cards.get(job.id) || this._make(job);
        const place = previous ? previous.nextSibling : this.list.firstChild;
        if (card.root !== place) this.list.insertBefore(card.root, place);
        previous = card.root;
        this._update(card, job);
      }
      const left = arranged.length - shown.length;
      this.more.hidden = left <= 0;
      setText(this.more, fill(texts.more_jobs, { n: Math.min(left, PAGE) }));
      this.empty.hidden = arranged.length > 0;
      setText(this.empty, !isKnown ? texts.empty_loading : jobs.size ? texts.empty_filter : texts.empty_jobs);
      setText(this.count, jobs.size ? fill(texts.jobs_count, { shown: arranged.length, total: jobs.size }) : "");
    }

    _showMore() {
      this.shownCount += PAGE;
      this.render(...this.last);
    }

    _make(job) {
      const { texts } = this.world;
      const parts = {
        name: el("h3", { class: "job-name" }),
        status: el("span", { class: "status" }),
        fill: el("span", { class: "bar-fill" }),
        epoch: el("span", { class: "job-epoch" }),
        eta: el("span", { class: "job-eta" }),
        best: el("span", { class: "dd" }), p68: el("span", { class: "dd" }), age: el("span", { class: "dd" }), created: el("span", { class: "dd" }),
        error: el("p", { class: "job-error", hidden: true }),
        spark: el("span", { class: "spark", "aria-hidden": "true" }),
        buttons: el("div", { class: "job-buttons" }),
      };
      const bar = el("div", { class: "bar", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100 }, parts.fill);
      const fact = (label, value) => el("li", {}, el("span", { class: "dt" }, label), value);
      const card = el("li", { class: "card job-card", "data-job": job.id },
        el("div", { class: "job-head" }, parts.name, parts.status),
        bar,
        el("div", { class: "job-line" }, parts.epoch, parts.eta),
        el("div", { class: "job-middle" },
          el("ul", { class: "job-facts" }, fact(texts.best_loss, parts.best), fact(texts.last_p68, parts.p68),
            fact(texts.newest_epoch, parts.age), fact(texts.created, parts.created)),
          parts.spark),
        parts.error,
        parts.buttons);
      const made = { root: card, bar, ...parts, actionsKey: null };
      this.cards.set(job.id, made);
      return made;
    }

    _update(card, job) {
      const { texts, status, now } = this.world;
      const known = now();
      setText(card.name, job.job_name);
      setText(card.status, status[job.status] || job.status);
      setAttribute(card.status, "data-status", job.status);
      setAttribute(card.root, "data-status", job.status);
      const percent = job.progress_percent ?? 0;
      card.fill.style.width = `${percent}%`;
      setAttribute(card.bar, "aria-valuenow", String(Math.round(percent)));
      setAttribute(card.bar, "aria-label", `${job.job_name}: ${Math.round(percent)} %`);
      setText(card.epoch, job.total_epochs
        ? fill(texts.epoch_of, { current: job.current_epoch, total: job.total_epochs })
        : fill(texts.epoch_at, { current: job.current_epoch }));
      setText(card.eta, job.stalled ? texts.stalled : etaText(job, known, texts));
      setText(card.best, typeof job.best_val_loss === "number"
        ? `${valueText(job.best_val_loss)} (${job.best_epoch})` : "–");
      setText(card.p68, valueText((job.last_metrics || {}).val_distance_p68_m, "m"));
      const seconds = job.last_metric_at ? (known - Date.parse(job.last_metric_at)) / 1000 : null;
      setText(card.age, seconds === null ? "–" : durationText(seconds));
      card.age.classList.toggle("is-stale", age(job, job.last_metric_at, 0, known, texts).isStale);
      setText(card.created, shortTime(job.created_at));
      setText(card.error, job.error_message || (job.ended_because ? fill(texts.ended_because, { reason: job.ended_because }) : ""));
      card.error.hidden = !card.error.textContent;
      card.error.classList.toggle("is-error", Boolean(job.error_message));
      this._buttons(card, job);
      this._spark(card, job);
    }

    _buttons(card, job) {
      const { texts, act, open } = this.world;
      const names = actions(job);
      card.job = job;
      const key = names.join();
      if (card.actionsKey === key) return;
      card.actionsKey = key;
      const hadFocus = card.buttons.contains(document.activeElement);
      const button = (name, run) => el("button", {
        class: `button small${name === "delete" || name === "cancel" ? " danger" : ""}`, type: "button",
        "data-action": name, "aria-label": fill(texts.action_label, { action: texts[name] || texts.open_metrics, job: job.job_name }),
        onclick: run,
      }, texts[name] || texts.open_metrics);
      card.buttons.replaceChildren(
        button("open", () => open(card.job)),
        ...names.map((name) => button(name, () => act(name, card.job))));
      if (hadFocus) card.buttons.firstChild.focus();
    }

    /** History of one metric, fetched once per card; afterwards it grows with the job's own news. */
    _spark(card, job) {
      let spark = this.sparks.get(job.id);
      if (!spark) {
        this.sparks.set(job.id, (spark = { epochs: [], values: [], metric: null }));
        if (job.current_epoch > 0) this._fetchSpark(job.id, spark);
      }
      const metric = spark.metric || SPARK_METRICS.find((name) => typeof (job.last_metrics || {})[name] === "number");
      const value = (job.last_metrics || {})[metric];
      const newest = spark.epochs[spark.epochs.length - 1] ?? -1;
      if (typeof value === "number" && job.current_epoch > newest) {
        spark.metric = metric;
        spark.epochs.push(job.current_epoch);
        spark.values.push(value);
        if (spark.values.length > 4 * SPARK_POINTS) halve(spark);
      }
      const key = `${spark.values.length} ${newest}`;
      if (card.sparkKey === key) return;
      card.sparkKey = key;
      card.spark.replaceChildren(sparkline(spark.epochs, spark.values));
    }

    async _fetchSpark(id, spark) {
      try {
        const got = await this.world.call("GET", `/jobs/${id}/metrics?points=${SPARK_POINTS}&metrics=${SPARK_METRICS.join(",")}`);
        const metric = SPARK_METRICS.find((name) => (got.columns[name] || []).some((v) => typeof v === "number"));
        if (!metric) return;
        const kept = got.columns.epoch.map((_, i) => i).filter((i) => typeof got.columns[metric][i] === "number");
        spark.metric = metric;
        spark.epochs = kept.map((i) => got.columns.epoch[i]);
        spark.values = kept.map((i) => got.columns[metric][i]);
        const card = this.cards.get(id);
        if (card) this._spark(card, card.job);
      } catch {
        // a card without its small curve is still a card
      }
    }
  }

  function halve(spark) {
    spark.epochs = spark.epochs.filter((_, i) => i % 2 === 0);
    spark.values = spark.values.filter((_, i) => i % 2 === 0);
  }

  const SVG = "http://www.w3.org/2000/svg";

  function sparkline(epochs, values, width = 120, height = 36) {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    if (values.length < 2) return svg;
    const heights = values.every((value) => value > 0) ? values.map(Math.log) : values;
    const low = Math.min(...heights);
    const span = Math.max(...heights) - low || 1;
    const from = epochs[0];
    const range = epochs[epochs.length - 1] - from || 1;
    const line = document.createElementNS(SVG, "polyline");
    line.setAttribute("points", heights.map((value, i) =>
      `${(((epochs[i] - from) / range) * (width - 4) + 2).toFixed(1)},${(height - 3 - ((value - low) / span) * (height - 6)).toFixed(1)}`).join(" "));
    svg.append(line);
    return svg;
  }

  function shortTime(iso) {
    if (!iso) return "–";
    const date = new Date(iso);
    const isToday = date.toDateString() === new Date().toDateString();
    return isToday ? date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })
      : date.toLocaleDateString([], { year: "numeric", month: "short", day: "numeric" });
  }

  core.jobCards = { JobCards, sparkline };
})(typeof window === "undefined" ? globalThis : window);
