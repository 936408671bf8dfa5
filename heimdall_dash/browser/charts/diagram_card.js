/* The card of a diagram that comes with a job: toolbar, plot, what stands below it, notes. */

import { el } from "./elements.js";

/**
 * @param {{id: string, title: string}} spec
 * @param {(Node|null)[]} below  what stands between the chart and its note
 * @returns {HTMLElement}
 */
export function diagramCard(spec, ...below) {
  return el("section", { class: "card chart-card diagram-card", "aria-label": spec.title, "data-chart": spec.id },
    el("div", { class: "chart-tools" }, el("span"), el("div", { class: "chart-buttons", "data-buttons": spec.id })),
    el("div", { class: "chart", id: spec.id, tabindex: "0", role: "group", "aria-label": spec.title }),
    ...below,
    el("p", { class: "chart-note", "data-note": spec.id }));
}
