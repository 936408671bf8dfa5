/* The axes of a chart: positions and range in time, range and ticks in height. Pure. */

import { extent } from "../series/lines.js";
import { tickTexts, logTicks, linearTicks, durationTicks } from "./ticks.js";
import { fill } from "./words.js";

const LEAST_PX = 14; // between two ticks of a log axis
const LONG_TICK = 6; // characters beside a title in the usual margin
const TITLE = { standoff: 6, font: { size: 12 } };

/**
 * @typedef {{mode: XMode, values: number[], range: number[], isRising: boolean}} Axis
 */

/**
 * Where each epoch stands in time, and the range that shows all of them.
 * @param {XMode} mode   relative: seconds since the first epoch; a pause
 *   counts, as it does on the reader's clock. wall: milliseconds since 1970; on a date axis,
 *   Plotly shows such numbers by the reader's clock, summer time included
 * @param {Columns} columns
 * @returns {Axis}
 */
export function xAxis(columns, mode) {
  const epochs = columns.epoch;
  if (mode === "epoch" || !columns.timestamp) {
    const [first, last] = epochs.length ? [epochs[0], epochs[epochs.length - 1]] : [0, 10];
    return { mode: "epoch", values: epochs, isRising: true, range: padded(first, Math.max(last, first + 10)) };
  }
  const times = timesMs(columns.timestamp);
  const isWall = mode === "wall";
  const values = isWall ? times : times.map((time) => (time - times[0]) / 1000);
  const [first, last] = extent([values], false) || [0, 0];
  return { mode, values, isRising: isRising(values), range: padded(first, Math.max(last, first + (isWall ? 10e3 : 1))) };
}

/**
 * Words and ticks of the horizontal axis over its visible range.
 * @param {XMode} mode
 * @param {number[]} range
 * @param {Look} look
 * @returns {any}
 */
export function xLayout(mode, range, look) {
  const { texts } = look;
  if (mode === "wall") {
    return { type: "date", title: { text: texts.axis_wall, ...TITLE }, hoverformat: "%Y-%m-%d %H:%M:%S" };
  }
  if (mode === "relative") {
    const { unit, values, words } = durationTicks(range[0], range[1], Math.max(3, Math.min(7, look.width / 80)));
    return {
      title: { text: fill(texts.axis_relative, { unit }), ...TITLE }, tickmode: "array", tickvals: values, ticktext: words,
      unifiedhovertitle: { text: "%{x:,.4~r} s" },
    };
  }
  return {
    title: { text: texts.axis_epoch, ...TITLE }, separatethousands: true,
    unifiedhovertitle: { text: `${texts.axis_epoch} %{x}` },
  };
}

/** @type {WeakMap<string[], number[]>} */
const parsedTimes = new WeakMap();

/**
 * ISO 8601 column as milliseconds; what was parsed before is not parsed again.
 * @param {string[]} timestamps
 * @returns {number[]}
 */
function timesMs(timestamps) {
  let known = parsedTimes.get(timestamps);
  if (!known) parsedTimes.set(timestamps, (known = []));
  for (let i = known.length; i < timestamps.length; i += 1) {
    const time = Date.parse(timestamps[i]);
    known.push(Number.isFinite(time) ? time : (known[i - 1] ?? 0));
  }
  return known;
}

/** @param {number[]} values  @returns {boolean} */
function isRising(values) {
  for (let i = 1; i < values.length; i += 1) if (values[i] < values[i - 1]) return false;
  return true;
}

/** @param {number} low  @param {number} high  @param {number} [share]  @returns {[number, number]} */
export function padded(low, high, share = 0.015) {
  const pad = (high - low) * share || Math.abs(high) * 0.1 || 0.5;
  return [low - pad, high + pad];
}

/**
 * In axis units: log10 of the value on a log axis.
 * @param {Column[]} columns
 * @param {{value: number, isBound: boolean}[]} references
 * @param {boolean} onLog
 * @param {Zoom|null} zoom
 * @returns {number[]}
 */
export function yRange(columns, references, onLog, zoom) {
  if (zoom) return zoom.y;
  const found = extent([...columns, references.map((r) => r.value)], onLog);
  if (!found) return onLog ? [-1, 4] : [0, 1];
  let [low, high] = onLog ? found.map(Math.log10) : found;
  if (high - low < 1e-9 * Math.max(1, Math.abs(high))) {
    const pad = onLog ? 0.5 : Math.abs(high) * 0.1 || 1;
    [low, high] = [low - pad, high + pad];
  }
  const pad = (high - low) * 0.06;
  // room for the names of reference lines at the edges
  const under = references.some((r) => r.isBound) ? 2 : 1;
  return [low - pad * under, high + pad * (references.length ? 1.8 : 1)];
}

/**
 * @param {number} heightPx  of the plot: ticks that would touch make way for whole decades
 * @param {number[]} range
 * @param {boolean} onLog
 * @param {Spec} spec
 * @param {Look} look
 */
export function yTicks(range, onLog, spec, look, heightPx = look.height - 130) {
  const room = Math.max(3, Math.floor((look.height - 130) / 22));
  const values = onLog
    ? apart(logTicks(10 ** range[0], 10 ** range[1], spec.ticks, room), (LEAST_PX / heightPx) * (range[1] - range[0]))
    : linearTicks(range[0], range[1], Math.min(room, 6));
  const words = tickTexts(values);
  // only long ones: a margin that follows every text would let the lines jump
  return { tickmode: "array", tickvals: values, ticktext: words, automargin: words.some((word) => word.length > LONG_TICK) };
}

/** @param {number[]} values  @param {number} leastDecades  @returns {number[]} */
function apart(values, leastDecades) {
  const isDecade = (/** @type {number} */ value) => Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9;
  const decades = values.filter(isDecade);
  return values.filter((value) => isDecade(value)
    || decades.every((decade) => Math.abs(Math.log10(value / decade)) >= leastDecades));
}
