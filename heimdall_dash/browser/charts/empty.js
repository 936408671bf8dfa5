/* What a chart without a point says: what it waits for, or that there is nothing to wait for. Pure. */

import { lacks } from "../figure/spec.js";
import { fill } from "../figure/words.js";

/**
 * @param {Spec} spec
 * @param {ShownJob} feed
 * @param {Config} config
 * @returns {string}
 */
export function emptyText(spec, feed, config) {
  const { texts, final } = config;
  const without = beforeEpochs(feed, config);
  const metrics = spec.lines.map((line) => line.metric).join(", ");
  if (without !== null) return without;
  if (feed.job && final.includes(feed.job.status)) return fill(texts.empty_final, { metrics });
  return fill(lacks(spec, feed.store.columns) ? texts.empty_so_far : texts.empty_metric, { metrics });
}

/**
 * In place of all charts, for a job that has none yet.
 * @param {ShownJob} feed
 * @param {Config} config
 * @returns {string}
 */
export function nothingText(feed, config) {
  return beforeEpochs(feed, config) ?? config.texts.empty_no_chart;
}

/** @param {ShownJob} feed  @param {Config} config  @returns {string|null} */
function beforeEpochs({ state, job, store }, { texts, final, status }) {
  if (state === "none") return texts.empty_no_job;
  if (state === "unknown") return texts.unknown_job;
  if (state === "loading" || !job) return texts.empty_loading;
  if (store.columns.epoch.length > 0) return null;
  if (final.includes(job.status)) return fill(texts.empty_ended, { status: status[job.status] ?? job.status });
  if (job.status === "queued") return texts.empty_queued;
  return job.status === "pending" ? texts.empty_pending : fill(texts.empty_running, { job: job.job_name });
}
