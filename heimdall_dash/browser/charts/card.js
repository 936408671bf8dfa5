/* A chart's card, one kind for every chart: the plot, tools that come with the pointer or the focus,
   and a line of notes. The plot is the card's one Tab stop: what the tools do, its menu does too,
   which Enter opens. */

import { fill } from "../figure/words.js";
import { el } from "./elements.js";

/** @type {Scale[]} */
export const SCALES = ["log", "linear"];
export const SCALED = ["lines", "reliability"]; // shares and planes have no log axis
let number = 0; // ids of radio inputs: charts' own ids may hold any character

/**
 * @typedef {{card: HTMLElement, box: HTMLElement, note: HTMLElement, buttons: HTMLElement, scale: ScaleToggle}} CardParts
 * @param {Spec} spec
 * @param {Texts} texts
 * @param {(scale: Scale) => void} scaled
 * @returns {CardParts}
 */
export function chartCard(spec, texts, scaled) {
  const scale = new ScaleToggle(spec, texts, scaled);
  scale.box.hidden = !SCALED.includes(spec.kind);
  const box = el("div", { class: "chart", id: spec.id, tabindex: "0", role: "group", "aria-label": spec.title });
  const buttons = el("div", { class: "chart-buttons", "data-buttons": spec.id });
  const note = el("p", { class: "chart-note", "data-note": spec.id, "aria-live": "off" });
  const card = el("section", { class: "card chart-card", "aria-label": spec.title, "data-chart": spec.id },
    box, el("div", { class: "chart-tools" }, scale.box, buttons), note);
  return { card, box, note, buttons, scale };
}

/** Log or linear: two radio buttons, so that arrows choose and a screen reader says which. */
export class ScaleToggle {
  /** @param {Spec} spec  @param {Texts} texts  @param {(scale: Scale) => void} scaled */
  constructor(spec, texts, scaled) {
    number += 1;
    /** @type {Map<Scale, HTMLInputElement>} */
    this.inputs = new Map(SCALES.map((scale) => [scale, el("input", {
      type: "radio", name: `chart-scale-${number}`, id: `chart-scale-${number}-${scale}`, value: scale, tabindex: "-1",
      onchange: () => scaled(scale),
    })]));
    this.box = el("div", { class: "scale-toggle", id: `scale-${spec.id}`, role: "radiogroup", "aria-label": fill(texts.scale_label, { title: spec.title }) },
      ...[...this.inputs].flatMap(([scale, input]) => [input, el("label", { for: input.id }, texts[scale])]));
    this.show(spec.scale);
  }

  /** @param {Scale} scale */
  show(scale) {
    const input = this.inputs.get(scale);
    if (input && !input.checked) input.checked = true;
  }
}
