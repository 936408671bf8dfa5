/* All jobs that the page watches, over the one socket that the list of jobs has, too: it says which, and
   hands each its part of what comes. */

import { WatchedJob } from "./watched_job.js";

const CHOSEN_ROWS = 20_000; // of a history that is held whole; of a longer one, what is looked at
const OTHERS_ROWS = 2_000; // of each run laid over it: there may be a hundred
const SAY_MS = 10; // several that change together are said together

/**
 * @typedef {Object} WatchHooks
 * @property {() => void} changed   something about a job is other than before
 * @property {(ids: string[]) => Promise<void>} arrived  columns of these jobs are others; resolves after the draw
 * @property {(id: string) => void} facts
 *
 * @typedef {Object} Line   the socket, as the list of jobs has it
 * @property {(message: Object) => void} push   said once the connection's sync has come, else not at all
 * @property {() => boolean} isSynced
 */

export class Watch {
  /**
   * @param {{call: Call, now: () => number, later: (f: () => void, ms: number) => void, random: () => number}} world
   * @param {{final: string[]}} rules
   * @param {WatchHooks} hooks
   */
  constructor(world, rules, hooks) {
    this.world = world;
    this.rules = rules;
    this.hooks = hooks;
    /** @type {Map<string, WatchedJob>} */
    this.jobs = new Map();
    /** @type {string|null} */
    this.chosen = null;
    /** @type {string[]} */
    this.others = [];
    this.isSaying = false;
    this.said = "";
    /** @type {Line|null} */
    this.line = null;
  }

  /**
   * The job that the page is about, beside the others.
   * @param {string|null} id
   * @returns {Promise<void>} when it is loaded
   */
  choose(id) {
    this.chosen = id;
    return this._follow();
  }

  /**
   * Watch these jobs, and no others than the chosen one.
   * @param {string[]} ids
   * @returns {Promise<void>} when what is new is loaded
   */
  follow(ids) {
    this.others = ids;
    return this._follow();
  }

  /** @param {string} id  @returns {WatchedJob|null} null: it is not watched */
  of(id) {
    return this.jobs.get(id) ?? null;
  }

  async _follow() {
    const wanted = new Set([...(this.chosen ? [this.chosen] : []), ...this.others]);
    for (const [id, job] of this.jobs) {
      if (wanted.has(id)) continue;
      job.isLeft = true;
      this.jobs.delete(id);
    }
    const fresh = [...wanted].filter((id) => !this.jobs.has(id)).map((id) => new WatchedJob(id, this._around()));
    for (const [id, job] of this.jobs) job.mostRows = id === this.chosen ? CHOSEN_ROWS : OTHERS_ROWS;
    for (const job of fresh) {
      job.mostRows = job.id === this.chosen ? CHOSEN_ROWS : OTHERS_ROWS;
      this.jobs.set(job.id, job);
    }
    this.say();
    this.hooks.changed();
    await Promise.all(fresh.map((job) => job.load()));
  }

  /** @returns {import("./watched_job.js").Around} */
  _around() {
    const { call, now, random } = this.world;
    return {
      call, now, random, rules: this.rules, changed: () => this.hooks.changed(), stands: () => this.say(),
      arrived: (id) => { this.hooks.arrived([id]); }, facts: (id) => this.hooks.facts(id),
    };
  }

  /* ---------------------------------------------------------------- on the socket */

  /** Where the watched jobs stand, soon and once for all that ask for it. */
  say() {
    if (this.isSaying) return;
    this.isSaying = true;
    this.world.later(() => {
      this.isSaying = false;
      this._say();
    }, SAY_MS);
  }

  _say() {
    if (!this.line?.isSynced()) return;
    const followed = [...this.jobs.values()].filter((job) => job.isFollowed());
    const ids = JSON.stringify(followed.map(({ id, isLarge, wanted }) => [id, isLarge ? [...wanted.names] : null]));
    const anew = followed.filter((job) => job.isAnew);
    if (ids === this.said && anew.length === 0) return; // the server knows
    // what was loaded anew leaves first: the server shall say again whether it goes on from there
    if (this.said && anew.length) this._push(followed.filter((job) => !job.isAnew));
    for (const job of anew) job.isAnew = false;
    this.said = ids;
    this._push(followed);
  }

  /** @param {WatchedJob[]} jobs */
  _push(jobs) {
    this.line?.push({ watch: Object.fromEntries(jobs.map((job) => [job.id, job.stands()])) });
    for (const job of jobs) job.wanted.wasSaid();
  }

  /** A connection begins: its server has heard nothing yet. */
  synced() {
    this.said = "";
    for (const job of this.jobs.values()) job.isSynced = false;
    this._say();
  }

  lost() {
    for (const job of this.jobs.values()) job.isSynced = false;
  }

  /**
   * Parts of a frame. @returns {Promise<void>} when what they changed is drawn
   * @param {Record<string, any>} parts
   * @param {(id: string) => Job|undefined} jobOf   as it is now, for parts that say something of it
   */
  async heard(parts, jobOf) {
    const drawn = Object.entries(parts).flatMap(([id, part]) => (this.jobs.get(id)?.heard(part, part.job && jobOf(id)) ? [id] : []));
    if (drawn.length) await this.hooks.arrived(drawn);
  }

  /**
   * The server said that coming back is of no use.
   * @param {{code?: number, reason?: string}} refusal
   */
  refused(refusal) {
    for (const job of this.jobs.values()) job.refusal = refusal;
  }

  /** @param {Map<string, Job>} jobs  the list of all jobs has news */
  listed(jobs) {
    for (const job of this.jobs.values()) job.listed(jobs.get(job.id));
  }

  tick() {
    for (const job of this.jobs.values()) job.tick();
  }

  wake() {
    for (const job of this.jobs.values()) job.wake();
  }
}
