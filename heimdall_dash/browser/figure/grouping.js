/* Which charts a run's metrics get, when nobody described them: train and validation of one thing on
   one chart, numbered siblings on one chart, in sections by prefix. Pure. */

/** @import { Role } from "./roles.js" */

import { roleOf, byRole } from "./roles.js";
import { families, naturally } from "./siblings.js";

export const MOST_LINES = 12; // on one derived chart: so many colours stay apart
const LONGEST_NAME = 28; // characters in a legend, of numbered siblings
export const MOST_NAMES = 4; // siblings that are named in full: the title says what they share
const LEAST_SHARED = 3; // charts whose names begin alike make a section
const MOST_LOSSES = 12; // at the top; more of them stay in their sections
const LOSS = /(^|[^a-z])(loss(es)?|nll|objective|elbo)([^a-z]|$)/i;
const SYSTEM = /^system([/.]|$)/;
/** @type {Record<Role, number>} */
const COLORS = { train: 0, "": 0, val: 1, test: 2 };

/**
 * @typedef {Object} Derived
 * @property {string} key    the same for every run that has such a metric: what a view is about
 * @property {string} title  the metric's name as it was logged; of several, what they share
 * @property {DerivedLine[]} lines
 *
 * @typedef {Object} DerivedLine
 * @property {string} metric  @property {string} name  @property {Role} role
 * @property {number} color   place in the theme's list of colours
 *
 * @typedef {{name: string, charts: Derived[]}} Section   the first has no name and is shown without a heading
 */

/**
 * @param {string[]} names  of metrics that are numbers and stand on no other chart
 * @param {{keyMetrics?: string[], alone?: (metric: string) => boolean}} [run]  what to look at first;
 *   which metrics have words of their own and share a chart with no other
 * @returns {Section[]}
 */
export function grouped(names, { keyMetrics = [], alone = () => false } = {}) {
  const charts = withOwnKeys([...names.filter(alone).map(single), ...together(names.filter((name) => !alone(name)))]);
  const first = firstCharts(charts, keyMetrics);
  const rest = charts.filter((chart) => !first.includes(chart));
  const sectionOf = sectionsBy(rest.map((chart) => chart.key));
  /** @type {Map<string, Derived[]>} */
  const sections = new Map([["", first]]);
  for (const chart of rest.sort((a, b) => naturally(a.key, b.key))) {
    const section = sectionOf(chart.key);
    sections.set(section, [...(sections.get(section) ?? []), chart]);
  }
  return [...sections].map(([name, found]) => ({ name, charts: found }))
    .filter((section) => section.charts.length > 0)
    .sort((a, b) => rank(a.name) - rank(b.name) || naturally(a.name, b.name));
}

/**
 * Names are anybody's: two charts may have come to the same key.
 * @param {Derived[]} charts
 * @returns {Derived[]}
 */
function withOwnKeys(charts) {
  const taken = new Set();
  return charts.map((chart) => {
    let { key } = chart;
    while (taken.has(key)) key += "'";
    taken.add(key);
    return { ...chart, key };
  });
}

/** @param {string} section  @returns {number} */
function rank(section) {
  return section === "" ? 0 : SYSTEM.test(section) ? 2 : 1;
}

/** @param {string} metric  @returns {Derived} */
function single(metric) {
  const { role } = roleOf(metric);
  return { key: metric, title: metric, lines: [{ metric, name: metric, role, color: COLORS[role] }] };
}

/* ---------------------------------------------------------------- together */

/** @param {string[]} names  @returns {Derived[]} */
function together(names) {
  /** @type {Map<string, {metric: string, role: Role}[]>} */
  const byBase = new Map();
  for (const metric of names) {
    const { role, base } = roleOf(metric);
    byBase.set(base, [...(byBase.get(base) ?? []), { metric, role }]);
  }
  for (const members of byBase.values()) members.sort((a, b) => byRole(a.role, b.role) || naturally(a.metric, b.metric));
  return families([...byBase.keys()]).flatMap((family) => chartsOf(family, byBase));
}

/**
 * @param {import("./siblings.js").Family} family  of bases
 * @param {Map<string, {metric: string, role: Role}[]>} byBase
 * @returns {Derived[]}
 */
