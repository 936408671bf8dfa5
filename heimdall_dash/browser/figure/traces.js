/* Lines as Plotly draws them, from columns: which points, which texts at the pointer. Pure. */

/** @import { Axis } from "./axes.js" */

import { lowerBound } from "../series/columns.js";
import { alone, thin } from "../series/lines.js";
import { plotText } from "./names.js";
import { valueText } from "./words.js";

export const THIN_ABOVE = 6000; // points of one line; SVG draws fewer than that in about 16 ms
export const RAW_OPACITY = 0.28; // of the raw line behind a smooth one
export const DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"];

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
 * @param {(i: number) => boolean} isBreak  where a missing value breaks the line
 * @param {Column} values
 * @param {number} from
 * @param {number} to
 * @param {number} width
 * @returns {number[]}
 */
export function pick(values, from, to, width, isBreak) {
  const buckets = to - from > THIN_ABOVE ? Math.max(200, Math.round(1.4 * width)) : to - from;
  return thin(values, from, to, buckets, isBreak);
}

/**
 * @param {Line} line
 * @param {string} color
 * @param {Axis} axis
 * @param {number[]} picked
 * @param {Column} values
 * @param {{unit: string, hasPoints: boolean, column: Column, isSmoothed: boolean, rawWord: string}} how
 * @returns {any}
 */
export function trace(line, color, axis, picked, values, { unit, hasPoints, column, isSmoothed, rawWord }) {
  const y = picked.map((i) => values[i] ?? null);
  return {
    type: "scatter",
    name: plotText(line.name),
    meta: line.metric,
    x: picked.map((i) => axis.values[i]),
    y,
    text: isSmoothed
      ? both(texts(values, unit, picked), texts(column, unit, picked), rawWord)
      : texts(column, unit, picked),
    hovertemplate: "%{text}",
    line: { color, width: 2, dash: line.dash },
    ...modeOf(y, color, hasPoints),
    ...(line.axis === 2 ? { yaxis: "y2" } : {}),
  };
}

/**
 * @param {Line} line
 * @param {string} color
 * @param {Axis} axis
 * @param {number[]} picked
 * @param {Column} values
 * @param {string} rawWord
 * @returns {any}
 */
export function rawTrace(line, color, axis, picked, values, rawWord) {
  return {
    type: "scatter", mode: "lines", name: plotText(`${line.name}, ${rawWord}`), meta: line.metric,
    x: picked.map((i) => axis.values[i]), y: picked.map((i) => values[i] ?? null),
    hoverinfo: "skip", showlegend: false, opacity: RAW_OPACITY,
    line: { color, width: 1.2 },
    ...(line.axis === 2 ? { yaxis: "y2" } : {}),
  };
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
  if (lone === null) return { mode: "lines+markers", marker: { color, size: 5 } };
  if (lone.size === 0) return { mode: "lines", marker: { color, size: 5 } };
  return { mode: "lines+markers", marker: { color, size: y.map((_, i) => (lone.has(i) ? 5 : 0)) } };
}

const knownTexts = new WeakMap();

/**
 * Texts at the pointer of the picked values; made once for as long as the column only grows.
 * @param {Column} values
 * @param {string} unit
 * @param {number[]} picked
 * @returns {string[]}
 */
function texts(values, unit, picked) {
  let byUnit = knownTexts.get(values);
  if (!byUnit) knownTexts.set(values, (byUnit = {}));
  const known = (byUnit[unit] = byUnit[unit] || []);
  return picked.map((i) => (known[i] ??= valueText(values[i], unit)));
}

/** @param {string[]} smoothed  @param {string[]} raw  @param {string} rawWord  @returns {string[]} */
function both(smoothed, raw, rawWord) {
  return smoothed.map((text, i) => `${text} (${rawWord} ${raw[i]})`);
}
