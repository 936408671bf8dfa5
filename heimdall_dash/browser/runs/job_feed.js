/* One job's epochs: a snapshot by REST, then frames from its cursor. Sockets, clock and REST come in
   as arguments; the link decides, this only obeys. */

import { judge } from "../wire/cursor.js";
import { Feed } from "../wire/feed.js";
import { backoff } from "../wire/link.js";
import { emptyStore, fromSnapshot, applyFrame } from "../series/columns.js";
import { canChange } from "./status.js";

const SNAPSHOT_POINTS = 20_000;
const LEAST_POINTS = 100; // fewer are not asked for
const ASK_GAP_MS = 500; // between two looks at the notes, however many arrive
export const MOST_ROWS = 40_000; // beyond, the history is fetched again, thinned by the server

/** @import { World } from "../wire/feed.js" */

/** One job: its columns hold every cell that was written, or the feed says that they do not yet. */
export class JobFeed extends Feed {
  /** @type {string|null} */
  jobId = null;
  store = emptyStore(null);
  /** @type {Job|null} */
  job = null;
  /** @type {Facts} */
  facts = {};
  /** @type {Note[]} */
  notes = [];
  noted = ""; // the job's state that facts and notes belong to
  isAsking = false;
  askAt = 0;
  /** @type {"none"|"loading"|"ready"|"unknown"} */
  state = "none";
  isStoreHeard = false; // whether the server hears the store, as it said on this connection
  failures = 0;
  /** @type {number|null} */
  loadAt = null;
  /** @type {Promise<void>|null} */
  loading = null;
  /** @type {{code?: number, reason?: string}|null} */
  refusal = null;
  intervalMs = 0;

  /**
   * @param {World} world
   * @param {{final: string[]}} rules
   * @param {{changed: () => void, epochs: () => Promise<void>, job: (job: Job) => void, facts: () => void,
   *          store: (available: boolean) => void}} hooks   `epochs` resolves after the draw
   */
  constructor(world, rules, hooks) {
    super(world);
    this.rules = rules;
    this.hooks = hooks;
  }

  /** @param {string|null} jobId */
  _forget(jobId) {
    this.jobId = jobId;
    this.store = emptyStore(jobId);
    this.job = null;
    this.facts = {};
    this.notes = [];
    this.noted = "";
    this.isAsking = false;
    this.askAt = 0;
    this.state = jobId ? "loading" : "none";
    this.isStoreHeard = false;
    this.failures = 0;
    this.loadAt = null;
    this.loading = null;
    this.refusal = null;
  }

  /**
   * Show another job, or none.
   * @param {string|null} jobId
   * @returns {Promise<void>}
   */
  choose(jobId) {
    if (jobId === this.jobId) return Promise.resolve();
    this._obey(this.link.stop());
    this._forget(jobId);
    this.changed();
    return jobId ? this._load() : Promise.resolve();
  }

  /** @param {number} ms */
  setInterval(ms) {
    this.intervalMs = ms;
    if (this.link.state === "synced") this.outbox.push({ interval_ms: ms });
  }

  /** Facts and notes again, without the epochs: when the job says that there are others. */
  async _askForNotes() {
    const key = this.job ? notesKey(this.job) : "";
    const isNews = this.state === "ready" && this.noted !== key;
    if (!isNews || this.isAsking || this.world.now() < this.askAt) return; // the next tick looks again
    const jobId = this.jobId;
    this.isAsking = true;
    this.askAt = this.world.now() + ASK_GAP_MS;
    try {
      const shown = await this.world.call("GET", `/jobs/${jobId}`);
      if (jobId !== this.jobId) return;
      this._takeNotes(shown, key);
      this.hooks.facts();
    } catch {
      // the link says it if the server is away; the next tick tries again
    } finally {
      if (jobId === this.jobId) this.isAsking = false;
    }
  }

  /** @param {{facts?: Facts, notes?: Note[]}} shown  @param {string} key */
  _takeNotes(shown, key) {
    this.facts = shown.facts || {};
    this.notes = shown.notes || [];
    this.noted = key;
  }

  /**
   * Snapshot by REST, then the live part from its cursor.
   * @returns {Promise<void>}
   */
  _load() {
    if (this.loading) return this.loading;
    const jobId = /** @type {string} */ (this.jobId);
    this.loadAt = null;
    this.loading = this._fetch(jobId)
      .catch((error) => this._loadFailed(jobId, error))
      .finally(() => {
        if (jobId === this.jobId) this.loading = null;
        this.changed();
      });
    return this.loading;
  }

  /** @param {string} jobId */
  async _fetch(jobId) {
    const [shown, snapshot] = await Promise.all([
      this.world.call("GET", `/jobs/${jobId}`), this._snapshot(jobId, SNAPSHOT_POINTS),
    ]);
    if (jobId !== this.jobId) return;
    this._takeNotes(shown, notesKey(shown.job));
    this.store = fromSnapshot(jobId, snapshot);
    this.state = "ready";
    this.failures = 0;
    this._noteJob(shown.job);
    this.hooks.facts();
    this.hooks.epochs();
    if (canChange(this.job, this.rules)) this._obey(this.link.start(this.world.now()));
  }

