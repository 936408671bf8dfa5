/* The axes of a chart: positions and range in time, range and ticks in height. Pure. */

/** @import { Series } from "../series/series.js" */

import { extent } from "../series/lines.js";
import { overflow } from "./layout.js";
import { tickTexts, logTicks, linearTicks, durationTicks } from "./ticks.js";
import { fill } from "./words.js";
import { wallTicks, timesMs } from "./times.js";

const LEAST_PX = 14; // between two ticks of a log axis
const LONG_TICK = 6; // characters beside a title in the usual margin
const TITLE = { standoff: 6, font: { size: 12 } };

/**
 * What is shared by all lines of a figure.
 * @typedef {{mode: XMode, range: number[]}} Axis
 * @typedef {{values: number[], isRising: boolean}} Places   where each row of a series stands
 */

/**
 * The axis that shows all epochs of these runs.
 * @param {XMode} mode   relative: seconds since the run's first epoch; a pause counts, as it does on
 *   the reader's clock. wall: milliseconds since 1970 on a linear axis, because a date axis of
 *   Plotly's goes by the clock and folds the line in the night when that is set back
 * @param {{columns: Columns, isByTime?: boolean}[]} sources
 * @returns {Axis}
 */
export function xAxis(sources, mode) {
  const runs = sources.filter(({ columns }) => columns.epoch.length > 0);
  const isTime = mode !== "epoch" && runs.length > 0 && runs.every(({ columns, isByTime }) => isByTime || columns.timestamp);
  const known = isTime ? mode : "epoch";
  const found = extent(runs.map(({ columns, isByTime }) => ends(columns, isByTime ? "epoch" : known)), false);
  if (known === "epoch") {
    const [first, last] = found ?? [0, 10];
    return { mode: known, range: padded(first, Math.max(last, first + 10)) };
  }
  const [first, last] = found ?? [0, 0];
  return { mode: known, range: padded(first, Math.max(last, first + (known === "wall" ? 10e3 : 1))) };
}

/** @param {Columns} columns  @param {XMode} mode  @returns {number[]} that hold the smallest and the largest place */
function ends({ epoch, timestamp }, mode) {
  if (mode === "epoch") return [epoch[0], epoch[epoch.length - 1]];
  return placesOf({ epochs: epoch, values: [], times: timestamp, marks: undefined }, mode, timestamp?.[0]).values;
}

/** @type {WeakMap<number[], {origin: number, values: number[]}>} */
const knownRelative = new WeakMap();

/**
 * Where each row of a series stands on the axis; without times, at its epoch.
 * @param {Series} series
 * @param {XMode} mode
 * @param {string|undefined} first  time of the run's first epoch, ISO 8601
 * @returns {Places}
 */
export function placesOf({ epochs, times }, mode, first) {
  if (mode === "epoch" || !times) return { values: epochs, isRising: true };
  const { values: ms, isRising } = timesMs(times);
  if (mode === "wall") return { values: ms, isRising };
  const origin = first === undefined ? ms[0] : Date.parse(first);
  let known = knownRelative.get(ms);
  if (!known || known.origin !== origin) knownRelative.set(ms, (known = { origin, values: [] }));
  for (let i = known.values.length; i < ms.length; i += 1) known.values.push((ms[i] - origin) / 1000);
  return { values: known.values, isRising };
}

/**
 * The epochs that a stretch of the axis holds, with the nearest on either side: between two that are
 * known, others may be on the server.
 * @param {Columns} columns  @param {XMode} mode  @param {number[]} stretch  in units of the axis
 * @returns {[number, number]|null} null where the run has no epoch
 */
export function epochsIn({ epoch, timestamp }, mode, [low, high]) {
  if (mode === "epoch") return [low, high];
  if (epoch.length === 0 || !timestamp) return null;
  const { values } = placesOf({ epochs: epoch, values: [], times: timestamp, marks: undefined }, mode, timestamp[0]);
  let [first, last] = [0, values.length - 1];
  while (first < last && values[first + 1] <= low) first += 1; // clocks may be set back: row by row
  while (last > first && values[last - 1] >= high) last -= 1;
  return [epoch[first], epoch[last]];
}

/**
 * Words and ticks of the horizontal axis over its visible range.
 * @param {XMode} mode
 * @param {number[]} range
 * @param {Look} look
 * @param {{isMany?: boolean}} [words]  whether the runs are several, each with a beginning of its own
 * @returns {any}
 */
export function xLayout(mode, range, look, { isMany = false } = {}) {
  const { texts } = look;
  const most = Math.max(3, Math.min(7, look.width / 80));
  if (mode === "wall") {
    const { values, words } = wallTicks(range[0], range[1], most);
    return { title: { text: texts.axis_wall, ...TITLE }, tickmode: "array", tickvals: values, ticktext: words, ticklabeloverflow: overflowOf(words) };
  }
  if (mode === "relative") {
    const { unit, values, words } = durationTicks(range[0], range[1], most);
    const title = isMany ? texts.axis_relative_run : texts.axis_relative;
    return { title: { text: fill(title, { unit }), ...TITLE }, tickmode: "array", tickvals: values, ticktext: words, ticklabeloverflow: overflowOf(words) };
  }
  return { title: { text: texts.axis_epoch, ...TITLE }, separatethousands: true, ticklabeloverflow: overflowOf(epochWords(range)) };
}

/** @param {string[]} words  @returns {"allow"|"hide past div"} */
function overflowOf(words) {
  return overflow(Math.max(0, ...words.map((word) => word.length)));
}

/**
 * As long as the ticks that Plotly chooses: 1,000; between two epochs a zoom shows 12.25.
 * @param {number[]} range  @returns {string[]}
 */
function epochWords([low, high]) {
  const digits = high - low > 20 ? 0 : 3;
  return [low, high].map((end) => end.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }));
}

/** @param {number} low  @param {number} high  @param {number} [share]  @returns {[number, number]} */
export function padded(low, high, share = 0.015) {
  const pad = (high - low) * share || Math.abs(high) * 0.1 || 0.5;
  return [low - pad, high + pad];
}

/**
 * In axis units: log10 of the value on a log axis. A zoom in time alone leaves the heights to follow.
 * @param {Column[]} columns  what is seen of each line
 * @param {{value: number, isBound: boolean}[]} references
 * @param {boolean} onLog
 * @param {Zoom|null} zoom
 * @returns {number[]}
 */
export function yRange(columns, references, onLog, zoom) {
  if (zoom?.y) return zoom.y;
  const found = extent([...columns, zoom ? [] : references.map((r) => r.value)], onLog);
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
