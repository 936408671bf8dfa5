/* A job's cells as columns, sorted by epoch. Applying a frame is idempotent, and a gap is refused. */

import { BEGINNING, comparePositions } from "../wire/cursor.js";

export const NO_EPOCH = -1;

/**
 * @typedef {Object} Store
 * @property {string|null} job       id of the job
 * @property {string|null} stream    incarnation of the stream that the writes came from
 * @property {string} cursor         position of the newest write, such as `412-1`
 * @property {number} total          epochs that the server holds up to the cursor
 * @property {Columns} columns  equal length, `epoch` strictly rising; null: nobody
 *   wrote it, or it was not finite. Without a prototype: a metric may be called `constructor`.
 *   A column that only grew is the same array; one that changed before its end is another array,
 *   so that what was made of a column can be kept by it.
 * @property {NotFinite} notFinite  metric → epoch → nan, inf, -inf
 * @property {boolean} [isPartial]   of a history too large to be held whole: see named.js
 * @property {Record<string, Map<number, number>>} [means]   of such: epoch → mean of the stretch that its value stands for
 * @property {Record<string, number>} [totals]   of such: how many cells a metric has on the server
 */

/**
 * @param {string|null} job
 * @returns {Store}
 */
export function emptyStore(job) {
  return { job, stream: null, cursor: BEGINNING, total: 0, columns: bare({ epoch: [] }), notFinite: bare({}) };
}

/**
 * The answer of GET /jobs/{id}/metrics as a store. @returns {Store}
 * @param {string|null} job
 * @param {any} snapshot
 */
export function fromSnapshot(job, snapshot) {
  const columns = bare({ epoch: [] }, snapshot.columns);
  const count = columns.epoch.length;
  for (const [name, values] of Object.entries(columns)) {
    if (values.length !== count) {
      throw new Error(`column ${name}: expected ${count} values, got ${values.length}`);
    }
  }
  const notFinite = bare({});
  for (const [name, marks] of Object.entries(snapshot.not_finite ?? {})) notFinite[name] = { ...marks };
  return {
    job,
    stream: snapshot.stream ?? null,
    cursor: String(snapshot.cursor ?? BEGINNING),
    total: snapshot.total ?? count,
    columns,
    notFinite,
  };
}

/**
 * The same entries without a prototype.
 * @param {any} parts
 * @returns {any}
 */
function bare(...parts) {
  return Object.assign(Object.create(null), ...parts);
}

/**
 * Join every cell of a frame that the store does not have yet.
 *
 * @param {Store} store  changed in place, and only when the answer is "applied"
 * @param {Frame} frame
 * @returns {"applied"|"repeat"|"gap"|"foreign"}  repeat: all of it was there already;
 *   gap: the frame does not begin where the store ends, or makes no sense; foreign: another stream
 */
export function applyFrame(store, frame) {
  if (store.stream !== null && frame.stream !== store.stream) return "foreign";
  if (!(comparePositions(frame.cursor, store.cursor) > 0)) return "repeat";
  if (String(frame.after) !== store.cursor || !isWellFormed(frame.columns)) return "gap";
  const isWhole = store.total === store.columns.epoch.length;
  const newest = store.columns.epoch.at(-1) ?? NO_EPOCH;
  if (typeof frame.take_back === "number") takeBack(store, frame.take_back);
  joinCells(store, frame.columns, frame.not_finite ?? {});
  // of a thinned history nobody here knows whether a late epoch is new
  const added = frame.columns.epoch.length - lowerBound(frame.columns.epoch, newest + 1);
  store.total = isWhole ? store.columns.epoch.length : store.total + added;
  if (store.totals) countNewer(store.totals, frame, newest);
  store.stream = frame.stream;
  store.cursor = frame.cursor;
  return "applied";
}

/**
 * Of what came to metrics whose earlier cells are not all here.
 * @param {Record<string, number>} totals  changed in place
 * @param {Frame} frame
 * @param {number} newest  epoch that was here before
 */
function countNewer(totals, { columns, not_finite: notFinite = {} }, newest) {
  const from = lowerBound(columns.epoch, newest + 1);
  for (const name of Object.keys(totals)) {
    const values = own(columns, name) ?? [];
    const marks = own(notFinite, name) ?? {};
    for (let i = from; i < values.length; i += 1) if (values[i] !== null || columns.epoch[i] in marks) totals[name] += 1;
  }
}

/**
 * Cells that stand at the store's own cursor: of metrics that came to be watched late.
 * @param {Store} store  changed in place
 * @param {Frame} frame
 * @returns {boolean}  whether there were any
 */
