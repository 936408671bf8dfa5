/* What deserves the reader's attention, and which of it was not said before. Pure. */

import { valueText, fill } from "../figure/words.js";
import { reasonText } from "./job_texts.js";

export const QUIET_MS = 5 * 60_000; // an alert that comes and goes is one alert

/** @typedef {{kind: string, text: string}} Alert */

/**
 * What deserves attention now. A loss that no longer falls does not: most good runs end so.
 * @param {NotFinite} notFinite  metric → epoch → nan, inf, -inf
 * @param {Job|null} job
 * @param {Columns} columns
 * @param {Texts} texts
 * @returns {{kind: string, text: string}[]}
 */
export function alerts(job, columns, notFinite, texts) {
  if (!job) return [];
  const found = [];
  if (job.status === "failed") found.push({ kind: "failed", text: reasonText(job, texts) });
  if (job.stalled) found.push({ kind: "stalled", text: texts.alert_stalled });
  if (job.status !== "running" && job.status !== "completed") return found;
  const broken = Object.keys(notFinite).filter((name) => /loss/.test(name))
    .flatMap((name) => newestIfNotFinite(columns, name, notFinite[name]) ?? []);
  if (broken.length) {
    const epoch = Math.max(...broken.map((one) => one.epoch));
    const metrics = broken.filter((one) => one.epoch === epoch).map(({ name }) => name).join(", ");
    found.push({ kind: "nan", text: fill(texts.alert_nan, { metrics, epoch }) });
  }
  const rise = job.status === "running" ? divergence(columns.val_loss) : null;
  if (rise) found.push({ kind: "divergence", text: fill(texts.alert_divergence, { loss: valueText(rise.now), best: valueText(rise.best) }) });
  return found;
}

/**
 * The metric and the epoch of its newest cell, when this was not finite.
 * @param {Columns} columns
 * @param {string} name
 * @param {Record<string, string>} marks
 * @returns {{name: string, epoch: number}|null}
 */
function newestIfNotFinite(columns, name, marks) {
  const epoch = Math.max(...Object.keys(marks).map(Number));
  const values = columns[name] || [];
  const newest = columns.epoch[values.findLastIndex((value) => value !== null)] ?? -1;
  return epoch > newest ? { name, epoch } : null;
}

/**
 * The loss left its best by more than half of the whole way down, three epochs in a row.
 * @param {Column|undefined} losses
 * @returns {{now: number, best: number}|null}
 */
export function divergence(losses) {
  const values = (losses || []).filter((value) => typeof value === "number");
  if (values.length < 10) return null;
  const best = Math.min(...values.slice(-2000));
  const way = values[0] - best;
  if (!(way > 0)) return null;
  const isOff = values.slice(-3).every((value) => value > best + way / 2);
  return isOff ? { now: values[values.length - 1], best } : null;
}

/** Which alerts are news: each once, and again only when it had been away for five minutes. */
export class AlertLog {
  constructor() {
    /** @type {Map<string, Map<string, number>>} */
    this.seenAt = new Map(); // job → kind → when it was last there, in ms
  }

  /**
   * What stands there at the first look at a job is before the reader's eyes and no news.
   * @param {string} jobId
   * @param {Alert[]} found
   * @param {number} now
   * @returns {Alert[]}
   */
  news(jobId, found, now) {
    const known = this.seenAt.get(jobId);
    const isFirstLook = known === undefined;
    const seen = known ?? new Map();
    this.seenAt.set(jobId, seen);
    const fresh = found.filter(({ kind }) => !isFirstLook && !(now - seen.get(kind) < QUIET_MS));
    for (const { kind } of found) seen.set(kind, now);
    return fresh;
  }
}
