/* The job's calibration diagrams and its kept predictions: cards of their own, in one group. */

import { diagramSpecs } from "../figure/diagram_specs.js";
import { diagramCard } from "./diagram_card.js";
import { byId, el } from "./elements.js";
import { PredictionsCard } from "./predictions_card.js";

export class DiagramCharts {
  /** @param {HTMLElement} box  @param {import("./charts.js").Charts} charts */
  constructor(box, charts) {
    this.box = box;
    this.charts = charts;
    const { texts, charts: preset } = charts.page.config;
    this.charted = new Set(preset.filter((spec) => spec.kind !== "lines").flatMap((spec) => spec.lines.map((line) => line.metric)));
    this.list = el("div", { class: "charts" });
    this.predictions = new PredictionsCard(this.list, charts);
    this.names = "";
    box.append(el("h2", { class: "group-title" }, texts.diagrams_title), this.list);
    box.hidden = true;
  }

  /**
   * @param {ShownJob} feed
   * @returns {boolean} whether cards came or went
   */
  update(feed) {
    const names = feed.names ?? Object.keys(feed.store.columns);
    const key = names.join("\n");
    if (key === this.names) return false;
    this.names = key;
    const { texts } = this.charts.page.config;
    const specs = diagramSpecs(names, this.charted, texts);
    const ids = specs.map((spec) => spec.id);
    for (const id of this._ids()) if (!ids.includes(id)) this._remove(id);
    specs.forEach((spec, i) => {
      const card = this.charts.cards.get(spec.id)?.card ?? this._add(spec);
      if (this.list.children[i] !== card) this.list.insertBefore(card, this.list.children[i] ?? null);
    });
    this.settle();
    return true;
  }

  /** Kept predictions came, went or changed. */
  predicted() {
    this.predictions.render();
    this.settle();
  }

  settle() {
    this.box.hidden = this.list.children.length === 0;
  }

  redraw() {
    for (const id of this._ids()) this.charts.page.painter.invalidate(id);
  }

  /** @returns {string[]} */
  _ids() {
    return [...this.charts.specs.keys()].filter((id) => id.startsWith("diagram:"));
  }

  /** @param {Spec} spec  @returns {HTMLElement} */
  _add(spec) {
    const card = diagramCard(spec, this.charts.page.reliability.for(spec.id));
    this.list.append(card); // a chart in no document has no size
    this.charts.add(spec, /** @type {HTMLElement} */ (card.querySelector(".chart")), (size) => this.charts.jobFigure(spec, size));
    return card;
  }

  /** @param {string} id */
  _remove(id) {
    this.charts.cards.get(id)?.card.remove();
    this.charts.remove(id);
    this.charts.page.reliability.drop(id);
  }
}

/** @param {import("./charts.js").Charts} charts  @returns {DiagramCharts} */
export function diagramCharts(charts) {
  return new DiagramCharts(byId("diagram-charts"), charts);
}
