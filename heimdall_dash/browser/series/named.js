/* A history of which only the metrics that somebody looks at are here, each thinned by itself: a table
   over the epochs of all of them, where a null says nothing. Pure. */

/** @import { Store } from "./columns.js" */

import { emptyStore, lowerBound, makeRoom } from "./columns.js";
import { seriesOf } from "./series.js";

/**
 * `GET /jobs/{id}/series`: `series` by metric, `cursor`, `stream`, `total` epochs, `not_finite`.
 * @typedef {{series: Record<string, {epoch: number[], value: Column, timestamp: (string|null)[], total: number, mean?: Column}>,
 *   cursor: string, stream: string|null, total: number, not_finite?: NotFinite}} Answer
 */

/**
 * @param {string} job
 * @param {Answer} answer
 * @returns {Store}
 */
export function fromSeries(job, answer) {
  const store = emptyStore(job);
  Object.assign(store, { stream: answer.stream, cursor: String(answer.cursor), total: answer.total, isPartial: true, totals: {} });
  joinSeries(store, answer);
  return store;
}

/**
 * Put what an answer has under what is here: cells that frames brought meanwhile are newer.
 * @param {Store} store  changed in place
 * @param {Answer} answer
 * @param {{isPart: boolean}} [of]   a stretch of the history: its totals say nothing of the whole
 */
export function joinSeries(store, answer, { isPart } = { isPart: false }) {
  const { columns } = store;
  makeRoom(store, epochsOf(answer));
  for (const [name, { epoch, value, timestamp, total, mean }] of Object.entries(answer.series)) {
    const column = columns[name]?.slice() ?? new Array(columns.epoch.length).fill(null);
    const marks = store.notFinite[name] ?? {};
    const times = (columns.timestamp ??= new Array(columns.epoch.length).fill(null));
    epoch.forEach((at, i) => {
      const row = lowerBound(columns.epoch, at);
      if (column[row] === null && !(at in marks)) column[row] = value[i];
      times[row] ??= /** @type {string} */ (timestamp[i]);
    });
    columns[name] = column;
    const means = ((store.means ??= Object.create(null))[name] ??= new Map());
    epoch.forEach((at, i) => {
      if (mean) means.set(at, mean[i] ?? value[i]);
      else means.delete(at); // a close look: the value stands for itself
    });
    if (!isPart) (store.totals ??= {})[name] ??= total;
  }
  for (const [name, marks] of Object.entries(answer.not_finite ?? {})) {
    for (const [epoch, kind] of Object.entries(marks)) {
      const row = lowerBound(columns.epoch, Number(epoch));
      if (columns[name]?.[row] === null) (store.notFinite[name] ??= {})[epoch] = kind;
    }
  }
}

/**
 * Whether points of these metrics were left out.
 * @param {{columns: Columns, isPartial?: boolean, totals?: Record<string, number>}} store
 * @param {string} metric
 * @returns {{returned: number, total: number}|null}  null: every one is here
 */
export function leftOut(store, metric) {
  const total = store.totals?.[metric] ?? 0;
  const returned = store.isPartial ? seriesOf(store, metric)?.epochs.length ?? 0 : total;
  return returned < total ? { returned, total } : null;
}

/** @param {Answer} answer  @returns {number[]} rising, each once */
function epochsOf({ series, not_finite: notFinite }) {
  const found = new Set(Object.values(series).flatMap(({ epoch }) => epoch));
  for (const marks of Object.values(notFinite ?? {})) for (const epoch of Object.keys(marks)) found.add(Number(epoch));
  return [...found].sort((a, b) => a - b);
}
