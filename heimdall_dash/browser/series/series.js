/* One metric of one run, as the charts read it: by this door alone, so that each metric may stand on
   rows of its own. */

/**
 * The cells of one metric in the order of their epochs.
 * @typedef {Object} Series
 * @property {number[]} epochs        strictly rising
 * @property {Column} values          one for each epoch; null: nobody wrote it, or it was not finite
 * @property {string[]|undefined} times   ISO 8601, one for each epoch
 * @property {Record<string, string>|undefined} marks   epoch → nan, inf, -inf
 * @property {Map<number, number>} [means]   epoch → mean of the stretch that its value stands for, of a
 *   thinned history
 */

/**
 * @param {{columns: Columns, notFinite?: NotFinite, isPartial?: boolean, means?: Record<string, Map<number, number>>}} source  what is known of a run
 * @param {string} metric
 * @returns {Series|null}  null: the run has no such metric, or it is not here
 */
export function seriesOf({ columns, notFinite = {}, isPartial, means }, metric) {
  if (!Object.hasOwn(columns, metric)) return null;
  const marks = notFinite[metric];
  if (isPartial) return { ...ownRows(columns, metric, marks), means: means?.[metric] };
  return { epochs: columns.epoch, values: columns[metric], times: columns.timestamp, marks };
}

/** @type {WeakMap<Column, Series & {count: number, epochColumn: number[]}>} */
const known = new WeakMap(); // made once, and longer while the column only grows

/**
 * Of a table in which most cells are left out: the rows that this metric has.
 * @param {Columns} columns
 * @param {string} metric
 * @param {Record<string, string>|undefined} marks
 * @returns {Series}
 */
function ownRows(columns, metric, marks) {
  const { epoch, timestamp } = columns;
  const column = columns[metric];
  let made = known.get(column);
  if (!made || made.epochColumn !== epoch || made.count > column.length) {
    made = { epochs: [], values: [], times: timestamp ? [] : undefined, marks, count: 0, epochColumn: epoch };
    known.set(column, made);
  }
  for (let i = made.count; i < column.length; i += 1) {
    if (column[i] === null && !(marks && epoch[i] in marks)) continue;
    made.epochs.push(epoch[i]);
    made.values.push(column[i]);
    made.times?.push(/** @type {string[]} */ (timestamp)[i]);
  }
  made.count = column.length;
  made.marks = marks;
  return made;
}

/**
 * What a smoothed line is made of: of a thinned history the means of its stretches. What is left of these
 * is their extremes, and a line through the middle of extremes is not where the values are.
 * @param {Series} series
 * @returns {Column}
 */
export function smoothable({ epochs, values, means }) {
  if (!means?.size) return values;
  return values.map((value, i) => (value === null ? null : means.get(epochs[i]) ?? value));
}
