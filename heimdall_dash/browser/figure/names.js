/* What the names of metrics say when nobody described them: titles, units, groups, scales. Pure. */

/** @type {Record<string, string>} */
const UNITS = {
  m: "m", km: "km", mm: "mm", s: "s", seconds: "s", ms: "ms", us: "µs", ns: "ns", minutes: "min", hours: "h",
  percent: "%", pct: "%", hz: "Hz", khz: "kHz", mhz: "MHz", db: "dB", dbm: "dBm", deg: "°", rad: "rad",
  bytes: "B", kb: "kB", mb: "MB", gb: "GB", nats: "nats", bits: "bits", fraction: "fraction",
};
const TIMES = new Set(["s", "ms", "µs", "ns", "min", "h"]);
const UPPER = new Set(["cpu", "gpu", "rmse", "mse", "mae", "gdop", "nll", "ece", "crps", "auc", "lr", "snr", "f1", "l1", "l2", "kl"]);

/**
 * `val_distance_p68_m` → `m`, as the names of metrics carry it; an empty text: unknown.
 * @param {string} metric
 * @returns {string}
 */
export function unitOf(metric) {
  const suffix = /_([a-z]+)$/i.exec(metric);
  const word = suffix ? suffix[1].toLowerCase() : "";
  return Object.hasOwn(UNITS, word) ? UNITS[word] : ""; // not `constructor`
}

/**
 * What stands behind a value: a fraction is read without a unit.
 * @param {string} metric
 * @returns {string}
 */
export function valueUnitOf(metric) {
  const unit = unitOf(metric);
  return unit === "fraction" ? "" : unit;
}

/**
 * `eval/gpu_wait_seconds` → `GPU wait time`: the last part in words, its unit left to the axis.
 * @param {string} metric
 * @returns {string}
 */
export function titleOf(metric) {
  const unit = unitOf(metric);
  const last = metric.split("/").pop() || metric;
  const words = (unit ? last.replace(/_[a-z]+$/i, "") : last).split(/[_\s]+/).filter(Boolean);
  if (words.length === 0) return metric;
  const said = words.map((word) => (UPPER.has(word.toLowerCase()) ? word.toUpperCase() : word));
  said[0] = said[0][0].toUpperCase() + said[0].slice(1);
  const endsInTime = /^(time|duration|latency|age|delay|eta)$/i.test(words[words.length - 1]);
  return said.join(" ") + (TIMES.has(unit) && !endsInTime ? " time" : "");
}

/**
 * A text as Plotly shows it: titles, names and hover texts are a small HTML, and names come from
 * outside.
 * @param {any} text
 * @returns {string}
 */
export function plotText(text) {
  return String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;");
}

/**
 * Whether each of the words stands somewhere in the text, in any order and case.
 * @param {string} text
 * @param {string} search
 * @returns {boolean}
 */
export function matches(text, search) {
  const hay = text.toLowerCase();
  return search.toLowerCase().split(/\s+/).filter(Boolean).every((word) => hay.includes(word));
}

/**
 * Whether a log axis is the better first view: positive values over more than two decades.
 * @param {Column} values
 * @returns {boolean}
 */
export function prefersLog(values) {
  let count = 0;
  let low = Infinity;
  let high = 0;
  for (const value of values) {
    if (typeof value !== "number") continue;
    if (value <= 0) return false;
    count += 1;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return count >= 10 && high > 100 * low;
}

/**
 * How a metric that nobody chose a scale for is first read. What has a perfect value other than
 * zero, or is a share of a whole, is read on a linear axis.
 * @param {Known} [known]  what the page's configuration says of it
 * @param {string} metric
 * @param {Column} values
 * @returns {Scale}
 */
export function firstScale(metric, values, known) {
  const unit = known ? known.unit : unitOf(metric);
  const isShare = Boolean(known && known.ideal) || unit === "fraction" || unit === "%";
  return !isShare && prefersLog(values) ? "log" : "linear";
}

/**
 * Metrics that stand on no chart, by prefix: the part before `/`, or a first word they share.
 * @param {Columns} columns
 * @param {Set<string>} known
 * @returns {{group: string, metrics: string[]}[]}
 */
export function otherMetrics(columns, known) {
  const names = Object.keys(columns).filter((name) =>
    name !== "epoch" && name !== "timestamp" && !known.has(name) &&
    !columns[name].some(Array.isArray) && columns[name].some((value) => typeof value === "number"));
  const firstWord = (/** @type {string} */ name) => name.split("_")[0];
  const shared = new Map();
  for (const name of names) shared.set(firstWord(name), (shared.get(firstWord(name)) || 0) + 1);
  const groups = new Map();
  for (const name of names.sort()) {
    const word = firstWord(name);
    const group = name.includes("/") ? name.slice(0, name.indexOf("/")) : shared.get(word) > 1 ? word : "";
    if (!groups.has(group)) groups.set(group, []);
    groups.get(group).push(name);
  }
  return [...groups].sort(([a], [b]) => Number(a === "") - Number(b === "") || a.localeCompare(b))
    .map(([group, metrics]) => ({ group, metrics }));
}