  /**
   * With so many columns that the server refuses, fewer epochs.
   * @param {string} jobId
   * @param {number} points
   * @returns {Promise<any>}
   */
  async _snapshot(jobId, points) {
    try {
      return await this.world.call("GET", `/jobs/${jobId}/metrics?points=${points}`);
    } catch (/** @type {any} */ error) {
      if (error.status !== 413 || points < LEAST_POINTS) throw error;
      return this._snapshot(jobId, Math.floor(points / 4));
    }
  }

  /**
   * What the list of all jobs says of ours: one that a restarted store did not know has come back,
   * or one that was over has been begun again.
   * @param {Job|undefined} job
   */
  listed(job) {
    if (!job || job.id !== this.jobId) return;
    const isBegunAgain = this.state === "ready" && !canChange(this.job, this.rules) && canChange(job, this.rules) && job.attempt > this.job?.attempt;
    if (this.state !== "unknown" && !isBegunAgain) return;
    if (this.state === "unknown") this.state = "loading";
    this.refusal = null;
    this._load();
  }

  /** @param {string} jobId  @param {any} error */
  _loadFailed(jobId, error) {
    if (jobId !== this.jobId) return;
    if (error.status === 404 || error.status === 422) {
      this.state = "unknown";
      return;
    }
    this.loadAt = this.world.now() + Math.max(500, backoff(this.failures, this.world.random));
    this.failures += 1;
  }

  tick() {
    super.tick();
    if (this.loadAt !== null && this.world.now() >= this.loadAt) this._load();
    this._askForNotes();
  }

  wake() {
    super.wake();
    if (this.loadAt !== null) this._load();
  }

  /** @param {number} attempt  @returns {string} */
  url(attempt) {
    const stream = this.store.stream ? `&stream=${encodeURIComponent(this.store.stream)}` : "";
    return `/${this.jobId}?after=${this.store.cursor}${stream}&n=${attempt}`;
  }

  /** @param {Frame} frame */
  heard(frame) {
    if (frame.job && frame.job.id !== this.jobId) return;
    const { action, ack } = judge(this.store, frame);
    const isSynced = this.link.state === "synced" || frame.event === "sync";
    this.link.heard(this.world.now(), action === "synced");
    if (ack && !isSynced) return this._refuse(); // what its sync said nobody knows
    if (frame.job && action !== "reload" && action !== "reconnect") this._noteJob(frame.job);
    if (action === "reload") this._reload();
    else if (action === "reconnect") this._refuse();
    else if (action === "apply" && ack) this._apply(frame, ack);
    else if (action === "synced") this._synced(frame);
    else if (action === "store") this._storeSaid(Boolean(frame.available));
    if (ack && action !== "apply" && action !== "reload") this._acknowledge(ack);
  }

  /** @param {Frame} frame */
  _synced(frame) {
    if (this.store.stream === null) this.store.stream = frame.stream ?? null;
    if (this.intervalMs > 0) this.outbox.push({ interval_ms: this.intervalMs });
    this._storeSaid(Boolean(frame.available));
  }

  /** @param {boolean} isAvailable */
  _storeSaid(isAvailable) {
    this.isStoreHeard = isAvailable;
    this.hooks.store(isAvailable);
  }

  /** @param {Frame} frame  @param {Object} ack */
  _apply(frame, ack) {
    const isThinned = this.store.total > this.store.columns.epoch.length;
    if (applyFrame(this.store, frame) !== "applied") return this._refuse();
    const attempt = this.link.attempt;
    this.hooks.epochs().then(() => {
      if (this.link.attempt === attempt) this._acknowledge(ack);
    });
    const isTooLong = this.store.columns.epoch.length > MOST_ROWS;
    if (isTooLong || (isThinned && frame.take_back !== undefined)) this._reload();
  }

  /** @param {Object} ack */
  _acknowledge(ack) {
    if (this.link.state === "open" || this.link.state === "synced") this.outbox.push(ack);
  }

  /** Another history, or too much of it: take a new snapshot, and only then go on. */
  _reload() {
    this._obey(this.link.stop());
    this._load();
  }

  /** @param {Job} job */
  _noteJob(job) {
    this.job = job;
    this.hooks.job(job);
    this._askForNotes();
  }

  /** @param {import("../wire/link.js").Order} order */
  ended({ code, reason }) {
    if (code === 1000) return;
    if (code === 4504) this.state = "unknown";
    this.refusal = { code, reason };
  }

  changed() {
    this.hooks.changed();
  }

  /**
   * Whether what is here is all that there is, as far as can be known at this moment.
   * @returns {boolean}
   */
  isCurrent() {
    if (this.state !== "ready" || this.loading || this.loadAt !== null) return false;
    return !canChange(this.job, this.rules) || (this.link.state === "synced" && this.isStoreHeard);
  }

  /**
   * Hidden when there is nothing left to wait for. Connected: this connection's sync has come,
   * the link is not silent, and the server itself hears the store.
   * @returns {"connected"|"connecting"|"hidden"}
   */
  badge() {
    if (!this.jobId || this.state === "none" || this.state === "unknown") return "hidden";
    if (this.job && !canChange(this.job, this.rules)) return "hidden";
    if (this.state === "loading" || this.loading || this.loadAt !== null) return "connecting";
    const badge = this.link.badge();
    return badge === "connected" && !this.isStoreHeard ? "connecting" : badge;
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
