/* A job's epochs as columns. Applying a frame is idempotent, and a gap is refused. */
(function (root) {
  "use strict";
  const core = (root.heimdallCore = root.heimdallCore || {});

  const NO_EPOCH = -1;

  /**
   * @typedef {Object} Store
   * @property {string|null} job       id of the job
   * @property {string|null} stream    incarnation of the stream that the epochs came from
   * @property {number} cursor         newest epoch, -1 before the first
   * @property {number} total          epochs that the server holds up to the cursor
   * @property {Object<string, Array>} columns  equal length, `epoch` strictly rising; null: no value
   */

  /** @returns {Store} */
  function emptyStore(job) {
    return { job, stream: null, cursor: NO_EPOCH, total: 0, columns: { epoch: [] } };
  }

  /** The answer of GET /jobs/{id}/metrics as a store. @returns {Store} */
  function fromSnapshot(job, snapshot) {
    const columns = { ...snapshot.columns };
    if (!columns.epoch) columns.epoch = [];
    const count = columns.epoch.length;
    for (const [name, values] of Object.entries(columns)) {
      if (values.length !== count) {
        throw new Error(`column ${name}: expected ${count} values, got ${values.length}`);
      }
    }
    return {
      job,
      stream: snapshot.stream ?? null,
      cursor: snapshot.cursor ?? NO_EPOCH,
      total: snapshot.total ?? count,
      columns,
    };
  }

  /**
   * Append every epoch of a frame that the store does not hold yet.
   *
   * @param {Store} store  changed in place, and only when the answer is "applied"
   * @param {{stream: string, after: number, cursor: number, columns: Object}} frame
   * @returns {"applied"|"repeat"|"gap"|"foreign"}  repeat: all of it was there already;
   *   gap: the frame does not begin where the store ends; foreign: another stream
   */
  function applyFrame(store, frame) {
    if (store.stream !== null && frame.stream !== store.stream) return "foreign";
    if (frame.cursor <= store.cursor) return "repeat";
    if (frame.after !== store.cursor) return "gap";
    const epochs = frame.columns.epoch;
    let expected = store.cursor;
    for (const epoch of epochs) {
      if (!(epoch > expected)) return "gap";
      expected = epoch;
    }
    if (expected !== frame.cursor) return "gap";
    const before = store.columns.epoch.length;
    for (const name of Object.keys(frame.columns)) {
      if (!store.columns[name]) store.columns[name] = new Array(before).fill(null);
    }
    for (const [name, values] of Object.entries(store.columns)) {
      const added = frame.columns[name];
      for (let i = 0; i < epochs.length; i += 1) values.push(added ? added[i] : null);
    }
    store.stream = frame.stream;
    store.cursor = frame.cursor;
    store.total += epochs.length;
    return "applied";
  }

  /** Index of the first value ≥ x in a rising array; its length when there is none. */
  function lowerBound(rising, x) {
    let low = 0;
    let high = rising.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rising[middle] < x) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  core.columns = { NO_EPOCH, emptyStore, fromSnapshot, applyFrame, lowerBound };
})(typeof window === "undefined" ? globalThis : window);
