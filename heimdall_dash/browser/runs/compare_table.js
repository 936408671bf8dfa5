/* The table under the comparison: how far the jobs are, what was best of each, what differs. */

import { direction, bestOf, winners } from "../series/better.js";
import { valueUnitOf } from "../figure/names.js";
import { valueText, fill } from "../figure/words.js";
import { el } from "../charts/elements.js";
import { factText } from "./job_facts.js";
import { epochText } from "./job_texts.js";

/** @import { Direction } from "../series/better.js" */
/**
 * @typedef {{name: string, cells: {text: string, isBest: boolean}[]}} Row
 * @typedef {{job: Job, columns: Columns}} Compared
 * @typedef {Compared & {name: string, color: string, dash: string}} Drawn   a column of the table
 */

/**
 * The rows above the settings. Pure.
 * @param {Compared[]} compared
 * @param {string} metric
 * @param {Texts} texts
 * @param {Record<string, string>} status
 * @param {Config["directions"]} [told]
 * @returns {Row[]}
 */
export function summaryRows(compared, metric, texts, status, told = {}) {
  const plain = (/** @type {string} */ name, /** @type {(one: Compared) => string} */ text) => ({ name, cells: compared.map((one) => ({ text: text(one), isBest: false })) });
  const rows = [
    plain(texts.compare_status, ({ job }) => status[job.status] || job.status),
    plain(texts.compare_epoch, ({ job }) => epochText(job, texts)),
  ];
  if (metric !== "val_loss") {
    const known = compared.map(({ job }) => (typeof job.best_val_loss === "number"
      ? { value: job.best_val_loss, epoch: job.best_epoch } : null));
    rows.push(bestRow(fill(texts.compare_lower, { metric: "val_loss" }), known, { way: "lower" }, "", texts));
  }
  return [...rows, ...metricRows(compared, metric, texts, told), plain(fill(texts.compare_last_row, { metric }), ({ columns }) => {
    const values = (columns[metric] || []).filter((value) => typeof value === "number");
    return valueText(values[values.length - 1], valueUnitOf(metric));
  })];
}

/**
 * One row for a metric whose good direction is known; else its lowest and its highest value.
 * @param {{columns: Columns}[]} compared
 * @param {string} metric
 * @param {Texts} texts
 * @param {Config["directions"]} told
 * @returns {Row[]}
 */
function metricRows(compared, metric, texts, told) {
  const unit = valueUnitOf(metric);
  const known = direction(metric, told);
  const found = (/** @type {Direction} */ way) => compared.map(({ columns }) => bestOf(columns.epoch, columns[metric] || [], way));
  if (known.way === "unknown") {
    return /** @type {const} */ (["lower", "higher"]).map((way) => {
      const name = fill(way === "lower" ? texts.compare_lowest : texts.compare_highest, { metric });
      return bestRow(name, found({ way }), null, unit, texts);
    });
  }
  const name = fill(texts[`compare_${known.way}`], { metric, target: known.target });
  return [bestRow(name, found(known), known, unit, texts)];
}

/**
 * known: null marks no winner.
 * @param {string} name
 * @param {({value: number, epoch: number|null}|null)[]} bests
 * @param {Direction|null} known
 * @param {string} unit
 * @param {Texts} texts
 * @returns {Row}
 */
function bestRow(name, bests, known, unit, texts) {
  const won = known ? winners(bests, known) : [];
  return {
    name,
    cells: bests.map((best, i) => ({
      text: best ? fill(texts.value_at_epoch, { value: valueText(best.value, unit), epoch: best.epoch ?? "–" }) : "–",
      isBest: won[i] === true,
    })),
  };
}

/**
 * Settings of several configurations, those that differ first. Pure.
 * @param {Record<string, any>[]} configs
 * @returns {{name: string, values: any[], differs: boolean}[]}
 */
export function configRows(configs) {
  const names = [...new Set(configs.flatMap((config) => Object.keys(config || {})))].sort();
  return names.map((name) => {
    const values = configs.map((config) => (config || {})[name] ?? null);
    return { name, values, differs: new Set(values.map((value) => JSON.stringify(value))).size > 1 };
  }).sort((a, b) => Number(b.differs) - Number(a.differs));
}

