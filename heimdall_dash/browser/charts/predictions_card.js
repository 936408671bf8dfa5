/* Kept predictions: the figure, how many regions hold their truth, a slider through the epochs of which
   there are some, and the worst as a table. */

import { heldText, judged, predictedFigure, worst } from "../figure/predicted.js";
import { fill, valueText } from "../figure/words.js";
import { diagramCard } from "./diagram_card.js";
import { el, look, setText } from "./elements.js";

export const PREDICTIONS = "predictions-chart";
const WORST = 8;

/** @typedef {import("../figure/predicted.js").Kept} Kept */
/** @typedef {{epochs: number[], kept: Kept|null, wanted: number|null}} KeptEpochs */

export class PredictionsCard {
  /** @param {HTMLElement} list  @param {import("./charts.js").Charts} charts */
  constructor(list, charts) {
    this.list = list; // a section of its own: it is wider than a chart
    this.charts = charts;
    this.texts = charts.page.config.texts;
    /** @type {any} */
    this.card = null;
    this.isEnlarged = true;
  }

  /** @returns {KeptEpochs} */
  get _state() {
    return this.charts.page.predictions;
  }

  /** What is there now: the card comes with the first predictions and goes with the job. */
  render() {
    const { kept } = this._state;
    if (!kept) return this._remove();
    if (!this.card) this._add();
    const points = judged(kept);
    setText(this.held, `${this.texts.axis_epoch} ${kept.epoch}: ${heldText(points, this.texts)}`);
    this._slide();
    this._rows(kept, points);
    this.enlarge.hidden = kept.dimensions === 1;
    this.charts.page.painter.invalidate(PREDICTIONS);
  }

  _add() {
    const { texts } = this;
    const spec = specOf(texts);
    this.held = el("p", { class: "held", role: "status" });
    this.said = el("output", { class: "epoch-said" });
    this.slider = el("input", { type: "range", min: 0, step: 1, oninput: () => this._moved() });
    this.box = el("input", { type: "checkbox", checked: true, onchange: () => this._enlarge() });
    this.enlarge = el("label", { class: "enlarge" }, this.box, texts.predicted_enlarge);
    this.body = el("tbody");
    this.head = el("tr");
    const table = el("table", { class: "worst" }, el("caption", {}, texts.predicted_worst), el("thead", {}, this.head), this.body);
    this.card = diagramCard(spec, el("div", { class: "predictions-below" },
      this.held,
      el("div", { class: "predictions-tools" }, el("label", { class: "control epoch-slider" }, el("span", { class: "control-label" }, texts.predicted_epoch), this.slider, this.said), this.enlarge),
      table));
    this.card.classList.add("predictions-card");
    this.list.append(this.card);
    this.list.hidden = false;
    const part = (/** @type {string} */ selector) => this.card.querySelector(selector);
    const parts = { card: this.card, box: part(".chart"), note: part("[data-note]"), buttons: part("[data-buttons]") };
    this.card.classList.toggle("is-framed", this.charts.page.view.embed === PREDICTIONS);
    this.charts.add(spec, parts, (size) => this._figure(spec, size));
  }

  _remove() {
    if (!this.card) return;
    this.card.remove();
    this.card = null;
    this.list.hidden = true;
    this.charts.remove(PREDICTIONS);
  }

  /** @param {Spec} spec  @param {import("./painter.js").Size} size  @returns {Figure} */
  _figure(spec, size) {
    const { kept } = this._state;
    const { page } = this.charts;
    const appearance = look(page.config, size);
    if (!kept) return { data: [], layout: {}, notes: [], isEmpty: true, summary: spec.title, slots: {} };
    return predictedFigure(spec, kept, page.chartView(spec), appearance, this);
  }

  _enlarge() {
    this.isEnlarged = this.box.checked;
    this.charts.page.painter.invalidate(PREDICTIONS);
  }

  /** Epochs stand evenly on the slider; at its end it follows the newest. */
  _slide() {
    const { epochs, wanted, kept } = this._state;
    const last = Math.max(0, epochs.length - 1);
    const at = wanted === null ? last : Math.max(0, epochs.findLastIndex((epoch) => epoch <= wanted));
    this.slider.max = String(last);
    this.slider.value = String(at);
    this.slider.disabled = epochs.length < 2;
    const shown = kept ? kept.epoch : epochs[at];
    this.slider.setAttribute("aria-valuetext", `${this.texts.axis_epoch} ${epochs[at]}`);
    setText(this.said, wanted === null ? fill(this.texts.predicted_newest, { epoch: shown }) : String(epochs[at]));
  }

  _moved() {
    const { epochs } = this._state;
    const at = Number(this.slider.value);
    this.charts.page.predictedEpoch(at >= epochs.length - 1 ? null : epochs[at]);
  }

  /** @param {Kept} kept  @param {import("../figure/predicted.js").Judged[]} points */
  _rows(kept, points) {
    const { texts } = this;
    const heads = [texts.predicted_label, kept.unit ? `${texts.predicted_error} (${kept.unit})` : texts.predicted_error, texts.predicted_standardised];
    this.head.replaceChildren(...heads.map((text) => el("th", { scope: "col" }, text)));
    this.body.replaceChildren(...worst(points, WORST).map(({ label, error, standardised }) => el("tr", {},
      el("th", { scope: "row" }, label), el("td", {}, valueText(error)), el("td", {}, valueText(standardised)))));
  }
}

/** @param {Texts} texts  @returns {Spec} */
function specOf(texts) {
  return {
    id: PREDICTIONS, title: texts.predicted_title, y_label: "", unit: "", lines: [], scale: "linear", references: [],
    ticks: [], kind: "predictions", hint: texts.predicted_hint, proof: null, unproven: {},
  };
}
