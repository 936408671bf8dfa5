/* Several runs as one: the mean of a metric at each epoch, how far the runs lie apart there, and how
   many of them there are. Pure. */

import { seriesOf } from "./series.js";

/**
 * @typedef {{low: Column, high: Column, counts: number[]}} Band   one for each epoch
 * @typedef {"range"|"sd"} BandKind   smallest to largest; or one standard deviation (of n, not n − 1)
 *   to either side of the mean
 */

/**
 * Means by epoch, over the runs that have a finite value there; nobody is filled in.
 * @param {{columns: Columns, notFinite?: NotFinite}[]} sources
 * @param {string} metric
 * @param {BandKind} kind
 * @returns {{epochs: number[], mean: Column, band: Band}}
 */
export function meanOf(sources, metric, kind) {
  /** @type {Map<number, number[]>} */
  const byEpoch = new Map();
  for (const source of sources) {
    const series = seriesOf(source, metric);
    series?.values.forEach((value, i) => {
      if (typeof value !== "number" || !Number.isFinite(value)) return;
      const at = byEpoch.get(series.epochs[i]);
      if (at) at.push(value);
      else byEpoch.set(series.epochs[i], [value]);
    });
  }
  const epochs = [...byEpoch.keys()].sort((a, b) => a - b);
  const values = epochs.map((epoch) => /** @type {number[]} */ (byEpoch.get(epoch)));
  const mean = values.map((some) => some.reduce((sum, one) => sum + one, 0) / some.length);
  const spread = values.map((some, i) => (kind === "range"
    ? [Math.min(...some), Math.max(...some)] : around(mean[i], deviation(some, mean[i]))));
  return {
    epochs, mean,
    band: { low: spread.map(([low]) => low), high: spread.map(([, high]) => high), counts: values.map((some) => some.length) },
  };
}

/** @param {number} mean  @param {number} sd  @returns {[number, number]} */
function around(mean, sd) {
  return [mean - sd, mean + sd];
}

/** @param {number[]} values  @param {number} mean  @returns {number} */
function deviation(values, mean) {
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
