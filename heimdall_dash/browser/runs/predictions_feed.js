/* The chosen job's kept predictions: fetched when the job says that there are others, and when the
   reader wants another epoch's. REST and clock come in as arguments. */

const RETRY_MS = 2_000;

/** @typedef {import("../figure/predicted.js").Kept} Kept */

export class PredictionsFeed {
  /** @type {string|null} */
  jobId = null;
  /** @type {number[]} */
  epochs = [];
  /** @type {Kept|null} */
  kept = null;
  /** @type {number|null} */
  wanted = null; // null: the newest
  known = ""; // what `kept` is the answer to
  asked = "";
  askAt = 0;

  /** @param {{call: Call, now: () => number, changed: () => void}} world */
  constructor(world) {
    this.world = world;
  }

  /**
   * The job as it is now: told often, and does nothing unless there is news.
   * @param {string|null} jobId
   * @param {Job|null} job
   */
  follow(jobId, job) {
    if (jobId !== this.jobId) this._forget(jobId);
    const revision = job?.id === jobId ? job?.predictions_revision ?? 0 : 0;
    if (revision > 0) this._ask(`${jobId} ${revision} ${this.wanted ?? ""}`);
    else if (this.kept && job?.id === jobId) this._forget(jobId);
  }

  /**
   * @param {number|null} epoch
   * @param {Job|null} job
   */
  choose(epoch, job) {
    if (epoch === this.wanted) return;
    this.wanted = epoch;
    this.world.changed(); // the slider answers at once
    this.follow(this.jobId, job);
  }

  /** @param {string|null} jobId */
  _forget(jobId) {
    const wasThere = this.kept !== null;
    // what a link says is wanted of its job; another one is read from its newest
    if (this.jobId !== null) this.wanted = null;
    Object.assign(this, { jobId, epochs: [], kept: null, known: "", asked: "", askAt: 0 });
    if (wasThere) this.world.changed();
  }

  /** @param {string} key */
  async _ask(key) {
    if (key === this.known || key === this.asked || this.world.now() < this.askAt) return;
    this.asked = key;
    const { jobId, wanted } = this;
    try {
      const found = await this._fetch(`/jobs/${jobId}/predictions`, wanted);
      if (this.asked !== key) return; // another question was put meanwhile
      this.epochs = found.epochs;
      this.kept = found.predictions;
      this.known = key;
      this.world.changed();
    } catch {
      if (this.asked === key) this.askAt = this.world.now() + RETRY_MS; // the next tick tries again
    } finally {
      if (this.asked === key) this.asked = "";
    }
  }

  /**
   * An epoch that was thinned out meanwhile: the nearest before it.
   * @param {string} path
   * @param {number|null} epoch
   * @returns {Promise<{epochs: number[], predictions: Kept|null}>}
   */
  async _fetch(path, epoch) {
    if (epoch === null) return this.world.call("GET", path);
    try {
      return await this.world.call("GET", `${path}?epoch=${epoch}`);
    } catch (/** @type {any} */ error) {
      if (error.status !== 404) throw error;
    }
    const all = await this.world.call("GET", path);
    const near = all.epochs.findLast((/** @type {number} */ one) => one <= epoch) ?? all.epochs[0];
    return near === undefined || near === all.predictions?.epoch ? all : this.world.call("GET", `${path}?epoch=${near}`);
  }
}
