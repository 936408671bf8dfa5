/* Specifications of charts that nobody described for the page: of metrics by their names, and those
   that a job or a reader brings. Pure. */

/** @import { Derived } from "../figure/grouping.js" */

import { firstScale, unitOf } from "../figure/names.js";
import { MOST_NAMES } from "../figure/grouping.js";
import { roleOf } from "../figure/roles.js";
import { apartOnly } from "../figure/siblings.js";
import { fill } from "../figure/words.js";

const TRAINING_DASH = "dash"; // validation is solid

/**
 * What stands on the left axis, by a unit as metrics' names carry it.
 * @param {string} unit
 * @param {Texts} texts
 */
function said(unit, texts) {
  return { y_label: unit === "1" || !unit ? "" : texts.units[unit] || unit, unit: unit === "1" || unit === "fraction" ? "" : unit };
}

/**
 * @param {Derived} chart
 * @param {Known|undefined} known  of its metric, where it stands alone
 * @param {Texts} texts
 * @returns {Spec}  its scale is chosen when there are values
 */
export function derivedSpec({ key, title, lines }, known, texts) {
  const named = known ? known.title : title;
  const [{ metric }] = lines;
  return {
    id: `other:${key}`, title: named, ...said(known ? known.unit : commonUnit(lines.map((line) => line.metric)), texts),
    scale: "linear", isGuessed: true, ticks: [], kind: "lines",
    proof: known ? known.proof : null, unproven: { ...said(unitOf(metric), texts), hint: metric },
    references: known && known.ideal !== null ? [{ name: fill(texts.ideal, { value: known.ideal }), value: known.ideal, fact: null }] : [],
    hint: known ? [metric, known.hint].filter(Boolean).join(": ") : "",
    lines: lines.map((line) => ({
      metric: line.metric, name: known ? named : line.name, axis: 1, unit: null, color: line.color, role: line.role,
      dash: line.role === "train" && lines.length > 1 ? TRAINING_DASH : "solid",
    })),
  };
}

/**
 * @param {string} id
 * @param {{title: string, metrics: string[], unit?: string|null, scale?: Scale}} chart
 * @param {Texts} texts
 * @returns {Spec}
 */
export function broughtSpec(id, { title, metrics, unit, scale }, texts) {
  const unitSaid = unit ?? "";
  const names = metrics.length > MOST_NAMES ? apartOnly(metrics) : metrics;
  return {
    id, title, y_label: unitSaid ? texts.units[unitSaid] || unitSaid : "", unit: unitSaid, scale: scale ?? "linear", ticks: [], kind: "lines",
    proof: null, unproven: {}, references: [], hint: "",
    lines: metrics.map((metric, i) => ({
      metric, name: names[i], axis: 1, unit: null, color: i, role: roleOf(metric).role, dash: "solid",
    })),
  };
}

/** @param {string[]} metrics  @returns {string} */
function commonUnit(metrics) {
  const units = new Set(metrics.map(unitOf));
  return units.size === 1 ? [...units][0] : "";
}

/**
 * How a derived chart is first read; null as long as none of its metrics has a value.
 * @param {Spec} spec
 * @param {Columns} columns
 * @param {Record<string, Known>} known
 * @returns {Scale|null}
 */
export function scaleOf(spec, columns, known) {
  const metrics = spec.lines.map((line) => line.metric).filter((metric) => Object.hasOwn(columns, metric));
  if (metrics.length === 0) return null;
  const scales = metrics.map((metric) => firstScale(metric, columns[metric], known[metric]));
  const hasNoLog = metrics.some((metric) => columns[metric].some((value) => typeof value === "number" && value <= 0));
  return scales.includes("log") && !hasNoLog ? "log" : "linear";
}