export class CompareTable {
  /**
   * @param {HTMLElement} box
   * @param {{texts: Texts, status: Record<string, string>, directions: Config["directions"]}} words
   */
  constructor(box, { texts, status, directions }) {
    this.box = box;
    this.texts = texts;
    this.status = status;
    this.directions = directions;
    this.key = "";
  }

  /**
   * @param {Drawn[]} compared
   * @param {string} metric
   */
  render(compared, metric) {
    const { box, texts } = this;
    box.hidden = compared.length === 0;
    const summary = summaryRows(compared, metric, texts, this.status, this.directions);
    const settings = configRows(compared.map(({ job }) => job.config));
    const key = JSON.stringify([summary, settings, compared.map(({ name, color, dash }) => [name, color, dash])]);
    if (key === this.key) return;
    this.key = key;
    const differing = settings.filter((row) => row.differs);
    const same = settings.filter((row) => !row.differs);
    const wasOpen = box.querySelector("details")?.open;
    box.replaceChildren(this._table(compared, [
      ...summary.map(({ name, cells }) => this._row(name, cells.map((cell) => this._cell(cell)))),
      ...differing.map((row) => this._setting(row, compared.length > 1)),
    ]));
    if (same.length === 0) return;
    const more = el("details", {}, el("summary", {}, fill(texts.compare_same, { n: same.length })),
      this._table(compared, same.map((row) => this._setting(row, false))));
    more.open = Boolean(wasOpen);
    box.append(more);
  }

  /** @param {Drawn[]} compared  @param {HTMLElement[]} rows  @returns {HTMLElement} */
  _table(compared, rows) {
    const head = compared.map((one) => el("th", { scope: "col" }, el("span", { class: "job-swatch" }, swatch(one), one.name)));
    return el("table", {}, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, this.texts.compare_setting), ...head)),
      el("tbody", {}, ...rows));
  }

  /**
   * @param {string} name
   * @param {HTMLElement[]} cells
   * @param {string} [mark]
   * @returns {HTMLElement}
   */
  _row(name, cells, mark = "") {
    return el("tr", mark ? { class: "differs" } : {},
      el("th", { scope: "row" }, name, mark ? el("span", { class: "differs-mark" }, ` ≠ ${mark}`) : ""), ...cells);
  }

  /** @param {{text: string, isBest: boolean}} cell  @returns {HTMLElement} */
  _cell({ text, isBest }) {
    if (!isBest) return el("td", {}, text);
    return el("td", { class: "is-best" }, text, el("span", { class: "best-mark" }, ` ★ ${this.texts.compare_best}`));
  }

  /**
   * @param {{name: string, values: any[]}} setting
   * @param {boolean} isMarked
   * @returns {HTMLElement}
   */
  _setting({ name, values }, isMarked) {
    return this._row(name, values.map((value) => el("td", {}, factText(value, this.texts))), isMarked ? this.texts.compare_differs : "");
  }
}

const SVG = "http://www.w3.org/2000/svg";
/** @type {Record<string, string>} */
const PATTERNS = { solid: "none", dash: "8 4", dot: "2.5 3.5", dashdot: "8 3 2 3", longdash: "14 4", longdashdot: "13 3 2 3" };

/**
 * A short piece of the job's line, as the chart draws it.
 * @param {{color: string, dash: string}} look
 * @returns {SVGElement}
 */
function swatch({ color, dash }) {
  const svg = document.createElementNS(SVG, "svg");
  const line = document.createElementNS(SVG, "path");
  const put = (/** @type {SVGElement} */ element, /** @type {Record<string, any>} */ values) =>
    Object.entries(values).forEach(([name, value]) => element.setAttribute(name, value));
  put(svg, { viewBox: "0 0 36 8", width: 36, height: 8, "aria-hidden": "true" });
  put(line, { d: "M1 4H35", stroke: color, "stroke-width": 3, "stroke-dasharray": PATTERNS[dash] || "none" });
  svg.append(line);
  return svg;
}
