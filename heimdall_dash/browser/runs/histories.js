/* The epochs of the runs laid over the chosen one, kept up to date by REST: fetched when the list of all jobs says
   that a job moved, and at no other time. Clock and REST come in as arguments. */

import { backoff } from "../wire/link.js";
/** @import { Store } from "../series/columns.js" */

import { emptyStore, fromSnapshot, applyFrame } from "../series/columns.js";

export const POINTS = 2000; // of each history; beyond twice as many, it is thinned anew by the server
export const GAP_MS = 500; // between two fetches of one job
const AT_ONCE = 4; // fetches under way: a browser has six connections, and the page needs some

/** @typedef {{store: Store, seen: string, isBusy: boolean, dueAt: number, failures: number}} Kept   `dueAt`: ms */

export class Histories {
  /**
   * @param {{call: Call, now: () => number, random: () => number}} world
   * @param {(isFirst: boolean) => void} changed   `isFirst`: nothing of the job was known before
   */
  constructor(world, changed) {
    this.world = world;
    this.changed = changed;
    /** @type {Map<string, Kept>} */
    this.kept = new Map();
    /** @type {Job[]} */
    this.wanted = [];
  }

  /**
   * Fetch what is missing of these jobs, forget all others. Cheap when nothing moved: call it with
   * every news of the list, and now and then for what failed or came too soon after another.
   * @param {Job[]} jobs
   */
  follow(jobs) {
    this.wanted = jobs;
    const wanted = new Set(jobs.map((job) => job.id));
    for (const id of this.kept.keys()) if (!wanted.has(id)) this.kept.delete(id);
    let busy = [...this.kept.values()].filter(({ isBusy }) => isBusy).length;
    for (const job of jobs) {
      const kept = this._kept(job.id);
      const isDue = kept.seen !== position(job) && !kept.isBusy && this.world.now() >= kept.dueAt;
      if (!isDue || busy >= AT_ONCE) continue;
      busy += 1;
      this._fetch(job, kept).then(() => this.follow(this.wanted));
    }
  }

  /** The server is back: do not sit out the delays. */
  wake() {
    for (const kept of this.kept.values()) if (kept.failures > 0) kept.dueAt = 0;
  }

  /**
   * @param {string} id
   * @returns {Store} empty until the first answer
   */
  of(id) {
    return this.kept.get(id)?.store || emptyStore(id);
  }

  /**
   * Whether there has been an answer.
   * @param {string} id
   * @returns {boolean}
   */
  isKnown(id) {
    return Boolean(this.kept.get(id)?.seen);
  }

  /** @param {string} id  @returns {Kept} */
  _kept(id) {
    const known = this.kept.get(id);
    if (known) return known;
    const kept = { store: emptyStore(id), seen: "", isBusy: false, dueAt: 0, failures: 0 };
    this.kept.set(id, kept);
    return kept;
  }

  /** @param {Job} job  @param {Kept} kept */
  async _fetch(job, kept) {
    const began = this.world.now();
    const seen = position(job);
    kept.isBusy = true;
    try {
      const store = await this._newer(job, kept.store);
      kept.store = store;
      const isFirst = !kept.seen;
      Object.assign(kept, { seen, failures: 0, dueAt: began + GAP_MS });
      this.changed(isFirst);
    } catch {
      kept.dueAt = this.world.now() + Math.max(GAP_MS, backoff(kept.failures, this.world.random));
      kept.failures += 1;
    } finally {
      kept.isBusy = false;
    }
  }

  /**
   * What was written after our cursor; all of it when the server cannot go on from there.
   * @param {Job} job
   * @param {Store} store
   * @returns {Promise<Store>}
   */
  async _newer(job, store) {
    const path = `/jobs/${job.id}/metrics?points=${POINTS}`;
    if (store.stream === null || store.columns.epoch.length >= 2 * POINTS) {
      return fromSnapshot(job.id, await this.world.call("GET", path));
    }
    const stands = `cursor=${store.cursor}&stream=${encodeURIComponent(store.stream)}`;
    const isThinned = store.total > store.columns.epoch.length;
    const got = await this.world.call("GET", `${path}&${stands}`);
    if (got.after === undefined) return fromSnapshot(job.id, got);
    const isBeyondUs = isThinned && got.take_back !== undefined; // what was left out may be gone
    const isRead = !isBeyondUs && ["applied", "repeat"].includes(applyFrame(store, got));
    return isRead ? store : fromSnapshot(job.id, await this.world.call("GET", path));
  }
}

/**
 * Changes with every write, and when the job was begun anew or its history restored.
 * @param {Job} job
 * @returns {string}
 */
function position(job) {
  return `${job.attempt} ${job.position} ${job.last_metric_at}`;
}
