/* Each parameter of the selected runs (of all that are shown, when none is selected) against the key
   metric: scatter plots with their rank correlation, and parallel coordinates whose brush selects
   rows of the table. Drawn while it is unfolded. */

import { fill } from "../figure/words.js";
import { byId, el } from "../charts/elements.js";
import { parallel, svg } from "./parallel.js";
import { spearman } from "./run_rows.js";

const MOST_SCATTERS = 24;
const MOST_AXES = 8;
const MOST_RUNS = 1000;
/** @typedef {{name: string, numbers: (number|null)[], low: string, high: string, isOrdered: boolean}} Parameter */

export class Parameters {
  /** @param {any} table */
  constructor(table) {
    this.table = table;
    this.key = "";
    /** @type {Record<string, [number, number]>} */
    this.brushes = {};
    /** @type {string[]|null} */
    this.base = null; // the runs that a brush chooses among
    this.details = /** @type {HTMLDetailsElement} */ (byId("parameters-details"));
    this.details.addEventListener("toggle", () => this.render());
  }

  render() {
    const { table } = this;
    if (!this.details.open || !table.api) return;
    if (!Object.keys(this.brushes).length) {
      const picked = table.picked();
      this.base = (picked.length ? picked : table.shown()).slice(0, MOST_RUNS);
    }
    const runs = /** @type {string[]} */ (this.base).map((id) => table.known.get(id)).filter(Boolean);
    const metric = table.key;
    const isHigher = metric === null ? null : table.higher(metric);
    const goals = runs.map(({ job, config }) => (metric === null ? null : table._cells(job, config)(`${isHigher === null ? "last" : "best"}:${metric}`)));
    const key = JSON.stringify([runs.map(({ job }) => job.id), goals, metric, this.brushes]);
    if (key === this.key) return;
    this.key = key;
    this._draw(runs.filter((_, i) => typeof goals[i] === "number"), goals.filter((goal) => typeof goal === "number"), metric ?? "");
  }

  /** @param {any[]} runs  @param {number[]} goals  @param {string} metric */
  _draw(runs, goals, metric) {
    const { texts } = this.table;
    const found = this.table.settings.all.map((/** @type {string} */ name) => parameterOf(name, runs.map(({ config }) => config[name]))).filter(Boolean);
    if (runs.length < 3 || !found.length) {
      byId("parameters").replaceChildren(el("p", { class: "muted" }, texts.parameters_none));
      return;
    }
    /** @type {{parameter: Parameter, rho: number|null}[]} */
    const ranked = found.map((/** @type {Parameter} */ parameter) => {
      const pairs = parameter.numbers.flatMap((number, i) => (number === null ? [] : [[number, goals[i]]]));
      return { parameter, rho: parameter.isOrdered ? spearman(pairs.map(([a]) => a), pairs.map(([, b]) => b)) : null };
    });
    ranked.sort((a, b) => Math.abs(b.rho ?? 0) - Math.abs(a.rho ?? 0));
    const names = runs.map(({ job }) => job.job_name);
    const goal = /** @type {Parameter} */ (parameterOf(metric, goals) ?? { name: metric, numbers: goals, low: String(goals[0]), high: String(goals[0]), isOrdered: true });
    const axes = [...ranked.slice(0, MOST_AXES).map(({ parameter }) => parameter), goal].map(axisOf);
    const brushed = (/** @type {string} */ name, /** @type {[number, number]|null} */ range) => this._brush(runs, axes, name, range);
    byId("parameters").replaceChildren(el("div", { class: "parameters" },
      el("p", { class: "muted" }, `${fill(texts.parameters_of, { n: runs.length, metric })}. ${texts.parameters_brush}`),
      el("div", { style: "overflow-x: auto", tabindex: "0", role: "group", "aria-label": texts.parameters_of }, parallel(axes, this.brushes, brushed, names)),
      el("div", { class: "scatters" }, ...ranked.slice(0, MOST_SCATTERS).map(({ parameter, rho }) => el("figure", {},
        el("figcaption", {}, fill(texts.parameters_rank, { name: parameter.name, rho: rho === null ? "–" : rho.toFixed(2) })),
        scatter(axisOf(parameter), axisOf(goal), names))))));
  }

  /** The rows inside are selected in the table. @param {any[]} runs  @param {import("./parallel.js").Axis[]} axes  @param {string} name  @param {[number, number]|null} range */
  _brush(runs, axes, name, range) {
    if (range) this.brushes[name] = range;
    else delete this.brushes[name];
    const inside = runs.filter((_, run) => axes.every(({ name: of, at }) => {
      const brush = this.brushes[of];
      return !brush || (at[run] !== null && /** @type {number} */ (at[run]) >= brush[0] && /** @type {number} */ (at[run]) <= brush[1]);
    }));
    this.table.select(Object.keys(this.brushes).length ? inside.map(({ job }) => job.id) : []);
    this.render();
  }
}

/**
 * A parameter with more than one value; texts by their order.
 * @param {string} name  @param {any[]} values
 * @returns {Parameter|null}
 */
export function parameterOf(name, values) {
  const given = values.filter((value) => value !== null && value !== undefined);
  const isOrdered = given.every((value) => typeof value === "number" || typeof value === "boolean");
  const texts = [...new Set(given.map(String))].sort();
  if (texts.length < 2) return null;
  const numbers = values.map((value) => (value === null || value === undefined ? null : isOrdered ? Number(value) : texts.indexOf(String(value))));
  const known = /** @type {number[]} */ (numbers.filter((number) => number !== null));
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const said = (/** @type {number} */ number) => (isOrdered ? String(Number(number.toPrecision(4))) : texts[number]);
  return { name, numbers, low: said(low), high: said(high), isOrdered };
}

/** By its logarithm where it spans decades. @param {Parameter} parameter  @returns {import("./parallel.js").Axis} */
function axisOf({ name, numbers, low, high, isOrdered }) {
  const known = /** @type {number[]} */ (numbers.filter((number) => number !== null));
  const isLog = isOrdered && Math.min(...known) > 0 && Math.max(...known) / Math.min(...known) >= 50;
  const scaled = (/** @type {number} */ number) => (isLog ? Math.log10(number) : number);
  const [from, to] = [scaled(Math.min(...known)), scaled(Math.max(...known))];
  return { name, values: numbers, low, high, at: numbers.map((number) => (number === null ? null : to > from ? (scaled(number) - from) / (to - from) : 0.5)) };
}

/** @param {import("./parallel.js").Axis} across  @param {import("./parallel.js").Axis} up  @param {string[]} names */
function scatter(across, up, names) {
  const dots = names.flatMap((name, i) => (across.at[i] === null ? [] : [svg("circle", {
    cx: 14 + Number(across.at[i]) * 192, cy: 108 - Number(up.at[i]) * 96, r: 3, fill: "var(--accent)", "fill-opacity": 0.6 }, svg("title", {}, name))]));
  const text = (/** @type {string} */ said, /** @type {number} */ x, /** @type {number} */ y, /** @type {string} */ anchor) => svg("text", { x, y, "text-anchor": anchor }, said.slice(0, 18));
  return svg("svg", { viewBox: "0 0 220 136", role: "img", "aria-label": `${across.name}, ${up.name}` },
    svg("path", { class: "axis", d: "M8 6 V114 H212" }), ...dots, text(across.low, 8, 130, "start"), text(across.high, 212, 130, "end"), text(up.high, 12, 12, "start"));
}
