/* What every chart says at one place of the horizontal axis, with all digits that were logged. Pure. */

import { lowerBound } from "../series/columns.js";
import { extent, isScalar } from "../series/lines.js";
import { seriesOf } from "../series/series.js";
import { placesOf } from "../figure/axes.js";

const MEAN_DIGITS = 12; // of what nobody logged: more are rounding

/**
 * @typedef {Object} Said
 * @property {Line} line  @property {Source} source
 * @property {number|undefined} epoch   of the row; a mean over time has none
 * @property {Cell} value         null: nobody wrote it there
 * @property {string} text        all digits, or nan, inf, -inf; "" where there is none
 * @property {number|undefined} count  runs behind a mean
 * @property {boolean} isLeftOut  nothing is here, and perhaps on the server
 */

/**
 * The place of a row that is nearest to `x`.
 * @param {Spec[]} specs
 * @param {(spec: Spec) => Source[]} sourcesOf
 * @param {XMode} mode
 * @param {number} x
 * @returns {number|null}  null: there is no row
 */
export function nearestPlace(specs, sourcesOf, mode, x) {
  let best = null;
  for (const spec of specs) {
    for (const source of sourcesOf(spec)) {
      for (const { metric } of spec.lines) {
        const places = placesIn(source, metric, mode);
        if (!places || places.values.length === 0) continue;
        const at = places.values[nearestRow(places, x)];
        if (best === null || Math.abs(at - x) < Math.abs(best - x)) best = at;
      }
    }
  }
  return best;
}

/**
 * The row after, or before, the one at `x`.
 * @param {Spec} spec  @param {Source[]} sources  @param {XMode} mode  @param {number} x  @param {number} step
 * @returns {number}
 */
export function steppedPlace(spec, sources, mode, x, step) {
  const values = [...new Set(sources.flatMap((source) => spec.lines.flatMap(({ metric }) => placesIn(source, metric, mode)?.values ?? [])))]
    .sort((a, b) => a - b);
  if (values.length === 0) return x;
  const at = lowerBound(values, x);
  const here = values[at] === x ? at : step > 0 ? at - 1 : at;
  return values[Math.max(0, Math.min(values.length - 1, here + step))];
}

/**
 * @param {Spec} spec
 * @param {Source[]} sources
 * @param {XMode} mode
 * @param {number} x
 * @param {string[]} [off]   metrics that the reader put out
 * @returns {Said[]} by run, in the order of the chart's lines
 */
export function valuesAt(spec, sources, mode, x, off = []) {
  return sources.flatMap((source) => spec.lines.flatMap((line) => {
    const series = off.includes(line.metric) ? null : seriesOf(source, line.metric);
    const places = series && isScalar(series.values) ? placesIn(source, line.metric, mode) : null;
    if (!series || !places || places.values.length === 0) return [];
    const i = nearestRow(places, x);
    const isThere = mode === "epoch" ? places.values[i] === x : isWithin(places, x);
    const value = isThere ? series.values[i] ?? null : null;
    const epoch = isThere ? series.epochs[i] : x;
    const band = source.bands?.[line.metric];
    const exact = band && typeof value === "number" ? Number(value.toPrecision(MEAN_DIGITS)) : value;
    const text = typeof exact === "number" ? String(exact) : series.marks?.[String(epoch)] ?? "";
    return [{ line, source, epoch: source.isByTime ? undefined : epoch, value, text, count: isThere ? band?.counts[i] : undefined,
      isLeftOut: !text && Boolean(source.isPartial || source.thinned?.[line.metric]) }];
  }));
}

/**
 * Largest first, what has no value last.
 * @param {Said[]} said
 * @returns {Said[]}
 */
export function byValue(said) {
  const rank = (/** @type {Said} */ { value }) => (typeof value === "number" ? value : -Infinity);
  return [...said].sort((a, b) => rank(b) - rank(a) || 0);
}

/**
 * In time, a line says something from its first point to its last, and a step around them.
 * @param {{values: number[], isRising: boolean}} places  @param {number} x  @returns {boolean}
 */
function isWithin({ values, isRising }, x) {
  const [low, high] = (isRising ? null : extent([values], false)) ?? [values[0], values[values.length - 1]];
  const step = values.length > 1 ? (high - low) / (values.length - 1) : 0;
  return x >= low - step && x <= high + step;
}

/** @param {Source} source  @param {string} metric  @param {XMode} mode */
function placesIn(source, metric, mode) {
  const series = seriesOf(source, metric);
  return series && placesOf(series, mode, source.columns.timestamp?.[0]);
}

/** @param {{values: number[], isRising: boolean}} places  @param {number} x  @returns {number} */
function nearestRow({ values, isRising }, x) {
  if (!isRising) {
    let best = 0;
    for (let i = 1; i < values.length; i += 1) if (Math.abs(values[i] - x) < Math.abs(values[best] - x)) best = i;
    return best;
  }
  const after = Math.min(lowerBound(values, x), values.length - 1);
  return after > 0 && x - values[after - 1] <= Math.abs(values[after] - x) ? after - 1 : after;
}
