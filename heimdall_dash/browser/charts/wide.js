/* One chart over the full width, the others at their own size; which one stands in the address bar. */

import { fill } from "../figure/words.js";
import { el, setAttribute } from "./elements.js";

const mayCome = (/** @type {string} */ id) => id.includes(":") || id === "predictions-chart"; // its card comes with the job's metrics

export class Wide {
  /** @param {import("./charts.js").Charts} charts */
  constructor(charts) {
    this.charts = charts;
    this.view = charts.page.view;
    this.texts = charts.page.config.texts;
    /** @type {string|null} */
    this.shown = null;
  }

  /** @param {Spec} spec  @returns {HTMLElement} */
  button(spec) {
    const label = fill(this.texts.enlarge_label, { title: spec.title });
    return el("button", {
      class: "button tiny", type: "button", tabindex: "-1", "aria-label": label, title: label, "aria-pressed": "false",
      onclick: () => this.choose(this.view.wide === spec.id ? null : spec.id),
    }, this.texts.enlarge);
  }

  /** @param {string|null} id  null: each at its own size again */
  choose(id) {
    this.view.wide = id;
    this.view.write();
    this.show();
  }

  /** The cards as the view says; what changed its size is brought into sight. */
  show() {
    const { cards } = this.charts;
    const { wide } = this.view;
    if (wide !== null && !cards.has(wide) && !mayCome(wide)) this.view.wide = null;
    const id = wide !== null && cards.has(wide) ? wide : null;
    if (id === this.shown) return;
    for (const [known, { card, buttons }] of cards) {
      card.classList.toggle("is-wide", known === id);
      setAttribute(buttons.enlarge, "aria-pressed", String(known === id));
    }
    cards.get(id ?? this.shown ?? "")?.card.scrollIntoView({ block: "nearest" });
    this.shown = id;
  }

  /** All charts of the job are known: one that is not will not come. */
  settle() {
    const { wide } = this.view;
    if (wide !== null && !this.charts.cards.has(wide) && !this.charts.sections.reveal(wide)) this.choose(null);
  }

  /** @param {Spec} spec  @param {KeyboardEvent} event */
  escape(spec, event) {
    if (event.key !== "Escape" || this.view.wide !== spec.id) return;
    event.stopPropagation();
    event.preventDefault();
    this.choose(null);
  }
}
