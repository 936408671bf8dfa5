/* The list of all jobs, live, without their epochs. */

import { Feed } from "../wire/feed.js";

const LIST_INTERVAL_MS = 400; // cards need no more

/** All jobs, without epochs. */
export class JobsFeed extends Feed {
  /**
   * @param {import("../wire/feed.js").World} world
   * @param {{changed: () => void, jobs: () => void, store: (available: boolean|undefined) => void, synced: () => void}} hooks
   */
  constructor(world, hooks) {
    super(world);
    this.hooks = hooks;
    /** @type {Map<string, Job>} */
    this.jobs = new Map();
    this.isKnown = false;
  }

  start() {
    this._obey(this.link.start(this.world.now()));
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
    if (isSync) this._synced(frame);
    else if (frame.event === "jobs") {
      for (const job of frame.jobs) this.jobs.set(job.id, job);
      for (const id of frame.deleted || []) this.jobs.delete(id);
      this.hooks.jobs();
    } else if (frame.event === "store") {
      this.hooks.store(frame.available);
    }
    this.outbox.push({ ack: frame.cursor });
  }

  /** @param {any} frame */
  _synced(frame) {
    this.jobs = new Map(frame.jobs.map((/** @type {Job} */ job) => [job.id, job]));
    this.isKnown = true;
    this.outbox.push({ interval_ms: LIST_INTERVAL_MS });
    this.hooks.store(frame.available);
    this.hooks.jobs();
    this.hooks.synced();
  }

  changed() {
    this.hooks.changed();
  }
}
