/* The chosen job, as the page shows it: a view on what the watch holds of it, and on the link. */

import { emptyStore } from "../series/columns.js";
import { canChange } from "./status.js";

const NONE = { store: emptyStore(null), job: null, facts: {}, notes: [], names: [], refusal: null, loadAt: null };

export class JobFeed {
  /** @type {string|null} */
  jobId = null;

  /**
   * @param {import("./watch.js").Watch} watch
   * @param {import("./jobs_feed.js").JobsFeed} list
   */
  constructor(watch, list) {
    this.watch = watch;
    this.list = list;
  }

  get run() {
    return this.jobId ? this.watch.of(this.jobId) : null;
  }

  get store() {
    return this.run?.store ?? NONE.store;
  }

  /** @returns {Job|null} */
  get job() {
    return this.run?.job ?? null;
  }

  /** @returns {Facts} */
  get facts() {
    return this.run?.facts ?? NONE.facts;
  }

  /** @returns {Note[]} */
  get notes() {
    return this.run?.notes ?? NONE.notes;
  }

  /** @returns {string[]} names of its metrics, in the order in which they came */
  get names() {
    return this.run?.names ?? NONE.names;
  }

  /** @param {string} metric  @returns {boolean} whether its values are on their way */
  isAwaited(metric) {
    return this.run?.wanted.pending.has(metric) ?? false;
  }

  /** @returns {string} none, loading, ready, unknown */
  get state() {
    return this.run?.state ?? "none";
  }

  /** @returns {{code?: number, reason?: string}|null} */
  get refusal() {
    return this.run?.refusal ?? null;
  }

  /** @returns {number|null} when it is loaded again after a failure */
  get loadAt() {
    return this.run?.loadAt ?? null;
  }

  /**
   * Show another job, or none.
   * @param {string|null} jobId
   * @returns {Promise<void>}
   */
  choose(jobId) {
    if (jobId === this.jobId) return Promise.resolve();
    this.jobId = jobId;
    return this.watch.choose(jobId);
  }

  /** Whether more may come of it. */
  isLive() {
    return canChange(this.job, this.watch.rules);
  }

  /**
   * Whether what is here is all that there is, as far as can be known at this moment.
   * @returns {boolean}
   */
  isCurrent() {
    const { run } = this;
    if (!run || run.state !== "ready" || run.loading || run.loadAt !== null) return false;
    return !this.isLive() || (this._isHeard() && this.list.isStoreHeard);
  }

  /**
   * Hidden when there is nothing left to wait for. Connected: this connection's sync has come and
   * the server goes on from our cursor, the link is not silent, and the server itself hears the store.
   * @returns {"connected"|"connecting"|"hidden"}
   */
  badge() {
    const { run } = this;
    if (!run || run.state === "unknown" || (run.job && !this.isLive())) return "hidden";
    if (run.state === "loading" || run.loading || run.loadAt !== null) return "connecting";
    const badge = this.list.link.badge();
    return badge === "connected" && !(this._isHeard() && this.list.isStoreHeard) ? "connecting" : badge;
  }

  _isHeard() {
    return Boolean(this.run?.isSynced) && this.list.link.state === "synced";
  }
}
