/* One job that the page watches: a snapshot by REST, then parts of frames from its cursor. The watch
   has the socket; this says what is held of the job, and what is still missing. */

/** @import { Store } from "../series/columns.js" */

import { comparePositions } from "../wire/cursor.js";
import { backoff } from "../wire/link.js";
import { emptyStore, fromSnapshot, applyFrame, applyOwed } from "../series/columns.js";
import { fromSeries } from "../series/named.js";
import { canChange } from "./status.js";
import { WantedMetrics } from "./wanted_metrics.js";

const WHOLE_CELLS = 100_000; // of a history that is held whole: about 500 kB on the wire
const ASK_GAP_MS = 500; // between two looks at the notes, however many arrive
export const MOST_ROWS = 40_000; // beyond, the history is fetched again, thinned by the server
const OVER = 1000;

/**
 * @typedef {Object} Around
 * @property {Call} call
 * @property {() => number} now  @property {() => number} random
 * @property {{final: string[]}} rules
 * @property {() => void} changed          something about the job is other than before
 * @property {() => void} stands           it stands elsewhere: the server has to hear of it
 * @property {(id: string) => void} arrived    other columns: to be drawn
 * @property {(id: string) => void} facts      facts or notes are there, or others
 */

export class WatchedJob {
  /** @param {string} id  @param {Around} around */
  constructor(id, around) {
    this.id = id;
    this.around = around;
    this.mostRows = 20_000; // of a history that is held whole
    this.isLarge = false; // then only the metrics that somebody looks at are held
    this.wanted = new WantedMetrics(this); // these metrics
    this.store = emptyStore(id);
    /** @type {Job|null} */
    this.job = null;
    /** @type {Facts} */
    this.facts = {};
    /** @type {Note[]} */
    this.notes = [];
    /** @type {Set<string>} */
    this.known = new Set(); // names of metrics, in the order in which they came
    this.noted = ""; // the job's state that facts and notes belong to
    this.isAsking = false;
    this.askAt = 0;
    /** @type {"loading"|"ready"|"unknown"} */
    this.state = "loading";
    this.isSynced = false; // on this connection the server goes on where the store ends
    this.failures = 0;
    /** @type {number|null} */
    this.loadAt = null;
    /** @type {Promise<void>|null} */
    this.loading = null;
    /** @type {{code?: number, reason?: string}|null} */
    this.refusal = null;
    this.isAnew = true; // loaded since the server last heard where it stands
    this.isLeft = false; // nobody watches it any more
  }

  /** @returns {string[]} */
  get names() {
    return [...this.known];
  }

  /** Whether there is something to hear of it, from the store's cursor on. @returns {boolean} */
  isFollowed() {
    return this.state === "ready" && !this.loading && this.loadAt === null && canChange(this.job, this.around.rules);
  }

  /** @returns {{after: string, stream?: string, metrics: string[]|null}} */
  stands() {
    const { cursor, stream } = this.store;
    this.wanted.saidAt = cursor;
    return { after: cursor, ...(stream ? { stream } : {}), metrics: this.isLarge ? [...this.wanted.names] : null };
  }

  /* ---------------------------------------------------------------- by REST */

  /**
   * Snapshot, then the live part from its cursor.
   * @returns {Promise<void>}
   */
  load() {
    if (this.loading) return this.loading;
    this.loadAt = null;
    this.isSynced = false;
    this.isAnew = true;
    this.loading = this._fetch()
      .catch((error) => this._loadFailed(error))
      .finally(() => {
        this.loading = null;
        if (this.isLeft) return;
        this.around.stands();
        this.around.changed();
      });
    this.around.stands(); // until then nothing of it is wanted
    return this.loading;
  }

  async _fetch() {
    const { call } = this.around;
    const [shown, whole] = await Promise.all([call("GET", `/jobs/${this.id}`), this._whole()]);
    this.isLarge = whole === null;
    const first = this.isLarge ? this.wanted.first(shown.metric_names) : [];
    const store = whole ?? fromSeries(this.id, await this.wanted.series(first));
    if (this.isLeft) return;
    this._takeNotes(shown, notesKey(shown.job));
    this.store = store;
    this.wanted.loaded(first);
    this.known = new Set([...(shown.metric_names ?? []), ...Object.keys(this.store.columns).filter((name) => name !== "epoch" && name !== "timestamp")]);
    this.state = "ready";
    this.failures = 0;
    this.noteJob(shown.job);
    this.around.facts(this.id);
    this.around.arrived(this.id);
  }

  /**
   * Everything, where that is little. @returns {Promise<Store|null>}  null: it is too much
   */
  async _whole() {
    const path = `/jobs/${this.id}/metrics?most_epochs=${this.mostRows}&most_cells=${WHOLE_CELLS}`;
    const answer = await this.around.call("GET", path);
    return answer.columns === null ? null : fromSnapshot(this.id, answer);
  }

