/* Runs as rows of a table: the values of its columns. Pure. */

import { direction } from "../series/better.js";

/**
 * Config of a run without nesting: `{"optimizer/lr": 0.1}`; lists as text.
 * @param {Record<string, any>} config
 * @returns {Record<string, any>}
 */
export function flatConfig(config, prefix = "", into = /** @type {Record<string, any>} */ (Object.create(null)), depth = 0) {
  for (const [name, value] of Object.entries(config || {})) {
    const isMapping = value !== null && typeof value === "object" && !Array.isArray(value);
    if (isMapping && depth < 4 && Object.keys(value).length) flatConfig(value, `${prefix}${name}/`, into, depth + 1);
    else into[prefix + name] = value !== null && typeof value === "object" ? JSON.stringify(value) : value;
  }
  return into;
}

/**
 * Whether more is better; null where nobody knows.
 * @param {string} metric  @param {Job[]} jobs
 * @param {Config["directions"]} told
 * @returns {boolean|null}
 */
export function isHigherBetter(metric, jobs, told) {
  for (const job of jobs) {
    const way = job.key_metrics?.[metric];
    if (way) return way === "max";
  }
  const { way } = direction(metric, told);
  return way === "lower" ? false : way === "higher" ? true : null;
}

/**
 * Of a column's id: `config:lr`, `last:val_loss`, `best:val_loss`, or one of the job's own.
 * @param {string} id  @returns {{kind: string, name: string}}
 */
export function columnOf(id) {
  const at = id.indexOf(":");
  return at < 0 ? { kind: "job", name: id } : { kind: id.slice(0, at), name: id.slice(at + 1) };
}

/**
 * @param {Job} job  @param {Record<string, any>} config  flat
 * @param {Record<string, any>} summary  by metric
 * @param {(metric: string) => boolean|null} higher
 * @returns {(column: string) => any} the value of a column, null where there is none
 */
export function cells(job, config, summary, higher) {
  return (column) => {
    const { kind, name } = columnOf(column);
    if (kind === "config") return config[name] ?? null;
    const came = kind === "job" ? null : summary[name];
    if (kind === "last") return job.last_metrics?.[name] ?? came?.last ?? null;
    if (kind === "best") {
      if (!came) return null;
      const isHigher = higher(name);
      return isHigher === null ? null : isHigher ? came.max : came.min;
    }
    if (name === "duration") return seconds(job);
    if (name === "tags") return (job.tags || []).join(", ");
    if (name === "progress") return job.progress_percent;
    return job[name] ?? null;
  };
}

/** @param {Job} job  @returns {number|null} how long it took, or takes up to its newest epoch */
function seconds(job) {
  const from = Date.parse(job.started_at || "");
  const to = Date.parse(job.completed_at || job.last_metric_at || "");
  return Number.isFinite(from) && Number.isFinite(to) && to >= from ? Math.round((to - from) / 1000) : null;
}

const RISKY = /^ *[=+\-@\t\r'＝＋－＠]/;

/**
 * CSV that is safe to open in a spreadsheet (as api/csv_rows.py).
 * @param {string[]} header  @param {any[][]} rows  @returns {string}
 */
export function csv(header, rows) {
  const cell = (/** @type {any} */ value) => {
    if (value === null || value === undefined) return "";
    if (typeof value === "number") return Number.isFinite(value) ? String(value) : "";
    const text = RISKY.test(String(value)) ? `'${value}` : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [header, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

/**
 * Spearman's rank correlation, with the mean rank for ties; null with fewer than three pairs or
 * without any spread.
 * @param {number[]} xs  @param {number[]} ys  @returns {number|null}
 */
export function spearman(xs, ys) {
  if (xs.length < 3) return null;
  const [a, b] = [ranks(xs), ranks(ys)];
  const mean = (xs.length + 1) / 2;
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i += 1) {
    ab += (a[i] - mean) * (b[i] - mean);
    aa += (a[i] - mean) ** 2;
    bb += (b[i] - mean) ** 2;
  }
  return aa && bb ? ab / Math.sqrt(aa * bb) : null;
}

/** @param {number[]} values  @returns {number[]} */
function ranks(values) {
  const order = values.map((_, i) => i).sort((i, j) => values[i] - values[j]);
  const found = new Array(values.length);
  for (let i = 0; i < order.length;) {
    let end = i;
    while (end + 1 < order.length && values[order[end + 1]] === values[order[i]]) end += 1;
    for (let k = i; k <= end; k += 1) found[order[k]] = (i + end) / 2 + 1;
    i = end + 1;
  }
  return found;
}
