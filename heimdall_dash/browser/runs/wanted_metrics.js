/* Of a history too large to be held whole: the metrics that somebody looks at, what of them is still on
   its way, and what was looked at closely. */

import { epochsIn } from "../figure/axes.js";
import { joinSeries, leftOut } from "../series/named.js";
import { BEGINNING, comparePositions } from "../wire/cursor.js";

const SERIES_POINTS = 1_500; // of each metric: about what a chart can show
const MOST_FIRST = 12; // losses that are asked for before anybody looks
const MOST_ASKED = 60; // metrics of one request
const FETCH_AGAIN_MS = 1_000;
const NO_METRIC = "-"; // an answer without any still says where the history stands

export class WantedMetrics {
  /** @param {import("./watched_job.js").WatchedJob} job */
  constructor(job) {
    this.job = job;
    /** @type {Set<string>} */
    this.names = new Set();
    /** @type {Set<string>} */
    this.pending = new Set(); // of these, not here yet
    /** @type {Set<string>} */
    this.looked = new Set(); // stretches that were looked at closely
    this.saidAt = BEGINNING; // what the server knows to be wanted comes by frames from there on
    this.isFetching = false;
    this.fetchAt = 0;
  }

  /**
   * What is loaded before anything else: what is wanted already, and losses. Before anybody knew the
   * job's metrics, charts that stand for every job asked for theirs.
   * @param {string[]} known  all metrics of the job
   * @returns {string[]}
   */
  first(known) {
    this.names = new Set([...this.names].filter((name) => known.includes(name)));
    for (const name of known) if (/loss/i.test(name) && this.names.size < MOST_FIRST) this.names.add(name);
    return [...this.names].slice(0, MOST_ASKED);
  }

  /** @param {string[]} names  that came with a new history; what else is wanted is still to be asked for */
  loaded(names) {
    this.pending = new Set(this.job.isLarge ? [...this.names].filter((name) => !names.includes(name)) : []);
    this.looked.clear();
  }

  /**
   * Each thinned by itself.
   * @param {string[]} names
   * @param {string} [range]  of a query
   * @returns {Promise<import("../series/named.js").Answer>}
   */
  series(names, range = "") {
    const metrics = (names.length ? names : [NO_METRIC]).map((name) => `metrics=${encodeURIComponent(name)}`).join("&");
    return this.job.around.call("GET", `/jobs/${this.job.id}/series?${metrics}&points=${SERIES_POINTS}${range}`);
  }

  /**
   * Somebody looks at these metrics. The server is told first: what is written from then on comes by
   * frames, what was before by the answer.
   * @param {Iterable<string>} names
   */
  want(names) {
    const { job } = this;
    const missing = [...names].filter((name) => !this.names.has(name) && (!job.isLarge || job.known.has(name)));
    for (const name of missing) this.names.add(name);
    if (!job.isLarge || missing.length === 0) return;
    for (const name of missing) this.pending.add(name);
    job.around.stands();
    if (!job.isFollowed()) this.wasSaid(); // no frame can come between
  }

  /** The server was told what is wanted, from where we stood then; or there is nothing to tell. */
  wasSaid() {
    if (!this.job.isFollowed()) this.saidAt = this.job.store.cursor;
    this._fetch();
  }

  tick() {
    if (this.pending.size > 0 && this.job.around.now() >= this.fetchAt) this._fetch();
  }

  async _fetch() {
    const { job, saidAt } = this;
    const { store } = job;
    const names = [...this.pending].slice(0, MOST_ASKED);
    if (this.isFetching || names.length === 0 || job.state !== "ready" || job.loading) return;
    this.isFetching = true;
    try {
      const answer = await this.series(names);
      if (job.isLeft || store !== job.store) return; // loaded anew meanwhile
      for (const name of names) this.pending.delete(name);
      if (answer.stream !== store.stream || comparePositions(String(answer.cursor), saidAt) < 0) return void job.load();
      joinSeries(store, answer);
      job.around.arrived(job.id);
    } catch {
      this.fetchAt = job.around.now() + FETCH_AGAIN_MS; // the tick tries again
      return;
    } finally {
      this.isFetching = false;
    }
    this._fetch();
  }

  /**
   * The reader looks closely: every step of a stretch, or as many as can be seen.
   * @param {string[]} names
   * @param {XMode} x  @param {number[]} stretch   in units of that axis
   * @returns {Promise<boolean>} whether all is here now that anybody logged
   */
  async look(names, x, stretch) {
    const { job } = this;
    const { store } = job;
    const key = JSON.stringify([names, x, stretch]);
    if (!job.isLarge || this.looked.has(key)) return true;
    if (job.state !== "ready") return false;
    const epochs = names.every((name) => leftOut(store, name) === null) ? null : epochsIn(store.columns, x, stretch);
    if (epochs === null) return true;
    const [first, last] = epochs;
    this.looked.add(key);
    try {
      const answer = await this.series(names, `&after=${Math.max(-1, Math.floor(first) - 2)}&before=${Math.max(0, Math.ceil(last) + 2)}`);
      if (job.isLeft || store !== job.store || answer.stream !== store.stream) return false;
      joinSeries(store, answer, { isPart: true });
      job.around.arrived(job.id);
      return true;
    } catch {
      this.looked.delete(key); // what is there stays; the next look asks again
      return false;
    }
  }
}