  /** @param {any} error */
  _loadFailed(error) {
    if (this.isLeft) return;
    if (error.status === 404 || error.status === 422) {
      this.state = "unknown";
      return;
    }
    this.loadAt = this.around.now() + Math.max(500, backoff(this.failures, this.around.random));
    this.failures += 1;
  }

  /** Facts and notes again, without the epochs: when the job says that there are others. */
  async _askForNotes() {
    const { now, call } = this.around;
    const key = this.job ? notesKey(this.job) : "";
    const isNews = this.state === "ready" && this.noted !== key;
    if (!isNews || this.isAsking || now() < this.askAt) return; // the next tick looks again
    this.isAsking = true;
    this.askAt = now() + ASK_GAP_MS;
    try {
      const shown = await call("GET", `/jobs/${this.id}`);
      if (this.isLeft) return;
      this._takeNotes(shown, key);
      this.around.facts(this.id);
    } catch {
      // the link says it if the server is away; the next tick tries again
    } finally {
      this.isAsking = false;
    }
  }

  /** @param {{facts?: Facts, notes?: Note[]}} shown  @param {string} key */
  _takeNotes(shown, key) {
    this.facts = shown.facts || {};
    this.notes = shown.notes || [];
    this.noted = key;
  }

  /* ---------------------------------------------------------------- what the server says */

  /**
   * The job's part of a frame. @returns {boolean} whether there is something to draw
   * @param {any} part
   * @param {Job|undefined} job  as the part has it now, if it says so
   */
  heard(part, job) {
    if (part.recovered) this.isSynced = true;
    if (job && this.isSynced) this.noteJob(job);
    const isNew = this.isSynced && part.after !== undefined && this._take(part);
    if (part.recovered === false) this.load();
    if (part.closed) this._closed(part.closed);
    return isNew;
  }

  /** @param {any} part  @returns {boolean} */
  _take(part) {
    const { store } = this;
    if (store.stream === null) store.stream = part.stream;
    if (part.stream !== store.stream) {
      this.load();
      return false;
    }
    for (const name of part.names ?? []) this.known.add(name);
    if (part.columns && this.isLarge && String(part.cursor) === store.cursor) return applyOwed(store, part);
    if (!part.columns || comparePositions(part.cursor, store.cursor) <= 0) return false;
    const isThinned = store.total > store.columns.epoch.length;
    const isApplied = applyFrame(store, part) === "applied";
    const isTooLong = store.columns.epoch.length > MOST_ROWS;
    // a gap is never drawn over
    if (!isApplied || isTooLong || (isThinned && part.take_back !== undefined)) this.load();
    return isApplied;
  }

  /** @param {{code: number, reason: string}} closed */
  _closed({ code, reason }) {
    this.isSynced = false;
    if (code === OVER) return;
    if (code < 4500) { // come back later
      this.loadAt = this.around.now() + Math.max(500, backoff(this.failures, this.around.random));
      this.failures += 1;
      return;
    }
    if (code === 4504) this.state = "unknown";
    this.refusal = { code, reason };
  }

  /**
   * What the list of all jobs says of ours: one that a restarted store did not know has come back,
   * one that was over has been begun again, or has another name.
   * @param {Job|undefined} job
   */
  listed(job) {
    const { rules } = this.around;
    if (!job) return;
    const isBegunAgain = this.state === "ready" && !canChange(this.job, rules) && canChange(job, rules) && job.attempt > this.job?.attempt;
    if (this.state !== "unknown" && !isBegunAgain) return this._said(job);
    if (this.state === "unknown") this.state = "loading";
    this.refusal = null;
    this.load();
  }

  /** What people say of a job that nothing else is heard of any more. @param {Job} job */
  _said(job) {
    if (this.state !== "ready" || !this.job || canChange(this.job, this.around.rules)) return;
    const { job_name, tags, group, notes, is_hidden } = job;
    const said = { ...this.job, job_name, tags, group, notes, is_hidden };
    if (JSON.stringify(said) !== JSON.stringify(this.job)) this.noteJob(said);
  }

  /** @param {Job} job */
  noteJob(job) {
    this.job = job;
    this.around.changed();
    this._askForNotes();
  }

  tick() {
    this.wanted.tick();
    if (this.loadAt !== null && this.around.now() >= this.loadAt) this.load();
    this._askForNotes();
  }

  wake() {
    if (this.loadAt !== null) this.load();
  }
}

/**
 * Differs when facts or notes may: the server counts them in `notes_revision`.
 * @param {Job} job
 * @returns {string}
 */
function notesKey(job) {
  return `${job.attempt} ${job.status} ${job.notes_revision ?? 0}`;
}
