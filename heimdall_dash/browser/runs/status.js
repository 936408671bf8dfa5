/* Which jobs can still change, what their status allows, in which order they stand, and which one is
   shown when the reader chose none. Pure. */

import { compares, parse } from "./run_filter.js";

/** @type {Record<string, number>} */
const RANK = { running: 0, paused: 1, queued: 2, pending: 3, failed: 4, completed: 5, cancelled: 6 };

/**
 * What the server says of statuses (heimdall_dash/records.py).
 * @typedef {Object} Rules
 * @property {string[]} final  statuses that nothing follows
 * @property {Object<string, string[]>} legal  action → statuses that allow it, in the order of buttons
 */

/** @typedef {{search?: string, statuses?: string[], order?: string}} Wish   which cards, in which order */

/**
 * Whether more epochs may come: only then is a connection worth having.
 * @param {Job|null} job
 * @param {{final: string[]}} rules
 * @returns {boolean}
 */
export function canChange(job, { final }) {
  return job !== null && !final.includes(job.status);
}

/**
 * Actions that the job's status allows, in the order of their buttons.
 * @param {Job} job
 * @param {{legal: Record<string, string[]>}} rules
 * @returns {string[]}
 */
export function actions(job, { legal }) {
  return Object.keys(legal).filter((name) => legal[name].includes(job.status));
}

/**
 * The job to show when the reader chose none: the newest running one, else the newest.
 * @param {Iterable<Job>} jobs
 * @returns {Job|null}
 */
export function chooseJob(jobs) {
  const newestFirst = [...jobs].sort(byCreation);
  return newestFirst.find((job) => job.status === "running") || newestFirst[0] || null;
}

/** @param {Job} a  @param {Job} b  @returns {number} */
function byCreation(a, b) {
  return (b.created_at || "").localeCompare(a.created_at || "");
}

/**
 * @param {Job[]} jobs
 * @param {Wish} wish
 * @param {string|null} [cardMetric]  what the order `p68` of kept links goes by: the metric on the cards
 */
export function arrange(jobs, { search = "", statuses = [], order = "status" }, cardMetric = null) {
  const terms = parse(search);
  const kept = jobs.filter((job) => {
    if (statuses.length && !statuses.includes(job.status)) return false;
    return terms.every((term) => (term.kind === "word" ? hasWord(job, term.text) !== term.not : compares(term, { text: "", field: (name) => fieldOf(job, name) })));
  });
  const value = order === "p68" && cardMetric ? (/** @type {Job} */ job) => (job.last_metrics || {})[cardMetric] : ORDERS[order] || ORDERS.status;
  return kept.sort((a, b) => compareNullLast(value(a), value(b)) || byCreation(a, b));
}

/** @param {Job} job  @param {string} word  @returns {boolean} */
function hasWord(job, word) {
  return `${job.job_name} ${job.status}`.toLowerCase().includes(word) || job.id.startsWith(word); // an id contains nearly everything
}

/** @param {Job} job  @param {string} name  @returns {any}  as the table's filter reads it */
function fieldOf(job, name) {
  const fields = { tag: job.tags, tags: job.tags, name: job.job_name, epoch: job.current_epoch, progress: job.progress_percent };
  return (job.config ?? {})[name] ?? (job.last_metrics ?? {})[name] ?? /** @type {Record<string, any>} */ (fields)[name] ?? job[name];
}

/** @type {Record<string, (job: Job) => any>} */
const ORDERS = {
  status: (job) => RANK[job.status] ?? 9,
  newest: () => 0,
  name: (job) => job.job_name.toLowerCase(),
  best: (job) => job.best_val_loss,
  progress: (job) => -(job.progress_percent ?? 0),
};

/** @param {any} a  @param {any} b  @returns {number} */
function compareNullLast(a, b) {
  const isLeft = a !== null && a !== undefined;
  const isRight = b !== null && b !== undefined;
  if (!isLeft || !isRight) return Number(isRight) - Number(isLeft);
  if (typeof a === "string") return a.localeCompare(b);
  return a - b;
}

const ENDED_MS = 10 * 60_000; // so long a job keeps its card, or it would vanish under the reader's eyes
const MOST_ENDED = 4; // the table below has all

/**
 * The jobs that have cards: those that go on, and of those that ended a moment ago the newest.
 * @param {Job[]} jobs  @param {string[]} final
 * @param {number} now  ms since 1970, by the server's clock
 * @returns {Map<string, Job>}
 */
export function withCards(jobs, final, now) {
  const endedAt = (/** @type {Job} */ job) => Date.parse(job.completed_at || job.created_at || "");
  const there = jobs.filter((job) => !job.delete_at);
  const ended = there.filter((job) => final.includes(job.status) && now - endedAt(job) < ENDED_MS)
    .sort((a, b) => endedAt(b) - endedAt(a)).slice(0, MOST_ENDED);
  const kept = new Set(ended.map((job) => job.id));
  return new Map(there.filter((job) => !final.includes(job.status) || kept.has(job.id)).map((job) => [job.id, job]));
}
