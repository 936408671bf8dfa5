/* What of a job decides which charts stand, and whether a stretch of time shows anything. Pure. */

/**
 * @typedef {import("./standing.js").Run & {jobId: string|null, loaded: number}} ChartedRun   `loaded`: metrics whose values are here
 * @param {ShownJob} feed
 * @returns {ChartedRun}
 */
export function runOf({ jobId, job, state, names, store: { columns } }) {
  const published = (names ?? Object.keys(columns)).filter((name) => name !== "epoch" && name !== "timestamp");
  return { jobId, job, isKnown: state === "ready", published, names: published.filter((name) => isNumeric(columns[name])), loaded: Object.keys(columns).length };
}

/**
 * One whose values did not come yet may be a number; one of nothing but null is none so far.
 * @param {Column|undefined} column
 */
function isNumeric(column) {
  if (!Array.isArray(column)) return true;
  const first = column.find((value) => value !== null && value !== undefined);
  return typeof first === "number";
}

/**
 * @param {ChartedRun} a
 * @param {ChartedRun} b
 * @returns {boolean} whether the same charts stand for both
 */
export function isSameRun(a, b) {
  return a.jobId === b.jobId && a.isKnown === b.isKnown && a.loaded === b.loaded && a.job?.status === b.job?.status && a.job?.external === b.job?.external
    && isSameList(a.names, b.names) && isSameList(a.published, b.published)
    && JSON.stringify([a.job?.charts, a.job?.key_metrics]) === JSON.stringify([b.job?.charts, b.job?.key_metrics]);
}

/** @param {string[]} a  @param {string[]} b  @returns {boolean} */
function isSameList(a, b) {
  return a.length === b.length && a.every((name, i) => name === b[i]);
}

/**
 * @param {{x: number[], y: Column, hoverinfo?: string}[]} lines  as Plotly holds them
 * @param {number[]} range  in axis units
 * @returns {boolean} whether a point of a line lies within, or a line runs through
 */
export function holdsPoint(lines, [low, high]) {
  return lines.some(({ x, y }) => {
    if (!x || x.length === 0) return false;
    const [first, last] = [Number(x[0]), Number(x[x.length - 1])];
    return x.some((at, i) => y[i] !== null && at >= low && at <= high) || (first <= low && last >= high);
  });
}
