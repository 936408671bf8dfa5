/* Charts for metrics that stand on no other, in groups that can be folded. What is there already
   stays in its place when a new metric comes. */

import { titleOf, unitOf, firstScale, otherMetrics } from "../figure/names.js";
import { fill } from "../figure/words.js";
import { el } from "./elements.js";

/**
 * The specification of a metric's own chart: what is known of it, else what its name says. Pure.
 * @param {string} metric
 * @param {Known|undefined} known
 * @param {Scale} scale
 * @param {Texts} texts
 * @returns {Spec}
 */
export function otherSpec(metric, known, scale, texts) {
  const title = known ? known.title : titleOf(metric);
  const said = (/** @type {string} */ unit) => ({
    y_label: unit === "1" || !unit ? texts.value : texts.units[unit] || unit, unit: unit === "1" || unit === "fraction" ? "" : unit,
  });
  return {
    id: `other:${metric}`, title, ...said(known ? known.unit : unitOf(metric)), scale, isGuessed: true, ticks: [], kind: "lines",
    proof: known ? known.proof : null, unproven: { ...said(unitOf(metric)), hint: metric },
    references: known && known.ideal !== null ? [{ name: fill(texts.ideal, { value: known.ideal }), value: known.ideal, fact: null }] : [],
    hint: [metric, known && known.hint].filter(Boolean).join(": "),
    lines: [{ metric, name: title, dash: "solid", axis: 1, unit: null }],
  };
}

export class OtherCharts {
  /** @param {HTMLElement} box  @param {import("./charts.js").Charts} charts */
  constructor(box, charts) {
    this.box = box;
    this.charts = charts;
    this.page = charts.page;
    this.charted = new Set(this.page.config.charts.flatMap((spec) => spec.lines.map((line) => line.metric)));
    /** @type {string|null} */
    this.jobId = null;
    /** @type {Set<string>} */
    this.metrics = new Set();
    /** @type {Map<string, {box: any, list: HTMLElement}>} */
    this.groups = new Map();
  }

  /**
   * @param {ShownJob} feed
   * @returns {boolean} whether cards came or went
   */
  update({ jobId, store: { columns } }) {
    const isOtherJob = jobId !== this.jobId;
    if (!isOtherJob && !this._hasNew(columns)) return false;
    this.jobId = jobId;
    const groups = otherMetrics(columns, this.charted);
    const wanted = groups.flatMap(({ metrics }) => metrics);
    for (const metric of this.metrics) if (!wanted.includes(metric)) this._remove(metric);
    if (isOtherJob) this._chooseScales(columns);
    this._place(groups, columns);
    this.metrics = new Set(wanted);
    return true;
  }

  /** @param {Columns} columns  @returns {boolean} */
  _hasNew(columns) {
    return Object.keys(columns).some((name) => name !== "epoch" && name !== "timestamp" && !this.metrics.has(name)
      && !this.charted.has(name) && columns[name].some((value) => typeof value === "number"));
  }

  /**
   * Once per job: a scale that changed by itself while somebody reads would be a surprise.
   * @param {Columns} columns
   */
  _chooseScales(columns) {
    for (const metric of this.metrics) {
      const spec = this.charts.specs.get(`other:${metric}`);
      if (spec) spec.scale = firstScale(metric, columns[metric], this.page.config.metrics[metric]);
    }
  }

  /** @param {string} metric */
  _remove(metric) {
    const id = `other:${metric}`;
    this.charts.cards.get(id)?.card.remove();
    this.charts.remove(id);
  }

  /** @param {{group: string, metrics: string[]}[]} groups  @param {Columns} columns */
  _place(groups, columns) {
    const names = groups.map(({ group }) => group);
    for (const [name, section] of this.groups) {
      if (names.includes(name)) continue;
      section.box.remove();
      this.groups.delete(name);
    }
    const { texts, metrics: known } = this.page.config;
    groups.forEach(({ group, metrics }, i) => {
      const section = this.groups.get(group) ?? this._group(group, texts);
      this.groups.set(group, section);
      putAt(this.box, section.box, i);
      metrics.forEach((metric, j) => {
        const id = `other:${metric}`;
        const old = this.charts.cards.get(id);
        if (old) return putAt(section.list, old.card, j);
        const spec = otherSpec(metric, known[metric], firstScale(metric, columns[metric], known[metric]), texts);
        const card = this._card(spec, texts);
        putAt(section.list, card, j);
        this._draw(spec, card);
      });
    });
  }

  /** @param {string} group  @param {Texts} texts  @returns {{box: any, list: HTMLElement}} */
  _group(group, texts) {
    const list = el("div", { class: "charts" });
    const summary = el("summary", {}, el("h2", {}, group ? fill(texts.other_group, { group }) : texts.other_title));
    const box = el("details", { class: "other-group", "data-group": group }, summary, list);
    const isFolded = this.page.view.folded.includes(group);
    box.open = !isFolded;
    // a click, not `toggle`: the search opens groups as well, and that is not the reader's wish
    summary.addEventListener("click", () => this._fold(group, box.open));
    return { box, list };
  }

  /** @param {string} group  @param {boolean} isFolded */
  _fold(group, isFolded) {
    const { view } = this.page;
    const others = view.folded.filter((name) => name !== group);
    view.folded = isFolded ? [...others, group] : others;
    view.write();
  }

  /** @param {Spec} spec  @param {Texts} texts  @returns {HTMLElement} */
  _card(spec, texts) {
    const scale = el("select", {
      class: "scale-select", id: `scale-${spec.id}`, "aria-label": fill(texts.scale_label, { title: spec.title }),
      onchange: (/** @type {any} */ event) => this.page.scaled(spec.id, event.target.value),
    }, el("option", { value: "linear" }, texts.linear), el("option", { value: "log" }, texts.log));
    return el("section", { class: "card chart-card", "aria-label": spec.title, "data-chart": spec.id },
      el("div", { class: "chart-tools" }, scale, el("div", { class: "chart-buttons", "data-buttons": spec.id })),
      el("div", { class: "chart", id: spec.id, tabindex: "0", role: "group", "aria-label": spec.title }),
      el("p", { class: "chart-note", "data-note": spec.id }));
  }

  /** @param {Spec} spec  @param {HTMLElement} card */
  _draw(spec, card) {
    const scale = /** @type {HTMLSelectElement} */ (card.querySelector("select"));
    this.charts.add(spec, /** @type {HTMLElement} */ (card.querySelector(".chart")), (size) => {
      scale.value = this.page.chartView(spec).scale;
      return this.charts.jobFigure(spec, size);
    });
  }
}

/**
 * Make `child` the i-th of `parent`; one that stands there already is not touched.
 * @param {Element} parent
 * @param {Element} child
 * @param {number} i
 */
function putAt(parent, child, i) {
  if (parent.children[i] !== child) parent.insertBefore(child, parent.children[i] || null);
}
