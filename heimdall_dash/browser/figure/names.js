/* What the names of metrics say when nobody described them: units, scales. Pure. */

import { direction } from "../series/better.js";
import { extent } from "../series/lines.js";

const NO_SCORE = /(^|[^a-z])(lr|learning[_ ]?rate|norm|grad\w*|weight\w*|scale\w*|sigma|std|var|temperature)([^a-z]|$)/i;

/** @type {Record<string, string>} */
const UNITS = {
  m: "m", km: "km", mm: "mm", s: "s", seconds: "s", ms: "ms", us: "µs", ns: "ns", minutes: "min", hours: "h",
  percent: "%", pct: "%", hz: "Hz", khz: "kHz", mhz: "MHz", db: "dB", dbm: "dBm", deg: "°", rad: "rad",
  bytes: "B", kb: "kB", mb: "MB", gb: "GB", nats: "nats", bits: "bits", fraction: "fraction",
};

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
  return !isShare && !isScore(metric, values) && prefersLog(values) ? "log" : "linear";
}

/**
 * What is better the higher it is and lies between 0 and 1, as far as anybody can tell: by its name,
 * or because it comes near to 1 and its name says nothing else.
 * @param {string} metric
 * @param {Column} values
 * @returns {boolean}
 */
function isScore(metric, values) {
  const { way } = direction(metric);
  if (way === "lower") return false;
  const found = extent([values], false);
  if (!found || found[0] < 0 || found[1] > 1) return false;
  return way === "higher" || (found[1] > 0.5 && !NO_SCORE.test(metric));
}
