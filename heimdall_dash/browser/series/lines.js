/* From a column to what is drawn of it: smoothing, breaks, thinning. Inputs are never changed, and
   what is returned belongs to this file. A column that is the same array only grew at its end. */

import { lowerBound } from "./columns.js";

/* What was made of a column is kept by its array and made longer. */
const knownSmooth = new WeakMap();
const knownOnLog = new WeakMap();
const knownScalar = new WeakMap();

/**
 * @param {WeakMap<Column, any>} store
 * @param {Column} values
 * @param {(known: any) => boolean} isValid
 * @param {() => any} fresh
 * @returns {any}
 */
export function kept(store, values, isValid, fresh) {
  let known = store.get(values);
  if (!known || known.count > values.length || !isValid(known)) store.set(values, (known = fresh()));
  return known;
}

/**
 * Exponential moving average without the bias of its start; nulls stay null.
 * @param {Column} values
 * @param {number} weight  0 ≤ weight < 1: share of the past; 0 returns the values
 * @param {boolean} inLog  average logarithms (a log axis); non-positive values become null
 * @returns {Column}
 */
export function smooth(values, weight, inLog) {
  if (!(weight > 0)) return values;
  const known = kept(knownSmooth, values, (old) => old.weight === weight && old.inLog === inLog,
    () => ({ weight, inLog, result: [], average: 0, mass: 0, count: 0 }));
  for (let i = known.count; i < values.length; i += 1) {
    const value = values[i];
    if (!isDrawable(value, inLog)) {
      known.result.push(null);
      continue;
    }
    known.average = weight * known.average + (1 - weight) * (inLog ? Math.log(value) : value);
    known.mass = weight * known.mass + (1 - weight);
    known.result.push(inLog ? Math.exp(known.average / known.mass) : known.average / known.mass);
  }
  known.count = values.length;
  return known.result;
}

const EXACT = /(^|[/_.-])(lr|learning_rate|learningrate)([/_.-]|\d|$)/i;

/**
 * What is set and not measured, and what the machine says of itself, is shown as it is.
 * @param {string} metric
 * @returns {boolean}
 */
export function isSmoothable(metric) {
  return !EXACT.test(metric) && !metric.startsWith("system/");
}

/** @param {Cell} value  @param {boolean} onLog  @returns {boolean} */
export function isDrawable(value, onLog) {
  return typeof value === "number" && Number.isFinite(value) && (!onLog || value > 0);
}

/**
 * Values a log axis can show, null for the others, and how many of those there were.
 * @param {Column} values
 * @returns {{shown: Column, hidden: number}}
 */
export function forLogAxis(values) {
  const known = kept(knownOnLog, values, () => true, () => ({ shown: [], hidden: 0, count: 0 }));
  for (let i = known.count; i < values.length; i += 1) {
    const isShown = isDrawable(values[i], true);
    known.shown.push(isShown ? values[i] : null);
    if (!isShown && isDrawable(values[i], false)) known.hidden += 1;
  }
  known.count = values.length;
  return { shown: known.shown, hidden: known.hidden };
}

/**
 * Whether a column has one value per epoch, and not a list.
 * @param {Column|undefined} values
 * @returns {boolean}
 */
export function isScalar(values) {
  if (!Array.isArray(values)) return false;
  const known = kept(knownScalar, values, () => true, () => ({ isScalar: true, count: 0 }));
  for (let i = known.count; i < values.length; i += 1) if (Array.isArray(values[i])) known.isScalar = false;
  known.count = values.length;
  return known.isScalar;
}

export const isThere = (/** @type {Cell} */ value) => value !== null && value !== undefined;

/**
 * Indexes of the epochs whose value was not finite, rising.
 * @param {number[]} epochs  @param {Object<string, string>|undefined} marks  epoch → nan, inf, -inf
 */
export function brokenAt(epochs, marks) {
  return Object.keys(marks ?? {})
    .map((epoch) => [lowerBound(epochs, Number(epoch)), Number(epoch)])
    .filter(([i, epoch]) => epochs[i] === epoch)
    .map(([i]) => i)
    .sort((a, b) => a - b);
}

/**
 * Neighbouring indexes as runs. @returns {[number, number][]} first and last of each
 * @param {number[]} indexes
 */
export function runsOf(indexes) {
  /** @type {[number, number][]} */
  const runs = [];
  for (const i of indexes) {
    const run = runs[runs.length - 1];
    if (run && run[1] === i - 1) run[1] = i;
    else runs.push([i, i]);
  }
  return runs;
}

/**
 * Whether most epochs lack the metric: it is logged now and then, and its points are shown.
 * @param {Column} values
 * @returns {boolean}
 */
export function isSparse(values) {
  let first = -1;
  let last = -1;
  let present = 0;
  for (let i = 0; i < values.length; i += 1) {
    if (!isThere(values[i])) continue;
    if (first < 0) first = i;
    last = i;
    present += 1;
  }
  return present > 0 && present < (values.length - first) / 2 && present < (last - first + 1) / 2 + 1;
}

/**
 * Indexes of the values that have no neighbour to be joined to: a line would not show them.
 * @param {Column} values
 * @returns {number[]}
 */
export function alone(values) {
  const found = [];
  for (let i = 0; i < values.length; i += 1) {
    if (isThere(values[i]) && !isThere(values[i - 1]) && !isThere(values[i + 1])) found.push(i);
  }
  return found;
}

/**
 * Smallest and largest drawable value over several columns; null when there is none.
 * @param {Column[]} columns
 * @param {boolean} onLog
 * @param {number} [from]
 * @param {number} [to]
 * @returns {[number, number]|null}
 */
export function extent(columns, onLog, from, to) {
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

/**
 * Which points to draw: those that have a value, and the breaks between them. Of many, in each of
 * at most `buckets` equal parts the first, last, smallest and largest value and one break, so that
 * spikes and breaks survive. The parts begin at multiples of a power of two, so that a line that
 * grows keeps its points instead of shimmering.
 * @param {Column} values
 * @param {number} from  @param {number} to   range of indexes, `to` excluded
 * @param {number} buckets  about half the width in pixels
 * @param {(i: number) => boolean} isBreak  whether the line is to be broken at a missing value;
 *   one that nobody wrote is passed over, and the line connects its neighbours
 * @returns {number[]} rising indexes
 */
export function thin(values, from, to, buckets, isBreak = () => false) {
  const count = to - from;
  /** @type {number[]} */
  const chosen = [];
  if (count <= buckets * 4) {
    for (let i = from; i < to; i += 1) if (isThere(values[i]) || isBreak(i)) chosen.push(i);
    return chosen;
  }
  const size = 2 ** Math.ceil(Math.log2(count / (buckets - 1)));
  for (let start = from; start < to;) {
    const end = Math.min(to, (Math.floor(start / size) + 1) * size);
    let [first, last, low, high, gap] = [-1, -1, -1, -1, -1];
    for (let i = start; i < end; i += 1) {
      const value = values[i];
      if (isThere(value)) {
        if (low < 0 || value < values[low]) low = i;
        if (high < 0 || value > values[high]) high = i;
      } else if (isBreak(i)) gap = i;
      else continue;
      if (first < 0) first = i;
      last = i;
    }
    const ends = [first, low, high, gap, last].filter((i) => i >= 0).sort((a, c) => a - c);
    for (const i of ends) if (chosen[chosen.length - 1] !== i) chosen.push(i);
    start = end;
  }
  return chosen;
}