function chartsOf({ pattern, names, numbers, words }, byBase) {
  const members = names.map((base) => byBase.get(base) ?? []);
  if (names.length === 1) return [pair(pattern, members[0])];
  const perChart = Math.max(1, Math.floor(MOST_LINES / Math.max(...members.map((roles) => roles.length))));
  const parts = Math.ceil(names.length / perChart);
  const size = Math.ceil(names.length / parts); // as many on each: 13 are 7 and 6
  return Array.from({ length: parts }, (_, part) => {
    const from = part * size;
    const to = Math.min(names.length, from + size);
    const range = parts === 1 ? "" : `, ${numbers[from]}–${numbers[to - 1]}`;
    return {
      key: part === 0 ? pattern : `${pattern}#${part + 1}`,
      title: titleOf(pattern, members) + range,
      lines: members.slice(from, to).flatMap((roles, i) => roles.map(({ metric, role }) => ({
        metric, role, color: i, name: metric.length <= LONGEST_NAME && to - from <= MOST_NAMES ? metric : shortened(words[from + i], role, roles.length > 1),
      }))),
    };
  }).filter((chart) => chart.lines.length > 0);
}

/**
 * A sibling in a legend that its whole name would fill: `layer.3`.
 * @param {string} word
 * @param {Role} role
 * @param {boolean} hasOthers
 * @returns {string}
 */
function shortened(word, role, hasOthers) {
  return hasOthers && role ? `${word} ${role}` : word;
}

/**
 * The pattern with the role that all its metrics have: `val/top*`.
 * @param {string} pattern
 * @param {{metric: string}[][]} members
 * @returns {string}
 */
function titleOf(pattern, members) {
  const own = members.map((roles) => roles[0].metric);
  if (members.some((roles) => roles.length > 1)) return pattern;
  const whole = families(own);
  return whole.length === 1 && whole[0].names.length === own.length ? whole[0].pattern : pattern;
}

/** @param {string} base  @param {{metric: string, role: Role}[]} members  @returns {Derived} */
function pair(base, members) {
  const used = new Set();
  const lines = members.map(({ metric, role }) => {
    let color = COLORS[role];
    while (used.has(color)) color += 1;
    used.add(color);
    return { metric, name: metric, role, color };
  });
  return { key: base, title: members.length === 1 ? members[0].metric : base, lines };
}

/* ---------------------------------------------------------------- order */

/**
 * The run's key metrics in their order, then its losses.
 * @param {Derived[]} charts
 * @param {string[]} keyMetrics
 * @returns {Derived[]}
 */
function firstCharts(charts, keyMetrics) {
  const holds = (/** @type {string} */ metric) => charts.find((chart) => chart.lines.some((line) => line.metric === metric));
  const key = keyMetrics.map(holds).filter((chart) => chart !== undefined);
  const losses = charts.filter((chart) => LOSS.test(chart.key) && !SYSTEM.test(chart.key))
    .sort((a, b) => Number(b.key === "loss") - Number(a.key === "loss") || depth(a) - depth(b) || naturally(a.key, b.key));
  return [...new Set([...key, ...losses.slice(0, MOST_LOSSES)])];
}

/** @param {Derived} chart  @returns {number} */
function depth({ key }) {
  return key.split("/").length;
}

/**
 * By what stands before the first slash, else before the first dot or underscore where several
 * charts share it. What shares with no other follows the losses, without a heading.
 * @param {string[]} keys
 * @returns {(key: string) => string}
 */
function sectionsBy(keys) {
  const counts = new Map();
  for (const key of keys) if (!key.includes("/")) counts.set(firstWord(key), (counts.get(firstWord(key)) ?? 0) + 1);
  return (key) => {
    if (key.includes("/")) return trimmed(key.slice(0, key.indexOf("/")));
    const word = firstWord(key);
    return counts.get(word) >= LEAST_SHARED && word !== key ? trimmed(word) : "";
  };
}

/** @param {string} key  @returns {string} */
function firstWord(key) {
  return key.split(/[._]/)[0];
}

/** @param {string} prefix  `gpu*` → `gpu`  @returns {string} */
function trimmed(prefix) {
  return prefix.replace(/[*._\-\s]+$/, "") || prefix;
}