export function applyOwed(store, frame) {
  if (frame.stream !== store.stream || !isWellFormed(frame.columns) || frame.columns.epoch.length === 0) return false;
  joinCells(store, frame.columns, frame.not_finite ?? {});
  return true;
}

/** @param {Columns} columns  @returns {boolean} */
function isWellFormed(columns) {
  const epochs = columns.epoch;
  for (let i = 0; i < epochs.length; i += 1) {
    if (!(epochs[i] > (i === 0 ? NO_EPOCH : epochs[i - 1]))) return false;
  }
  return Object.values(columns).every((values) => values.length === epochs.length);
}

/**
 * Forget every epoch behind `epoch`.
 * @param {Store} store
 * @param {number} epoch
 */
function takeBack(store, epoch) {
  const length = lowerBound(store.columns.epoch, epoch + 1);
  if (length === store.columns.epoch.length) return;
  for (const name of Object.keys(store.columns)) store.columns[name] = store.columns[name].slice(0, length);
  for (const [name, marks] of Object.entries(store.notFinite)) {
    for (const marked of Object.keys(marks)) if (Number(marked) > epoch) unmark(store, name, marked);
  }
}

/** @param {Store} store  @param {Columns} added  @param {NotFinite} notFinite */
function joinCells(store, added, notFinite) {
  const epochs = store.columns.epoch;
  const late = lowerBound(added.epoch, (epochs.at(-1) ?? NO_EPOCH) + 1); // so many are not newer
  for (const name of Object.keys(added)) store.columns[name] ??= new Array(epochs.length).fill(null);
  if (late > 0) joinLate(store, added, late, notFinite);
  const from = late;
  for (const [name, values] of Object.entries(store.columns)) {
    const more = own(added, name);
    for (let i = from; i < added.epoch.length; i += 1) values.push(more ? more[i] : null);
  }
  for (const [name, marks] of Object.entries(notFinite)) {
    store.notFinite[name] = { ...store.notFinite[name], ...marks };
  }
}

/**
 * The first `count` epochs of a frame, which are not newer than all that is here.
 * @param {Store} store
 * @param {Columns} added
 * @param {number} count
 * @param {NotFinite} notFinite
 */
function joinLate(store, added, count, notFinite) {
  makeRoom(store, added.epoch.slice(0, count));
  const places = added.epoch.slice(0, count).map((epoch) => lowerBound(store.columns.epoch, epoch));
  for (const [name, values] of Object.entries(added)) {
    if (name === "epoch") continue;
    let column = null; // copied when the first of its cells changes
    for (let i = 0; i < count; i += 1) {
      const epoch = added.epoch[i];
      const isMarked = own(own(notFinite, name) ?? {}, String(epoch)) !== undefined;
      if (values[i] === null && !isMarked) continue;
      if (name === "timestamp" && store.columns[name]?.[places[i]] !== null) continue; // its first
      column ??= store.columns[name] = store.columns[name].slice();
      column[places[i]] = values[i];
      if (!isMarked) unmark(store, name, String(epoch));
    }
  }
}

/**
 * A row of nulls for each of these epochs that is not there yet.
 * @param {Store} store
 * @param {number[]} epochs
 */
export function makeRoom(store, epochs) {
  const known = store.columns.epoch;
  const missing = epochs.filter((epoch) => known[lowerBound(known, epoch)] !== epoch);
  if (missing.length === 0) return;
  const places = missing.map((epoch) => lowerBound(known, epoch));
  for (const name of Object.keys(store.columns)) {
    const fill = name === "epoch" ? missing : new Array(missing.length).fill(null);
    store.columns[name] = inserted(store.columns[name], places, fill);
  }
}

/** @param {Column} values  @param {number[]} places  @param {Column} more  @returns {Column} */
function inserted(values, places, more) {
  const result = [];
  let from = 0;
  for (let i = 0; i < places.length; i += 1) {
    for (; from < places[i]; from += 1) result.push(values[from]);
    result.push(more[i]);
  }
  for (; from < values.length; from += 1) result.push(values[from]);
  return result;
}

/** @param {Store} store  @param {string} name  @param {string} epoch */
function unmark(store, name, epoch) {
  const marks = store.notFinite[name];
  if (!marks || !(epoch in marks)) return;
  delete marks[epoch];
  if (Object.keys(marks).length === 0) delete store.notFinite[name];
}

/** @param {any} object  @param {string} name  @returns {any} */
function own(object, name) {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/**
 * Index of the first value ≥ x in a rising array; its length when there is none.
 * @param {number[]} rising
 * @param {number} x
 * @returns {number}
 */
export function lowerBound(rising, x) {
  let low = 0;
  let high = rising.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rising[middle] < x) low = middle + 1;
    else high = middle;
  }
  return low;
}
