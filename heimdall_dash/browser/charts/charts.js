/* The chosen job's charts: which figure each card gets, its buttons, its notes and empty state. */

/** @import { Size } from "./painter.js" */

import { lineFigure } from "../figure/line_figure.js";
import { diagramFigure, isDiagramKind } from "../figure/diagrams.js";
import { proven, lacks } from "../figure/spec.js";
import { fill } from "../figure/words.js";
import { ChartFilter } from "./chart_filter.js";
import { diagramCharts } from "./diagram_charts.js";
import { byId, el, setText, setAttribute, look } from "./elements.js";
import { KeyFigures } from "./key_figures.js";
import { OtherCharts } from "./other_charts.js";
import { Wide } from "./wide.js";

/**
 * What the charts need of the page.
 * @typedef {Object} ChartsPage
 * @property {Config} config  @property {import("./painter.js").Painter} painter
 * @property {ShownJob} feed  @property {KeptView} view
 * @property {(id: string, zoom: Zoom|null) => void} zoomed
 * @property {(id: string, scale: Scale) => void} scaled
 * @property {(spec: Spec) => ChartView} chartView
 * @property {(spec: Spec) => Source[]} sources   the runs on the charts
 * @property {() => ShownJob} charted   what all of them have
 * @property {(id: string, metric: string, isAlone: boolean) => void} toggledLine
 * @property {import("./reliability_slider.js").ReliabilitySlider} reliability
 * @property {import("./predictions_card.js").KeptEpochs} predictions
 * @property {(epoch: number|null) => void} predictedEpoch
 */

export class Charts {
  /** @param {ChartsPage} page */
  constructor(page) {
    this.page = page;
    /** @type {Map<string, Spec>} */
    this.specs = new Map();
    /** @type {Map<string, {card: HTMLElement, buttons: Record<string, any>}>} */
    this.cards = new Map();
    /** @type {Map<string, Record<string, string>>} */
    this.slots = new Map(); // where each chart's names of reference lines stand
    this.wide = new Wide(this);
    for (const spec of page.config.charts) {
      this.add(spec, byId(spec.id), (size) => this._figure(spec, size));
    }
    this.otherCharts = new OtherCharts(byId("other-charts"), this);
    this.diagrams = diagramCharts(this);
    this.filter = new ChartFilter(byId("chart-filter"), this);
    this.keyFigures = new KeyFigures(byId("key-figures"), page.config);
  }

