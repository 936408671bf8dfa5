/* The small curve on a job's card: one metric, fetched once, then grown by the job's own news. */

const POINTS = 60;
const METRICS = ["val_loss", "train_loss"];
const SVG = "http://www.w3.org/2000/svg";

/** @typedef {{epochs: number[], values: number[], metric: string|null}} Spark */

export class Sparks {
  /**
   * @param {Call} call  REST
   * @param {string|undefined} first  the metric on the cards; without it, or for jobs that lack it, a loss
   * @param {(jobId: string) => void} changed  a history has come
   */
  constructor(call, first, changed) {
    this.metrics = first ? [first, ...METRICS] : METRICS; // the first that a job has
    this.call = call;
    this.changed = changed;
    /** @type {Map<string, Spark>} */
    this.kept = new Map();
  }

  /**
   * @param {Job} job
   * @returns {{epochs: number[], values: number[]}} with the job's newest epoch
   */
  of(job) {
    let spark = this.kept.get(job.id);
    if (!spark) {
      this.kept.set(job.id, (spark = { epochs: [], values: [], metric: null }));
      if (job.current_epoch > 0) this._fetch(job.id, spark);
    }
    const last = job.last_metrics || {};
    const metric = spark.metric || this.metrics.find((name) => typeof last[name] === "number");
    const newest = spark.epochs[spark.epochs.length - 1] ?? -1;
    if (metric && typeof last[metric] === "number" && job.current_epoch > newest) {
      spark.metric = metric;
      spark.epochs.push(job.current_epoch);
      spark.values.push(last[metric]);
      if (spark.values.length > 4 * POINTS) halve(spark);
    }
    return spark;
  }

  /** @param {string} id  @param {Spark} spark */
  async _fetch(id, spark) {
    try {
      const names = this.metrics.map((name) => `&metrics=${encodeURIComponent(name)}`).join("");
      const { columns } = await this.call("GET", `/jobs/${id}/metrics?points=${POINTS}${names}`);
      const metric = this.metrics.find((name) => (columns[name] || []).some((/** @type {Cell} */ value) => typeof value === "number"));
      if (!metric) return;
      /** @type {number[]} */
      const places = [...columns.epoch.keys()];
      const kept = places.filter((i) => typeof columns[metric][i] === "number");
      spark.metric = metric;
      spark.epochs = kept.map((i) => columns.epoch[i]);
      spark.values = kept.map((i) => columns[metric][i]);
      this.changed(id);
    } catch {
      // a card without its small curve is still a card
    }
  }
}

/** @param {Spark} spark */
function halve(spark) {
  spark.epochs = spark.epochs.filter((_, i) => i % 2 === 0);
  spark.values = spark.values.filter((_, i) => i % 2 === 0);
}

/**
 * On a log scale where all values are positive. @returns {SVGElement}
 * @param {number[]} epochs
 * @param {number[]} values
 */
export function sparkline(epochs, values, width = 120, height = 36) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  if (values.length < 2) return svg;
  const heights = values.every((value) => value > 0) ? values.map(Math.log) : values;
  const low = Math.min(...heights);
  const span = Math.max(...heights) - low || 1;
  const from = epochs[0];
  const range = epochs[epochs.length - 1] - from || 1;
  const line = document.createElementNS(SVG, "polyline");
  line.setAttribute("points", heights.map((value, i) =>
    `${(((epochs[i] - from) / range) * (width - 4) + 2).toFixed(1)},${(height - 3 - ((value - low) / span) * (height - 6)).toFixed(1)}`).join(" "));
  svg.append(line);
  return svg;
}
