/* From a column to what is drawn of it: smoothing, gaps, thinning. Inputs are never changed. */
(function (root) {
  "use strict";
  const core = (root.heimdallCore = root.heimdallCore || {});

  /**
   * Exponential moving average without the bias of its start; nulls stay null.
   * @param {(number|null)[]} values
   * @param {number} weight  0 ≤ weight < 1: share of the past; 0 returns the values
   * @param {boolean} inLog  average logarithms (a log axis); non-positive values become null
   */
  function smooth(values, weight, inLog) {
    if (!(weight > 0)) return values;
    const result = new Array(values.length);
    let average = 0;
    let mass = 0;
    for (let i = 0; i < values.length; i += 1) {
      const value = values[i];
      if (!isDrawable(value, inLog)) {
        result[i] = null;
        continue;
      }
      average = weight * average + (1 - weight) * (inLog ? Math.log(value) : value);
      mass = weight * mass + (1 - weight);
      result[i] = inLog ? Math.exp(average / mass) : average / mass;
    }
    return result;
  }

  function isDrawable(value, onLog) {
    return typeof value === "number" && Number.isFinite(value) && (!onLog || value > 0);
  }

  /** Values a log axis can show, null for the others, and how many of those there were. */
  function forLogAxis(values) {
    let hidden = 0;
    const shown = values.map((value) => {
      if (isDrawable(value, true)) return value;
      if (isDrawable(value, false)) hidden += 1;
      return null;
    });
    return { shown, hidden };
  }

  /**
   * Which points to draw: in each of `buckets` equal parts the first, last, smallest and largest
   * value and one gap, so that spikes and gaps survive.
   * @param {(number|null)[]} values
   * @param {number} from  @param {number} to   range of indexes, `to` excluded
   * @param {number} buckets  about half the width in pixels
   * @returns {number[]} rising indexes
   */
  function thin(values, from, to, buckets) {
    const count = to - from;
    if (count <= buckets * 4) return indexes(from, to);
    const kept = [];
    for (let b = 0; b < buckets; b += 1) {
      const start = from + Math.floor((b * count) / buckets);
      const end = from + Math.floor(((b + 1) * count) / buckets);
      let low = -1;
      let high = -1;
      let gap = -1;
      for (let i = start; i < end; i += 1) {
        const value = values[i];
        if (value === null || value === undefined) gap = i;
        else {
          if (low < 0 || value < values[low]) low = i;
          if (high < 0 || value > values[high]) high = i;
        }
      }
      const chosen = [start, low, high, gap, end - 1].filter((i) => i >= 0).sort((a, c) => a - c);
      for (const i of chosen) if (kept[kept.length - 1] !== i) kept.push(i);
    }
    return kept;
  }

  function indexes(from, to) {
    const all = new Array(Math.max(0, to - from));
    for (let i = 0; i < all.length; i += 1) all[i] = from + i;
    return all;
  }

  /**
   * Runs of missing values between the first and the last point of a line.
   * A metric that most epochs lack is logged now and then; it has no gaps and is drawn connected.
   * @returns {{runs: [number, number][], isSparse: boolean}} first and last index of each run
   */
  function gaps(values) {
    let first = -1;
    let last = -1;
    let present = 0;
    for (let i = 0; i < values.length; i += 1) {
      if (values[i] === null || values[i] === undefined) continue;
      if (first < 0) first = i;
      last = i;
      present += 1;
    }
    if (first < 0) return { runs: [], isSparse: false };
    if (present < (values.length - first) / 2 && present < (last - first + 1) / 2 + 1) {
      return { runs: [], isSparse: true };
    }
    const runs = [];
    for (let i = first; i < values.length; i += 1) {
      if (values[i] !== null && values[i] !== undefined) continue;
      const run = runs[runs.length - 1];
      if (run && run[1] === i - 1) run[1] = i;
      else runs.push([i, i]);
    }
    return { runs, isSparse: false };
  }

  /** Smallest and largest drawable value over several columns; null when there is none. */
  function extent(columns, onLog, from, to) {
    let low = Infinity;
    let high = -Infinity;
    for (const values of columns) {
      const end = Math.min(to ?? values.length, values.length);
      for (let i = from ?? 0; i < end; i += 1) {
        if (!isDrawable(values[i], onLog)) continue;
        if (values[i] < low) low = values[i];
        if (values[i] > high) high = values[i];
      }
    }
    return low <= high ? [low, high] : null;
  }

  core.lines = { smooth, forLogAxis, thin, gaps, extent, isDrawable };
})(typeof window === "undefined" ? globalThis : window);
