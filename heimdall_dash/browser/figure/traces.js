/* Lines as Plotly draws them, from columns: which points, which texts at the pointer. Pure. */

/** @import { Band } from "../series/grouped.js" */

import { lowerBound } from "../series/columns.js";
import { alone, thin } from "../series/lines.js";
import { plotText } from "./names.js";
import { apartText } from "./words.js";

const THIN_ABOVE = 6000; // points of one line; SVG draws fewer than that in about 16 ms
const MOST_POINTS = 24_000; // of all lines of one chart
const LEAST_BUCKETS = 24;
const RAW_OPACITY = 0.28; // of the raw line behind a smooth one
const BAND_OPACITY = 0.16;
const APART_PX = 14; // points further apart than this are marked
const MARKER_PX = 5;

/**
 * Indexes to draw: the visible ones and one neighbour on either side.
 * @param {number[]} values
 * @param {Zoom|null} zoom
 * @param {boolean} isRising
 * @returns {[number, number]}
 */
export function visibleRange(values, zoom, isRising) {
  if (!zoom) return [0, values.length];
  const [low, high] = zoom.x;
  if (isRising) {
    return [Math.max(0, lowerBound(values, low) - 1), Math.min(values.length, lowerBound(values, high) + 2)];
  }
  // a clock may have been set back between two epochs
  const first = values.findIndex((value) => value >= low);
  const last = values.findLastIndex((value) => value <= high);
  if (first < 0 || last < 0) return [Math.max(0, values.length - 1), values.length];
  return [Math.max(0, Math.min(first, last) - 1), Math.min(values.length, Math.max(first, last) + 2)];
}

/**
 * @param {Column} values
 * @param {[number, number]} span
 * @param {number} width     of the chart
 * @param {number} lines     that share the chart
 * @param {(i: number) => boolean} isBreak  where a missing value breaks the line
 * @returns {number[]}
 */
export function pick(values, [from, to], width, lines, isBreak) {
  const most = Math.min(THIN_ABOVE, MOST_POINTS / lines);
  const buckets = to - from > most
    ? Math.max(LEAST_BUCKETS, Math.min(Math.max(200, Math.round(1.4 * width)), Math.floor(most / 4)))
    : to - from;
  return thin(values, from, to, buckets, isBreak);
}

/**
 * @typedef {Object} Curve
 * @property {Line} line     @property {string} name
 * @property {number[]} x    places of the picked points
 * @property {Column} y
 * @property {{color: string, dash: string, width: number, opacity: number}} style
 * @property {boolean} isHidden   the reader put it out by its name in the legend
 * @property {string|undefined} run
 */

/**
 * @param {Curve} curve
 * @param {{hasPoints: boolean, texts: string[]|null, showlegend?: boolean}} how
 * @returns {any}
 */
export function trace(curve, { hasPoints, texts, showlegend }) {
  const { line, name, x, y, style } = curve;
  return {
    ...shared(curve), name: plotText(name), x, y,
    ...(texts ? { text: texts } : {}), hovertemplate: `%{text}<extra>${plotText(name)}</extra>`,
    line: { color: style.color, width: style.width, dash: style.dash }, opacity: style.opacity,
    ...modeOf(y, style.color, hasPoints), ...(showlegend === undefined ? {} : { showlegend }),
    ...(line.axis === 2 ? { yaxis: "y2" } : {}),
  };
}

/**
 * The values themselves, faintly, behind their smooth line.
 * @param {Curve} curve
 * @param {string} rawWord
 * @returns {any}
 */
export function rawTrace(curve, rawWord) {
  const { line, name, x, y, style } = curve;
  return {
    ...shared(curve), mode: "lines", name: plotText(`${name}, ${rawWord}`), x, y,
    hoverinfo: "skip", showlegend: false, opacity: RAW_OPACITY, line: { color: style.color, width: 1.2 },
    ...(line.axis === 2 ? { yaxis: "y2" } : {}),
  };
}

/**
 * Between the smallest and the largest, or a deviation to either side: one closed shape.
 * @param {Curve} curve   its `y` are the means
 * @param {Column} low  @param {Column} high
 * @returns {any}
 */
export function bandTrace(curve, low, high) {
  return {
    ...shared(curve), mode: "none", name: plotText(curve.name), x: [...curve.x, ...[...curve.x].reverse()],
    y: [...high, ...[...low].reverse()], fill: "toself", fillcolor: faint(curve.style.color),
    hoverinfo: "skip", showlegend: false,
  };
}

/** @param {string} hex  @returns {string} */
function faint(hex) {
  if (!/^#[0-9a-f]{6}$/i.test(hex)) return hex;
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
  return `rgba(${r}, ${g}, ${b}, ${BAND_OPACITY})`;
}

/** @param {Curve} curve  @returns {any} */
function shared({ line, run, isHidden }) {
  return {
    type: "scatter", meta: line.metric, ...(run ? { run } : {}), legendgroup: line.metric,
    ...(isHidden ? { visible: "legendonly" } : {}),
  };
}

/**
 * What a legend needs of a chart with several runs: one entry per line, in no run's colour.
 * @param {Line} line
 * @param {{dash: string, width: number}} style
 * @param {string} color
 * @param {boolean} isHidden
 * @returns {any}
 */
export function legendTrace(line, style, color, isHidden) {
  return {
    type: "scatter", mode: "lines", x: [null], y: [null], name: plotText(line.name), meta: line.metric, legendgroup: line.metric,
    hoverinfo: "skip", isLegend: true, line: { color, width: style.width, dash: style.dash },
    ...(isHidden ? { visible: "legendonly" } : {}),
  };
}

/**
 * Whether the points stand so far apart that each is worth a mark.
 * @param {number[]} x  @param {number[]} range  @param {number} widthPx
 * @returns {boolean}
 */
export function areApart(x, range, widthPx) {
  const seen = x.filter((at) => at >= range[0] && at <= range[1]);
  if (seen.length < 2) return true;
  const perPixel = (range[1] - range[0]) / widthPx;
  return (seen[seen.length - 1] - seen[0]) / (seen.length - 1) > APART_PX * perPixel;
}

/**
 * A line with markers where it would show nothing: on points that stand alone between two breaks.
 * In the line's own trace, so that a chart has as many traces as lines.
 * @param {boolean} hasPoints  markers everywhere
 * @param {Column} y
 * @param {string} color
 * @returns {any}
 */
export function modeOf(y, color, hasPoints) {
  const lone = hasPoints || y.length < 2 ? null : new Set(alone(y));
  if (lone === null) return { mode: "lines+markers", marker: { color, size: MARKER_PX } };
  if (lone.size === 0) return { mode: "lines", marker: { color, size: MARKER_PX } };
  return { mode: "lines+markers", marker: { color, size: y.map((_, i) => (lone.has(i) ? MARKER_PX : 0)) } };
}

/** @type {WeakMap<Column, Record<string, string[]>>} */
const knownTexts = new WeakMap();

/**
 * Values at the pointer, with as many digits as tell neighbours apart; made once for as long as the
 * column only grows.
 * @param {Column} values
 * @param {string} unit
 * @param {number[]} picked
 * @returns {string[]}
 */
export function valueTexts(values, unit, picked) {
  let byUnit = knownTexts.get(values);
  if (!byUnit) knownTexts.set(values, (byUnit = {}));
  const known = (byUnit[unit] = byUnit[unit] || []);
  const said = (/** @type {number} */ i) => apartText(values[i], [values[i - 1], values[i + 1]], unit);
  return picked.map((i) => (i === values.length - 1 ? said(i) : (known[i] ??= said(i)))); // the newest will get a neighbour
}
