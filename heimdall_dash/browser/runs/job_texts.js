/* What the page says about a job: label, progress, best epoch, age, and why it does not run. Pure. */

import { durationText, valueText, fill } from "../figure/words.js";

const UNKNOWN_PACE_S = 900; // after one epoch nobody knows how long the next will take

/** @typedef {{texts: Texts, status: Record<string, string>}} Words   status: the word for each */

/**
 * `VHF (running) - Epoch 412/500`
 * @param {Job} job
 * @param {Words} words
 * @returns {string}
 */
export function label(job, { texts, status }) {
  const word = status[job.status] || job.status;
  return fill(texts.job_label, { job: job.job_name, status: word, epochs: epochText(job, texts) });
}

/**
 * `412/500`
 * @param {Job} job
 * @param {Texts} texts
 * @returns {string}
 */
export function epochText(job, texts) {
  return fill(texts.epoch_count, { current: job.current_epoch, total: job.total_epochs ?? "?" });
}

/**
 * `Epoch 412 of 500`, or `Epoch 412` when nobody said how many there will be.
 * @param {Job} job
 * @param {Texts} texts
 * @returns {string}
 */
export function progressText(job, texts) {
  return fill(job.total_epochs ? texts.epoch_of : texts.epoch_at, { current: job.current_epoch, total: job.total_epochs });
}

/**
 * Whether this page holds every epoch that the store holds: what is shown, and what it is shown of.
 * @param {boolean} isCurrent  whether anybody knows at this moment how many there are
 * @param {Job} job
 * @param {number} held
 * @param {Texts} texts
 * @returns {string}
 */
export function deliveredText(job, held, isCurrent, texts) {
  const { epochs_stored: stored } = job;
  if (!stored) return "";
  if (!isCurrent) return fill(texts.delivered_held, { held });
  return fill(held >= stored ? texts.delivered_all : texts.delivered_some, { held, stored });
}

/**
 * `-5.83 · epoch 481`, of the validation loss.
 * @param {Job} job
 * @param {Texts} texts
 * @returns {string}
 */
export function bestText(job, texts) {
  if (typeof job.best_val_loss !== "number") return "–";
  return fill(texts.value_at_epoch, { value: valueText(job.best_val_loss), epoch: job.best_epoch ?? "–" });
}

/**
 * Why the job does not run: failed, paused, cancelled, ended early, or about to stop because it was
 * asked to. "" when there is nothing to say.
 * @param {Job} job
 * @param {Texts} texts
 * @returns {string}
 */
export function reasonText(job, texts) {
  const { status, desired, ended_because: because, current_epoch: epoch, total_epochs: total } = job;
  if (status === "running") return desired === "paused" ? texts.reason_pausing : desired === "cancelled" ? texts.reason_cancelling : "";
  if (status === "failed") return fill(texts.reason_failed, { message: job.error_message || "–" });
  if (status === "paused") return fill(texts.reason_paused, { epoch });
  if (status === "cancelled") return fill(because ? texts.reason_cancelled_because : texts.reason_cancelled, { epoch, reason: because });
  if (status !== "completed" || !because) return "";
  return fill(total && epoch < total ? texts.reason_early : texts.ended_because, { epoch, total, reason: because });
}

/** @param {Job} job  @param {number} now  @param {Texts} texts  @returns {string} */
export function etaText(job, now, texts) {
  if (job.status !== "running" || job.stalled || !job.estimated_completion) return "";
  const seconds = (Date.parse(job.estimated_completion) - now) / 1000;
  return seconds >= 0 ? fill(texts.eta, { time: durationText(seconds) }) : ""; // overdue: nobody knows
}

/**
 * How old the newest epoch is. Stale: a running job silent for longer than three of its own
 * epochs and at least 15 s, or one that the server calls stalled. The pace is what the server
 * knows of it (`pace_s`): nobody needs to log how long an epoch takes.
 * @param {Job|null} job
 * @param {string|null|undefined} lastAt
 * @param {number} now
 * @param {Texts} texts
 * @returns {{text: string, isStale: boolean, seconds: number|null}}
 */
export function age(job, lastAt, now, texts) {
  if (!job) return { text: "", isStale: false, seconds: null };
  if (!lastAt) {
    return { text: texts.no_epoch_yet, isStale: Boolean(job.stalled), seconds: null };
  }
  const seconds = Math.max(0, (now - Date.parse(lastAt)) / 1000);
  const limit = job.pace_s ? Math.max(15, 3 * job.pace_s) : UNKNOWN_PACE_S;
  const isStale = job.status === "running" && (Boolean(job.stalled) || seconds > limit);
  return { text: fill(texts.data_age, { time: durationText(seconds) }), isStale, seconds };
}
