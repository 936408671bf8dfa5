/* Visible ranges of a plot, and what keys make of them. Pure. */

import { extent } from "../series/lines.js";
import { padded } from "../figure/axes.js";

const KEY_PAN = 0.15;
const KEY_ZOOM = 0.7;

/**
 * Visible ranges in axis units.
 * @param {any} plot
 * @returns {{x: number[], y: number[]}}
 */
export function ranges(plot) {
  return { x: plot.layout.xaxis.range.map(rangeEnd), y: plot.layout.yaxis.range.map(rangeEnd) };
}

/**
 * A date axis gives the ends of its range as texts, by the reader's clock; as numbers we keep
 * milliseconds since 1970.
 * @param {string|number} end
 * @returns {number}
 */
export function rangeEnd(end) {
  if (typeof end !== "string") return Number(end);
  return Date.parse(end.includes(" ") ? end.replace(" ", "T") : `${end}T00:00`);
}

/**
 * @param {string} key
 * @param {{x: number[], y: number[]}} now
 * @returns {Zoom|null|undefined} new ranges; null: follow the newest; undefined: not our key
 */
export function zoomedBy(key, { x: [low, high], y }) {
  const span = high - low;
  switch (key) {
    case "ArrowLeft": return { x: [low - span * KEY_PAN, high - span * KEY_PAN], y };
    case "ArrowUp": return { x: [low, high], y: y.map((end) => end + (y[1] - y[0]) * KEY_PAN) };
    case "ArrowDown": return { x: [low, high], y: y.map((end) => end - (y[1] - y[0]) * KEY_PAN) };
    case "ArrowRight": return { x: [low + span * KEY_PAN, high + span * KEY_PAN], y };
    case "+": case "=": return { x: scaled(low, high, KEY_ZOOM), y };
    case "-": return { x: scaled(low, high, 1 / KEY_ZOOM), y };
    case "0": case "Escape": case "Home": return null;
    default: return undefined;
  }
}

/**
 * Heights that just hold what is visible of the lines on the left axis; ours to draw, so in axis units.
 * @param {{data: any[], layout: any}} plot
 * @param {{x: number[], y: number[]}} now
 * @returns {Zoom}
 */
export function fitted({ data, layout }, { x, y }) {
  const onLog = layout.yaxis.type === "log";
  const seen = data.filter((line) => line.yaxis !== "y2" && line.hoverinfo !== "skip" && line.meta)
    .map((line) => line.y.filter((/** @type {Cell} */ _, /** @type {number} */ i) => line.x[i] >= x[0] && line.x[i] <= x[1]));
  const found = extent(seen, onLog);
  if (!found) return { x, y };
  const [low, high] = onLog ? found.map(Math.log10) : found;
  return { x, y: padded(low, high, 0.06) };
}

/** @param {number} low  @param {number} high  @param {number} factor  @returns {[number, number]} */
function scaled(low, high, factor) {
  const middle = (low + high) / 2;
  const half = ((high - low) / 2) * factor;
  return [middle - half, middle + half];
}
