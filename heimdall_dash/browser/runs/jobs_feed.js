/* The one socket of the page: the list of all jobs, live, without their epochs, and the parts of those
   that the page watches. */

import { Feed } from "../wire/feed.js";

/**
 * @typedef {Object} ListHooks
 * @property {() => void} changed
 * @property {() => void} jobs
 * @property {(available: boolean|undefined) => void} store
 * @property {() => void} synced
 */

export class JobsFeed extends Feed {
  /**
   * @param {import("../wire/feed.js").World} world
   * @param {ListHooks} hooks
   * @param {import("./watch.js").Watch} watch
   */
  constructor(world, hooks, watch) {
    super(world);
    this.hooks = hooks;
    this.watch = watch;
    /** @type {Map<string, Job>} */
    this.jobs = new Map();
    /** @type {Map<string, Job>} */
    this.told = new Map(); // as this socket said: what it says later are changes of that
    this.isKnown = false;
    this.isStoreHeard = false; // whether the server hears the store, as it said on this connection
    this.intervalMs = 0;
    watch.line = { push: (message) => this.outbox.push(message), isSynced: () => this.link.state === "synced" };
  }

  start() {
    this._obey(this.link.start(this.world.now()));
  }

  /** @param {number} ms  the least time between two frames of watched jobs */
  setInterval(ms) {
    this.intervalMs = ms;
    if (this.link.state === "synced") this.outbox.push({ interval_ms: ms });
  }

  /** @param {number} attempt  @returns {string} */
  url(attempt) {
    return `?n=${attempt}`;
  }

  /** @param {any} frame */
  heard(frame) {
    const isSync = frame.event === "sync";
    const isSynced = isSync || this.link.state === "synced";
    this.link.heard(this.world.now(), isSync);
    if (frame.event === "heartbeat") return;
    if (!isSynced) return this._refuse(); // changes of a list that nobody knows
    if (frame.event === "metrics") return this._parts(frame);
    if (isSync) this._synced(frame);
    else if (frame.event === "jobs") this._listed(frame);
    else if (frame.event === "store") this._storeSaid(frame.available);
    this.outbox.push({ ack: frame.cursor });
    if (isSync) this.watch.synced();
  }

  /** @param {any} frame */
  _synced(frame) {
    this.told = new Map(frame.jobs.map((/** @type {Job} */ job) => [job.id, job]));
    this.jobs = new Map(this.told);
    this.isKnown = true;
    if (this.intervalMs > 0) this.outbox.push({ interval_ms: this.intervalMs });
    this._storeSaid(frame.available);
    this.hooks.jobs();
    this.hooks.synced();
  }

  /** @param {any} frame */
  _listed(frame) {
    for (const job of frame.jobs) this._tell(job.id, job);
    for (const [id, news] of Object.entries(frame.changes ?? {})) this._tell(id, changed(this.told.get(id), news));
    for (const id of frame.deleted ?? []) {
      this.told.delete(id);
      this.jobs.delete(id);
    }
    this.hooks.jobs();
  }

  /** @param {any} frame */
  _parts(frame) {
    const { attempt } = this.link;
    let isListed = false;
    for (const [id, { job }] of Object.entries(frame.jobs)) {
      if (!job) continue;
      this._tell(id, changed(this.told.get(id), job));
      isListed = true;
    }
    const drawn = this.watch.heard(frame.jobs, (id) => this.told.get(id));
    if (isListed) this.hooks.jobs();
    drawn.then(() => {
      // an acknowledgement is of no use to another connection
      if (this.link.attempt === attempt && this.link.state === "synced") this.outbox.push({ ack: frame.cursor });
    });
  }

  /** @param {string} id  @param {Job} job */
  _tell(id, job) {
    this.told.set(id, job);
    this.jobs.set(id, job);
  }

  /** @param {boolean|undefined} isAvailable */
  _storeSaid(isAvailable) {
    this.isStoreHeard = Boolean(isAvailable);
    this.hooks.store(isAvailable);
  }

  /** @param {import("../wire/link.js").Order} order */
  ended({ code, reason }) {
    this.watch.refused({ code, reason });
  }

  changed() {
    if (this.link.state !== "synced") this.watch.lost();
    this.hooks.changed();
  }
}

/**
 * The job with what changed; of its newest values those that did.
 * @param {Job|undefined} before
 * @param {any} news
 * @returns {Job}
 */
export function changed(before, news) {
  const job = { ...before, ...news };
  if (before?.last_metrics && news.last_metrics) {
    job.last_metrics = { ...before.last_metrics, ...news.last_metrics };
    for (const [name, value] of Object.entries(news.last_metrics)) if (value === null && !(name in before.last_metrics)) delete job.last_metrics[name];
  }
  return job;
}
