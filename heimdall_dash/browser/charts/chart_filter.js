/* The search box over the charts: what does not match is out of sight and is not drawn. */

import { matches } from "../figure/names.js";
import { fill } from "../figure/words.js";
import { setText } from "./elements.js";

export class ChartFilter {
  /** @param {HTMLElement} box  with the count  @param {import("./charts.js").Charts} charts */
  constructor(box, charts) {
    this.charts = charts;
    this.page = charts.page;
    this.count = /** @type {HTMLElement} */ (box.querySelector(".find-count"));
  }

  /** @param {string} text */
  typed(text) {
    if (text === this.page.view.find) return;
    this.page.view.find = text;
    this.apply();
  }

  /** @returns {boolean} */
  isSearching() {
    return this.page.view.find.trim() !== "";
  }

  /** @param {Spec} spec  @returns {boolean} */
  isFound(spec) {
    const search = this.page.view.find.trim();
    if (!search) return true;
    const names = spec.lines.flatMap((line) => [line.metric, line.name]);
    return matches([spec.title, ...names].join(" "), search);
  }

  apply() {
    this.charts.sections.fill();
    const all = this.charts.all();
    const shown = all.filter((spec) => this.isFound(spec)).length;
    const { texts } = this.page.config;
    setText(this.count, !this.isSearching() ? "" : shown ? fill(texts.find_count, { shown, total: all.length }) : texts.find_nothing);
  }
}
