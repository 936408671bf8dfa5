/* The chosen job's charts: which figure each card gets, its buttons, its notes and empty state. */
(function (root) {
  "use strict";
  const core = (root.heimdallCore = root.heimdallCore || {});
  const { lineFigure } = core.figure;
  const { reliabilityFigure } = core.diagrams;
  const { otherMetrics, unitOf } = core.jobs;
  const { fill } = core.ticks;
  const { el, setText, setAttribute } = core.world;

  /** What figures look like at present: colours of the theme, size, the reader's time zone. */
  function look(config, { width, height }) {
    const scheme = document.documentElement.getAttribute("data-mantine-color-scheme") === "dark" ? "dark" : "light";
    return {
      colors: config.colors[scheme], texts: config.texts, font: config.font, width, height,
      offsetMs: -new Date().getTimezoneOffset() * 60_000,
    };
  }

  class Charts {
    /** @param {{config, painter, feed, view, changedZoom, thinned}} page */
    constructor(page) {
      this.page = page;
      this.specs = new Map();
      this.known = new Set(page.config.charts.flatMap((spec) => spec.lines.map((line) => line.metric)));
      this.otherKey = "";
      for (const spec of page.config.charts) {
        this.add(spec, document.getElementById(spec.id), (size) => this._figure(spec, size));
      }
    }

    /** Give a card its plot, buttons and empty state. */
    add(spec, box, build) {
      const { painter, config } = this.page;
      this.specs.set(spec.id, spec);
      const note = document.querySelector(`[data-note="${spec.id}"]`);
      const empty = el("p", { class: "chart-empty", hidden: true });
      box.append(empty);
      document.querySelector(`[data-buttons="${spec.id}"]`).replaceChildren(...this._buttons(spec));
      painter.add({
        id: spec.id, box, build,
        onZoom: (zoom) => this.page.zoomed(spec.id, zoom),
        onDrawn: (figure) => {
          empty.hidden = !figure.isEmpty;
          if (figure.isEmpty) setText(empty, figure.emptyText || this._emptyText(spec));
          setText(note, [spec.hint, ...figure.notes].filter(Boolean).join(" · "));
          setAttribute(box, "aria-label", `${figure.summary}. ${config.texts.chart_keys}`);
        },
      });
    }

    _figure(spec, size) {
      const { feed, config } = this.page;
      const source = { columns: feed.store.columns, job: feed.job, facts: feed.facts, notes: feed.notes };
      const view = this.page.chartView(spec);
      const appearance = look(config, size);
      const figure = spec.kind === "reliability"
        ? reliabilityFigure(spec, source, view, appearance, this.page.view.reliability)
        : lineFigure(spec, source, view, appearance);
      const { total, columns } = feed.store;
      if (total > columns.epoch.length) {
        figure.notes.push(fill(config.texts.thinned, { returned: columns.epoch.length, total }));
      }
      return figure;
    }

    _emptyText(spec) {
      const { feed, config: { texts } } = this.page;
      if (feed.state === "none") return texts.empty_no_job;
      if (feed.state === "unknown") return texts.unknown_job;
      if (feed.state === "loading" || !feed.job) return texts.empty_loading;
      const metrics = spec.lines.map((line) => line.metric).join(", ");
      const { status } = feed.job;
      if (status === "queued" && feed.store.cursor < 0) return texts.empty_queued;
      if (status === "pending") return texts.empty_pending;
      if (["completed", "failed", "cancelled"].includes(status)) return fill(texts.empty_final, { metrics });
      if (feed.store.cursor < 0) return fill(texts.empty_running, { job: feed.job.job_name });
      return fill(texts.empty_metric, { metrics });
    }

    _buttons(spec) {
      const { texts } = this.page.config;
      const button = (text, label, run) => el("button", {
        class: "button tiny", type: "button", "aria-label": fill(label, { title: spec.title }), onclick: run,
      }, text);
      return [
        button(texts.follow, texts.follow_label, () => this.page.zoomed(spec.id, null, true)),
        button(texts.save_png, texts.save_png_label, () => this._save(spec, "png")),
        button(texts.save_svg, texts.save_svg_label, () => this._save(spec, "svg")),
      ];
    }

    async _save(spec, format) {
      const { feed, painter } = this.page;
      const name = `${feed.job ? feed.job.job_name : "heimdall"}-${spec.id}`.replace(/[^\w.-]+/g, "_");
      const link = el("a", { href: await painter.image(spec.id, format), download: `${name}.${format}` });
      document.body.append(link);
      link.click();
      link.remove();
    }

    /** Charts for metrics that stand on no other; cards are made anew only when the names change. */
    others() {
      const { feed, config, painter } = this.page;
      const groups = otherMetrics(feed.store.columns, this.known);
      const key = JSON.stringify(groups);
      if (key === this.otherKey) return;
      this.otherKey = key;
      for (const id of [...this.specs.keys()].filter((name) => name.startsWith("other:"))) {
        painter.remove(id);
        this.specs.delete(id);
      }
      const box = document.getElementById("other-charts");
      box.replaceChildren(...groups.map(({ group, metrics }) => this._group(group, metrics, config.texts)));
      for (const { metrics } of groups) {
        for (const metric of metrics) {
          const spec = otherSpec(metric);
          this.add(spec, document.getElementById(spec.id), (size) => this._figure(spec, size));
        }
      }
    }

    _group(group, metrics, texts) {
      return el("section", { class: "other-group" },
        el("h2", {}, group ? fill(texts.other_group, { group }) : texts.other_title),
        el("div", { class: "charts" }, ...metrics.map((metric) => this._otherCard(otherSpec(metric), texts))));
    }

    _otherCard(spec, texts) {
      const scale = el("select", {
        class: "scale-select", id: `scale-${spec.id}`, "aria-label": fill(texts.scale_label, { title: spec.title }),
        onchange: (event) => this.page.scaled(spec.id, event.target.value),
      }, el("option", { value: "linear" }, texts.linear), el("option", { value: "log" }, texts.log));
      scale.value = this.page.chartView(spec).scale;
      return el("section", { class: "card chart-card", "aria-label": spec.title, "data-chart": spec.id },
        el("div", { class: "chart-tools" }, scale, el("div", { class: "chart-buttons", "data-buttons": spec.id })),
        el("div", { class: "chart", id: spec.id, tabindex: "0", role: "group" }),
        el("p", { class: "chart-note", "data-note": spec.id }));
    }
  }

  function otherSpec(metric) {
    const unit = unitOf(metric);
    return {
      id: `other:${metric}`, title: metric, y_label: unit ? `${metric} (${unit})` : metric, unit, scale: "linear",
      references: [], ticks: [], kind: "lines", hint: "",
      lines: [{ metric, name: metric, dash: "solid", axis: 1, unit: null }],
    };
  }

  core.charts = { Charts, look };
})(typeof window === "undefined" ? globalThis : window);