  /**
   * Give a card its plot, buttons and empty state.
   * @param {Spec} spec
   * @param {HTMLElement} box
   * @param {(size: Size) => Figure} build
   */
  add(spec, box, build) {
    const { painter, config } = this.page;
    /** @type {any} */
    const card = box.closest(".chart-card");
    const note = card.querySelector(`[data-note]`);
    const reason = el("span");
    const empty = el("p", { class: "chart-empty", hidden: true }, el("strong", {}, spec.title), reason);
    const buttons = this._buttons(spec);
    this.specs.set(spec.id, spec);
    this.cards.set(spec.id, { card, buttons });
    box.append(empty);
    card.querySelector("[data-buttons]").replaceChildren(...Object.values(buttons));
    card.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.wide.escape(spec, event), true);
    if (this.page.view.wide === spec.id) this.wide.show();
    painter.add({
      id: spec.id, box, build,
      onZoom: (zoom) => this.page.zoomed(spec.id, zoom),
      onLegend: (metric, isAlone) => this.page.toggledLine(spec.id, metric, isAlone),
      onDrawn: (figure) => {
        empty.hidden = !figure.isEmpty;
        if (figure.isEmpty) setText(reason, figure.emptyText || this._emptyText(spec));
        this.slots.set(spec.id, figure.slots);
        for (const name of ["png", "svg"]) buttons[name].disabled = figure.isEmpty;
        buttons.follow.classList.toggle("is-idle", !this.page.view.zooms[spec.id]);
        setText(note, [this._known(spec).hint, ...figure.notes].filter(Boolean).join(" · "));
        setAttribute(box, "aria-label", `${figure.summary}. ${config.texts.chart_keys}`);
      },
    });
  }

  /** @param {string} id */
  remove(id) {
    this.page.painter.remove(id);
    for (const known of [this.specs, this.cards, this.slots]) known.delete(id);
  }

  /**
   * Until the job's facts are there, nobody knows what they prove: words do not come and go.
   * @param {Spec} spec
   * @returns {Spec}
   */
  _known(spec) {
    const { feed } = this.page;
    return feed.state === "ready" ? proven(spec, feed.facts) : spec;
  }

  /**
   * The figure of one of the job's own charts.
   * @param {Spec} spec
   * @param {Size} size
   * @returns {Figure}
   */
  jobFigure(spec, size) {
    return this._figure(spec, size);
  }

  /** @param {Spec} spec  @param {Size} size  @returns {Figure} */
  _figure(spec, size) {
    const { feed, config } = this.page;
    const sources = this.page.sources(spec);
    const view = this.page.chartView(spec);
    const appearance = look(config, { ...size, slots: this.slots.get(spec.id) });
    const figure = isDiagramKind(spec)
      ? diagramFigure(spec, sources, view, appearance, this.page.view.reliability)
      : lineFigure(this._known(spec), sources, view, appearance);
    const { total, columns } = feed.store;
    if (total > columns.epoch.length) {
      figure.notes.push(fill(config.texts.thinned, { returned: columns.epoch.length, total }));
    }
    return figure;
  }

  /** @param {Spec} spec  @returns {string} */
  _emptyText(spec) {
    const { feed, config: { texts } } = this.page;
    if (feed.state === "none") return texts.empty_no_job;
    if (feed.state === "unknown") return texts.unknown_job;
    if (feed.state === "loading" || !feed.job) return texts.empty_loading;
    const metrics = spec.lines.map((line) => line.metric).join(", ");
    const { status } = feed.job;
    const hasNone = feed.store.columns.epoch.length === 0;
    if (status === "queued" && hasNone) return texts.empty_queued;
    if (status === "pending") return texts.empty_pending;
    if (this.page.config.final.includes(status)) return fill(texts.empty_final, { metrics });
    if (hasNone) return fill(texts.empty_running, { job: feed.job.job_name });
    return fill(lacks(spec, feed.store.columns) ? texts.empty_so_far : texts.empty_metric, { metrics });
  }

  /* ------------------------------------------------------------- buttons */

  /** @param {Spec} spec  @returns {Record<string, any>} */
  _buttons(spec) {
    const { texts } = this.page.config;
    const button = (/** @type {string} */ name, /** @type {() => void} */ run, more = {}) => el("button", {
      class: "button tiny", type: "button", "aria-label": fill(texts[`${name}_label`], { title: spec.title }), onclick: run, ...more,
    }, texts[name]);
    return {
      follow: button("follow", () => this.page.zoomed(spec.id, null), { class: "button tiny is-idle" }),
      png: button("save_png", () => this._save(spec, "png")),
      svg: button("save_svg", () => this._save(spec, "svg")),
      enlarge: this.wide.button(spec),
    };
  }

  /** @param {Spec} spec  @param {string} format */
  async _save(spec, format) {
    const { feed, painter } = this.page;
    const name = `${feed.job ? feed.job.job_name : "heimdall"}-${spec.id}`.replace(/[^\w.-]+/g, "_");
    const url = URL.createObjectURL(blobOf(await painter.image(spec.id, format)));
    const link = el("a", { href: url, download: `${name}.${format}` });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }

  /** New epochs: charts for metrics that stand on no other, and those the search leaves. */
  others() {
    const charted = this.page.charted();
    const hasDiagrams = this.diagrams.update(charted);
    if (this.otherCharts.update(charted) || hasDiagrams) this.filter.apply();
    if (charted.store.columns.epoch.length) this.wide.settle();
    this.compact(charted);
  }

  /**
   * A chart that the job has nothing for is small and comes after all others (style.css).
   * @param {ShownJob} feed
   */
  compact(feed) {
    if (feed.state === "loading") return; // as the job before left them, until it is known
    for (const spec of this.page.config.charts) {
      const isLacking = feed.state === "ready" && lacks(spec, feed.store.columns);
      this.cards.get(spec.id)?.card.classList.toggle("is-lacking", isLacking);
    }
  }

  /**
   * The key figures go with the charts: while these are paused, those stand still too.
   * @param {ShownJob} feed
   */
  figuresNow(feed) {
    this.compact(this.page.charted());
    if (!this.page.painter.isPaused) this.keyFigures.render(feed);
  }

  /** Whatever the view says of the cards themselves. */
  showView() {
    this.wide.show();
    this.filter.show();
  }
}

/**
 * A data URL as a file: browsers save these up to any size.
 * @param {string} dataUrl
 * @returns {Blob}
 */
function blobOf(dataUrl) {
  const comma = dataUrl.indexOf(",");
  const head = dataUrl.slice(5, comma);
  const body = decodeURIComponent(dataUrl.slice(comma + 1));
  if (!head.endsWith(";base64")) return new Blob([body], { type: head });
  return new Blob([Uint8Array.from(atob(body), (letter) => letter.charCodeAt(0))], { type: head.slice(0, -7) });
}
