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

/** One job: its columns hold every cell that was written, or the feed says that they do not yet. */
export class JobFeed extends Feed {
  /**
   * @param {World} world
   * @param {{changed: () => void, epochs: () => Promise<void>, job: (job) => void, facts: () => void,
   *          store: (available: boolean) => void}} hooks   `epochs` resolves after the draw
   */
  constructor(world, hooks) {
    super(world);
    this.hooks = hooks;
    this.intervalMs = 0;
    this._forget(null);
  }

  _forget(jobId) {
    this.jobId = jobId;
    this.store = emptyStore(jobId);
    this.job = null;
    this.facts = {};
    this.notes = [];
    this.noted = ""; // the job's state that facts and notes belong to
    this.isAsking = false;
    this.askAt = 0;
    this.state = jobId ? "loading" : "none"; // none, loading, ready, unknown
    this.isStoreHeard = false; // whether the server hears the store, as it said on this connection
    this.failures = 0;
    this.loadAt = null;
    this.loading = null;
    this.refusal = null;
  }

  /** Show another job, or none. */
  choose(jobId) {
    if (jobId === this.jobId) return Promise.resolve();
    this._obey(this.link.stop());
    this._forget(jobId);
    this.changed();
    return jobId ? this._load() : Promise.resolve();
  }

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

  _takeNotes(shown, key) {
    this.facts = shown.facts || {};
    this.notes = shown.notes || [];
    this.noted = key;
  }

  /** Snapshot by REST, then the live part from its cursor. */
  _load() {
    if (this.loading) return this.loading;
    const jobId = this.jobId;
    this.loadAt = null;
    this.loading = this._fetch(jobId)
      .catch((error) => this._loadFailed(jobId, error))
      .finally(() => {
        if (jobId === this.jobId) this.loading = null;
        this.changed();
      });
    return this.loading;
  }

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
    if (canChange(this.job, this.world.rules)) this._obey(this.link.start(this.world.now()));
  }

  /** With so many columns that the server refuses, fewer epochs. */
  async _snapshot(jobId, points) {
    try {
      return await this.world.call("GET", `/jobs/${jobId}/metrics?points=${points}`);
    } catch (error) {
      if (error.status !== 413 || points < LEAST_POINTS) throw error;
      return this._snapshot(jobId, Math.floor(points / 4));
    }
  }

  /**
   * What the list of all jobs says of ours: one that a restarted store did not know has come back,
   * or one that was over has been begun again.
   */
  listed(job) {
    if (!job || job.id !== this.jobId) return;
    const isBegunAgain = this.state === "ready" && !canChange(this.job, this.world.rules) && canChange(job, this.world.rules) && job.attempt > this.job.attempt;
    if (this.state !== "unknown" && !isBegunAgain) return;
    if (this.state === "unknown") this.state = "loading";
    this.refusal = null;
    this._load();
  }

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

  url(attempt) {
    const stream = this.store.stream ? `&stream=${encodeURIComponent(this.store.stream)}` : "";
    return `/${this.jobId}?after=${this.store.cursor}${stream}&n=${attempt}`;
  }

  heard(frame) {
    if (frame.job && frame.job.id !== this.jobId) return;
    const { action, ack } = judge(this.store, frame);
    const isSynced = this.link.state === "synced" || frame.event === "sync";
    this.link.heard(this.world.now(), action === "synced");
    if (ack && !isSynced) return this._refuse(); // what its sync said nobody knows
    if (frame.job && action !== "reload" && action !== "reconnect") this._noteJob(frame.job);
    if (action === "reload") this._reload();
    else if (action === "reconnect") this._refuse();
    else if (action === "apply") this._apply(frame, ack);
    else if (action === "synced") this._synced(frame);
    else if (action === "store") this._storeSaid(frame.available);
    if (ack && action !== "apply" && action !== "reload") this._acknowledge(ack);
  }

  _synced(frame) {
    if (this.store.stream === null) this.store.stream = frame.stream ?? null;
    if (this.intervalMs > 0) this.outbox.push({ interval_ms: this.intervalMs });
    this._storeSaid(frame.available);
  }

  _storeSaid(isAvailable) {
    this.isStoreHeard = isAvailable;
    this.hooks.store(isAvailable);
  }

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

  _acknowledge(ack) {
    if (this.link.state === "open" || this.link.state === "synced") this.outbox.push(ack);
  }

  /** Another history, or too much of it: take a new snapshot, and only then go on. */
  _reload() {
    this._obey(this.link.stop());
    this._load();
  }

  _noteJob(job) {
    this.job = job;
    this.hooks.job(job);
    this._askForNotes();
  }

  ended({ code, reason }) {
    if (code === 1000) return;
    if (code === 4504) this.state = "unknown";
    this.refusal = { code, reason };
  }

  changed() {
    this.hooks.changed();
  }

  /** Whether what is here is all that there is, as far as can be known at this moment. */
  isCurrent() {
    if (this.state !== "ready" || this.loading || this.loadAt !== null) return false;
    return !canChange(this.job, this.world.rules) || (this.link.state === "synced" && this.isStoreHeard);
  }

  /** Hidden when there is nothing left to wait for. Connected: this connection's sync has come,
   * the link is not silent, and the server itself hears the store. */
  badge() {
    if (!this.jobId || this.state === "none" || this.state === "unknown") return "hidden";
    if (this.job && !canChange(this.job, this.world.rules)) return "hidden";
    if (this.state === "loading" || this.loading || this.loadAt !== null) return "connecting";
    const badge = this.link.badge();
    return badge === "connected" && !this.isStoreHeard ? "connecting" : badge;
  }
}

/** Differs when facts or notes may: the server counts them in `notes_revision`. */
function notesKey(job) {
  return `${job.attempt} ${job.status} ${job.notes_revision ?? 0}`;
}
