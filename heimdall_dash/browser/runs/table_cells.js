/* How the columns of the runs table look and sort: names, widths, texts of values. */

import { durationText, fill } from "../figure/words.js";
import { columnOf } from "./run_rows.js";

const NARROW_PX = 700;

/** @param {string} id  of a column  @param {Texts} texts  @returns {string} */
export function labelOf(id, texts) {
  const { kind, name } = columnOf(id);
  if (kind === "config") return name;
  if (kind !== "job") return fill(kind === "last" ? texts.runs_last : texts.runs_best, { metric: name });
  return /** @type {Record<string, string>} */ ({
    status: texts.runs_state, job_name: texts.runs_name, progress: texts.runs_progress, tags: texts.runs_tags,
    group: texts.runs_group, created_at: texts.runs_created, duration: texts.runs_duration,
  })[name] ?? name;
}

/**
 * A column as the grid wants it.
 * @param {string} id  @param {string} label
 * @param {string} sort  `best:val_loss asc`, of any column, or nothing
 */
export function definitionOf(id, label, sort) {
  const [sorted, way] = splitSort(sort);
  const isWindow = innerWidth > NARROW_PX;
  return {
    colId: id, field: id, headerName: label, headerTooltip: label, tooltipField: id, sort: sorted === id ? way : null,
    comparator: compare, width: widthOf(id, label, isWindow), pinned: id === "job_name" && isWindow ? "left" : null,
    valueFormatter: (/** @type {any} */ { value }) => shownValue(id, value),
    ...(id === "job_name" ? { cellClass: "run-name" } : {}),
    ...(id === "status" ? { cellClass: (/** @type {any} */ { value }) => `run-state ${value}` } : {}),
    ...(isNumber(id) ? { type: "rightAligned" } : {}),
  };
}

/** @param {string} text  @returns {[string, string|null]} */
function splitSort(text) {
  const way = text.endsWith(" desc") ? "desc" : text.endsWith(" asc") ? "asc" : null;
  return way ? [text.slice(0, -way.length - 1), way] : ["", null];
}

/** Numbers as numbers, before texts; nothing last of all. @param {any} a  @param {any} b  @param {any} _a @param {any} _b @param {boolean} isDescending */
export function compare(a, b, _a, _b, isDescending) {
  const none = (/** @type {any} */ value) => value === null || value === undefined || value === "";
  if (none(a) || none(b)) return none(a) && none(b) ? 0 : none(a) === !isDescending ? 1 : -1;
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === typeof b) return String(a).localeCompare(String(b), undefined, { numeric: true });
  return typeof a === "number" ? -1 : 1;
}

/** Room for the column's name and its sign of order. @param {string} id  of the column  @param {string} label  @param {boolean} isWindow */
function widthOf(id, label, isWindow) {
  const least = /** @type {Record<string, number>} */ ({ job_name: isWindow ? 240 : 150, status: 120, created_at: 190 })[id] ?? 100;
  return Math.max(least, Math.min(280, 52 + 7.5 * label.length));
}

/** @param {string} id  of the column */
function isNumber(id) {
  return id === "progress" || id === "duration" || ["last", "best"].includes(columnOf(id).kind);
}

/** @param {string} id  of the column  @param {any} value  @returns {string} */
export function shownValue(id, value) {
  if (value === null || value === undefined) return "";
  if (id === "created_at") return new Date(value).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  if (id === "duration") return durationText(value);
  if (id === "progress") return `${Number(value.toPrecision(3))} %`;
  if (typeof value === "number" && !id.startsWith("config:")) return String(Number(value.toPrecision(6)));
  return String(value);
}
