/* One metric of one run, as the charts read it: by this door alone, so that each metric may stand on
   rows of its own. */

/**
 * The cells of one metric in the order of their epochs.
 * @typedef {Object} Series
 * @property {number[]} epochs        strictly rising
 * @property {Column} values          one for each epoch; null: nobody wrote it, or it was not finite
 * @property {string[]|undefined} times   ISO 8601, one for each epoch
 * @property {Record<string, string>|undefined} marks   epoch → nan, inf, -inf
 */

/**
 * @param {{columns: Columns, notFinite?: NotFinite}} source  what is known of a run
 * @param {string} metric
 * @returns {Series|null}  null: the run has no such metric
 */
export function seriesOf({ columns, notFinite = {} }, metric) {
  if (!Object.hasOwn(columns, metric)) return null;
  return { epochs: columns.epoch, values: columns[metric], times: columns.timestamp, marks: notFinite[metric] };
}
