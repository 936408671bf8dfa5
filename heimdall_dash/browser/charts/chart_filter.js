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
