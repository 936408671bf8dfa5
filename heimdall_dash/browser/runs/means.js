/* The means of groups whose runs are not here as a whole, or stand on an axis of time, where they share
   no places: the server makes them of every value. Asked for again while the runs go on, for as long as
   somebody looks. */

/** @import { Mean } from "./groups.js" */

const POINTS = 1_500; // of each metric: about what a chart can show
const MOST_KEPT = 60; // answers
const LEAST_MS = 300; // between two answers,
const REST = 3; // and so many times as long as the server took
const AGAIN_MS = 1_000; // after a failure

/**
 * @typedef {Record<string, {place: number[], mean: Column, low: Column, high: Column, count: number[], total: number}>} Answer  by metric
 * @typedef {{answer: Answer|null, isStale: boolean, isAsking: boolean, askAt: number}} Kept
 */

export class Means {
  /**
   * @param {{call: Call, now: () => number, later: (f: () => void, ms: number) => void}} world
   * @param {() => void} arrived  there are answers, or others than before
   */
  constructor(world, arrived) {
    this.world = world;
    this.arrived = arrived;
    /** @type {Map<string, Kept>} */
    this.kept = new Map(); // by what was asked, the last asked for last
    /** @type {Set<Promise<void>>} */
    this.asking = new Set();
  }

  /** @returns {Promise<void>} when nothing is asked for any more */
  async settled() {
    while (this.asking.size > 0) await Promise.all(this.asking);
  }

  /** Epochs of runs came: what is known is older than they are. */
  stale() {
    for (const one of this.kept.values()) one.isStale = true;
  }

  /**
   * @param {string[]} ids  of runs
   * @param {string[]} metrics
   * @param {{band: BandKind, x: XMode}} view
   * @param {number[][]} [stretches]   of the axis that are looked at closely
   * @returns {Mean[]}  none: the answer is on its way
   */
  of(ids, metrics, { band, x }, stretches = []) {
    const asked = new URLSearchParams([...ids.map((id) => ["jobs", id]), ...metrics.map((name) => ["metrics", name]), ["x", x], ["band", band], ["points", String(POINTS)]]);
    const whole = this._answer(asked.toString());
    if (whole === null) return [];
    const isThinned = x !== "epoch" || Object.values(whole).some(({ place, total }) => place.length < total);
    let found = whole;
    for (const [low, high] of isThinned ? stretches : []) {
      asked.set("low", String(low));
      asked.set("high", String(high));
      const near = this._answer(asked.toString());
      if (near) found = Object.fromEntries(metrics.map((metric) => [metric, spliced(found[metric], near[metric], low, high)]));
    }
    return metrics.flatMap((metric) => meanFrom(metric, found[metric]));
  }

  /** @param {string} query  @returns {Answer|null} */
  _answer(query) {
    const known = this.kept.get(query) ?? { answer: null, isStale: true, isAsking: false, askAt: 0 };
    this.kept.delete(query);
    this.kept.set(query, known);
    for (const old of this.kept.keys()) if (this.kept.size > MOST_KEPT) this.kept.delete(old);
    if (known.isStale && !known.isAsking) {
      const asking = this._ask(query, known).finally(() => this.asking.delete(asking));
      this.asking.add(asking);
    }
    return known.answer;
  }

  /** @param {string} query  @param {Kept} known */
  async _ask(query, known) {
    const { call, now, later } = this.world;
    known.isAsking = true;
    const wait = known.askAt - now();
    if (wait > 0) await new Promise((resolve) => later(() => resolve(undefined), wait));
    const began = now();
    known.isStale = false; // what comes from here on may not be in the answer
    try {
      known.answer = (await call("GET", `/means?${query}`)).series;
      known.askAt = now() + Math.max(LEAST_MS, REST * (now() - began));
    } catch {
      known.isStale = true;
      known.askAt = now() + AGAIN_MS;
      later(this.arrived, AGAIN_MS);
      return;
    } finally {
      known.isAsking = false;
    }
    this.arrived();
  }
}

/** @param {string} metric  @param {Answer[string]} found  @returns {Mean[]} */
function meanFrom(metric, { place, mean, low, high, count, total }) {
  return place.length ? [{ metric, epochs: place, mean, band: { low, high, counts: count }, total }] : [];
}

/**
 * The whole, and closely what lies between two places. Pure.
 * @param {Answer[string]} whole  @param {Answer[string]} near  @param {number} low  @param {number} high
 * @returns {Answer[string]}
 */
export function spliced(whole, near, low, high) {
  const before = whole.place.filter((at) => at < low).length;
  const after = whole.place.filter((at) => at <= high).length;
  const join = (/** @type {"place"|"mean"|"low"|"high"|"count"} */ name) => /** @type {any[]} */ ([...whole[name].slice(0, before), ...near[name], ...whole[name].slice(after)]);
  return { place: join("place"), mean: join("mean"), low: join("low"), high: join("high"), count: join("count"), total: whole.total };
}
