/* Visible ranges of a plot, and what keys make of them. Pure. */

const KEY_PAN = 0.15;
const KEY_ZOOM = 0.7;

/**
 * Visible ranges in axis units.
 * @param {any} plot
 * @returns {{x: number[], y: number[]}}
 */
export function ranges(plot) {
  return { x: plot.layout.xaxis.range.map(Number), y: plot.layout.yaxis.range.map(Number) };
}

/**
 * What the reader did with the mouse: heights that were not drawn over follow, or stay as they were.
 * @param {string[]} keys   of Plotly's change
 * @param {{x: number[], y: number[]}} now
 * @param {Zoom|null|undefined} before
 * @returns {Zoom|null|undefined}  null: follow the newest; undefined: no zoom
 */
export function dragged(keys, now, before) {
  if (keys.some((key) => key.endsWith(".autorange"))) return null;
  if (!keys.some((key) => /^[xy]axis\.range/.test(key))) return undefined;
  const isHigh = keys.some((key) => key.startsWith("yaxis.range"));
  return { x: now.x, y: isHigh ? now.y : before?.y ?? null };
}

/**
 * @param {string} key
 * @param {{x: number[], y: number[]}} now
 * @param {number[]|null} own  heights that the reader chose; null: they follow
 * @returns {Zoom|null|undefined} new ranges; null: follow the newest; undefined: not our key
 */
export function zoomedBy(key, { x: [low, high], y: heights }, own) {
  const span = high - low;
  switch (key) {
    case "<": return { x: [low - span * KEY_PAN, high - span * KEY_PAN], y: own };
    case ">": return { x: [low + span * KEY_PAN, high + span * KEY_PAN], y: own };
    case "ArrowUp": return { x: [low, high], y: heights.map((end) => end + (heights[1] - heights[0]) * KEY_PAN) };
    case "ArrowDown": return { x: [low, high], y: heights.map((end) => end - (heights[1] - heights[0]) * KEY_PAN) };
    case "+": case "=": return { x: scaled(low, high, KEY_ZOOM), y: own };
    case "-": return { x: scaled(low, high, 1 / KEY_ZOOM), y: own };
    case "f": case "F": return { x: [low, high], y: null };
    case "0": case "Escape": case "Home": return null;
    default: return undefined;
  }
}

/** @param {number} low  @param {number} high  @param {number} factor  @returns {[number, number]} */
function scaled(low, high, factor) {
  const middle = (low + high) / 2;
  const half = ((high - low) / 2) * factor;
  return [middle - half, middle + half];
}
