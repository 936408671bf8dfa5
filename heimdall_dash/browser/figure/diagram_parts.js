/* What calibration diagrams share: the rows of two epochs, the band of chance, axes from 0 to 1. Pure. */

import { lowerBound } from "../series/columns.js";
import { seriesOf } from "../series/series.js";
import { chanceBand } from "./chance.js";
import { SAMPLES } from "./diagram_specs.js";
import { linearTicks, tickTexts } from "./ticks.js";

/** @typedef {{epoch: number, value: any}} Row */

/**
 * The newest value of a metric, and the chosen epoch's or the nearest before it.
 * @param {Source} source
 * @param {string} metric
 * @param {number|null} epoch
 * @param {(value: Cell) => boolean} isValue
 * @returns {Row[]}  none, the newest, or the newest and another
 */
export function rowsOf(source, metric, epoch, isValue = Array.isArray) {
  const series = seriesOf(source, metric);
  if (!series) return [];
  const { epochs, values } = series;
  const before = (/** @type {number} */ from) => {
    let i = from;
    while (i >= 0 && !isValue(values[i])) i -= 1;
    return i;
  };
  const newest = before(values.length - 1);
  if (newest < 0) return [];
  const found = [{ epoch: epochs[newest], value: values[newest] }];
  if (epoch === null) return found;
  const at = lowerBound(epochs, epoch);
  const chosen = before(epochs[at] === epoch ? at : at - 1);
  if (chosen >= 0 && chosen !== newest) found.push({ epoch: epochs[chosen], value: values[chosen] });
  return found;
}

/**
 * A metric's value in one epoch, null where it has none.
 * @param {Source} source
 * @param {string} metric
 * @param {number} epoch
 * @returns {any}
 */
export function valueAt(source, metric, epoch) {
  const series = seriesOf(source, metric);
  if (!series) return null;
  const at = lowerBound(series.epochs, epoch);
  return series.epochs[at] === epoch ? series.values[at] ?? null : null;
}

/**
 * How many samples stand behind the figures of an epoch, null where nobody said.
 * @param {Source} source
 * @param {string} prefix
 * @param {number} epoch
 * @returns {number|null}
 */
export function samplesOf(source, prefix, epoch) {
  const said = valueAt(source, `${prefix}${SAMPLES}`, epoch);
  const facts = source.facts || {};
  const count = typeof said === "number" ? said : facts[`${prefix}${SAMPLES}`];
  return typeof count === "number" && count >= 1 ? count : null;
}

/**
 * The band of chance around some shares.
 * @param {Source} source
 * @param {string} prefix
 * @param {number} epoch
 * @param {string} fact     such as `reliability`, whose `_low` and `_high` the facts may have
 * @param {number[]} shares
 * @returns {{low: number[], high: number[]}|null}
 */
export function bandOf(source, prefix, epoch, fact, shares) {
  const facts = source.facts || {};
  const said = (/** @type {string} */ end) => facts[`${prefix}${fact}_${end}`] ?? facts[`${fact}_${end}`];
  return chanceBand(shares, samplesOf(source, prefix, epoch), { low: said("low"), high: said("high") });
}

/**
 * An area between two lines, behind everything else.
 * @param {any[]} x
 * @param {{low: number[], high: number[]}} band
 * @param {Look} look
 * @param {any} [line]  how its edges run
 * @returns {any[]}
 */
export function bandTraces(x, band, look, line = {}) {
  const edge = { type: "scatter", mode: "lines", x, hoverinfo: "skip", line: { width: 0, ...line } };
  return [
    { ...edge, y: band.low, showlegend: false },
    { ...edge, y: band.high, name: look.texts.chance_band, fill: "tonexty", fillcolor: look.colors.chance },
  ];
}

/**
 * An axis over shares.
 * @param {any} axis
 * @param {string} title
 * @param {number[]} range
 * @param {Look} look
 */
export function shareAxis(axis, title, range, look) {
  const values = linearTicks(range[0], range[1], Math.max(3, Math.min(6, look.width / 90)));
  Object.assign(axis, {
    type: "linear", range, tickmode: "array", tickvals: values, ticktext: tickTexts(values),
    title: { ...axis.title, text: title, standoff: 6, font: { size: 12 } },
  });
}

/**
 * @param {number[]} ends
 * @param {Look} look
 * @returns {any}  the line on which observed is expected
 */
export function diagonal(ends, look) {
  return {
    type: "scatter", mode: "lines", name: look.texts.diagonal, x: ends, y: ends, hoverinfo: "skip",
    line: { color: look.colors.reference, width: 1.2, dash: "longdash" },
  };
}

/** How the newest epoch and the one beside it differ, by more than colour. */
export const STYLES = /** @type {const} */ ([
  { dash: "solid", symbol: "circle" }, { dash: "dash", symbol: "square" },
]);

/** @param {Row} row  @param {Look} look  @returns {string} */
export function epochName(row, look) {
  return `${look.texts.axis_epoch} ${row.epoch}`;
}
