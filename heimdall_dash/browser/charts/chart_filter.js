/* The search box over the charts: what does not match is out of sight and is not drawn. */

import { matches } from "../figure/names.js";
import { fill } from "../figure/words.js";
import { el, setText } from "./elements.js";

export class ChartFilter {
  /** @param {HTMLElement} box  @param {import("./charts.js").Charts} charts */
  constructor(box, charts) {
    const { texts } = charts.page.config;
    this.charts = charts;
    this.page = charts.page;
    this.input = el("input", {
      type: "search", class: "search", id: "chart-search", placeholder: texts.find_placeholder, oninput: () => this._typed(),
    });
    this.count = el("span", { class: "muted find-count", role: "status" });
    box.append(el("label", { class: "control-label", for: "chart-search" }, texts.find_label),
      el("span", { class: "find-row" }, this.input, this.count));
  }

  _typed() {
    this.page.view.find = this.input.value;
    this.page.view.write();
    this.apply();
  }

  /** Set the box to what the view says. */
  show() {
    this.input.value = this.page.view.find;
    this.apply();
  }

  apply() {
    const search = this.page.view.find.trim();
    let shown = 0;
    let total = 0;
    for (const [id, { card }] of this.charts.cards) {
      const spec = /** @type {Spec} */ (this.charts.specs.get(id));
      const names = spec.lines.flatMap((line) => [line.metric, line.name]);
      const isShown = !search || matches([spec.title, ...names].join(" "), search);
      card.hidden = !isShown;
      total += 1;
      shown += Number(isShown);
    }
    for (const [name, { box, list }] of this.charts.otherCharts.groups) {
      box.hidden = [...list.children].every((card) => /** @type {HTMLElement} */ (card).hidden);
      box.open = search ? true : !this.page.view.folded.includes(name);
    }
    const { texts } = this.page.config;
    setText(this.count, !search ? "" : shown ? fill(texts.find_count, { shown, total }) : texts.find_nothing);
  }
}
