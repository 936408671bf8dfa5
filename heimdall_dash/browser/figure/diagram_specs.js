/* Which calibration diagrams a job's metrics make, by their names alone: those that
   heimdall_dash.calibration gives, behind whatever prefix (`val/`, `test_`). Pure. */

const PREFIX = "(|.*[^A-Za-z0-9])"; // a word of its own, so that `unreliability` is none

/**
 * One kind: the name that calls for it, and the metrics that it reads.
 * @typedef {{kind: string, name: RegExp, metrics: (prefix: string, rest: string, names: string[]) => string[]}} Kind
 */

export const SAMPLES = "calibration_samples";
const COVERAGE = /^coverage_(\d{1,2})$/;

/** @type {Kind[]} */
const KINDS = [
  { kind: "reliability", name: ending("reliability_observed()"), metrics: (prefix) => [`${prefix}reliability_observed`] },
  { kind: "coverage", name: ending("coverage_68()"), metrics: (prefix, _, names) => names.filter((name) => name.startsWith(prefix) && COVERAGE.test(name.slice(prefix.length))) },
  { kind: "pit", name: ending("pit_histogram()"), metrics: (prefix) => [`${prefix}pit_histogram`] },
  { kind: "sharpness", name: ending("sharpness((?:_(?!p\\d+(?:_|$))\\S{1,20})?)"), metrics: (prefix, unit) => [`${prefix}sharpness${unit}`, `${prefix}expected_calibration_error`] },
  { kind: "confidence", name: ending("reliability_accuracy()"), metrics: (prefix) => ["accuracy", "confidence", "share"].map((part) => `${prefix}reliability_${part}`) },
];

/** @param {string} words  @returns {RegExp} */
function ending(words) {
  return new RegExp(`^${PREFIX}${words}$`);
}

/** @param {string} id  @returns {boolean} whether a chart's id is that of such a diagram */
export function isDiagram(id) {
  return id.startsWith("diagram:");
}

/**
 * The diagrams of a job, each where all of its metrics are; by prefix, then by kind.
 * @param {string[]} names     the job's metrics
 * @param {Set<string>} charted  those that a diagram of the page's preset shows already
 * @param {Texts} texts
 * @returns {Spec[]}
 */
export function diagramSpecs(names, charted, texts) {
  const known = new Set(names);
  /** @type {{prefix: string, order: number, spec: Spec}[]} */
  const found = [];
  for (const name of names) {
    KINDS.forEach((kind, order) => {
      const match = kind.name.exec(name);
      if (!match) return;
      const metrics = kind.metrics(match[1], match[2], names);
      const isWhole = metrics.every((metric) => known.has(metric));
      if (!isWhole || metrics.every((metric) => charted.has(metric))) return;
      const samples = `${match[1]}${SAMPLES}`; // which tells how wide chance is: read, not drawn
      const read = known.has(samples) ? [...metrics, samples] : metrics;
      found.push({ prefix: match[1], order, spec: specOf(kind.kind, match[1], match[2], read, texts) });
    });
  }
  found.sort((a, b) => (a.prefix < b.prefix ? -1 : a.prefix > b.prefix ? 1 : a.order - b.order));
  return found.map(({ spec }) => spec);
}

/**
 * @param {string} kind
 * @param {string} prefix
 * @param {string} rest    the sharpness's unit, `_m`
 * @param {string[]} metrics
 * @param {Texts} texts
 * @returns {Spec}
 */
function specOf(kind, prefix, rest, metrics, texts) {
  const word = prefix.replace(/[^A-Za-z0-9]+$/, "");
  return {
    id: `diagram:${kind}:${prefix}${rest}`, kind, prefix,
    title: word ? `${texts[`diagram_${kind}`]}, ${word}` : texts[`diagram_${kind}`],
    y_label: texts[`diagram_${kind}_y`], unit: rest.slice(1), scale: "linear", references: [], ticks: [],
    hint: texts[`diagram_${kind}_hint`], proof: null, unproven: {},
    lines: metrics.map((metric) => ({ metric, name: metric, dash: "solid", axis: 1, unit: null })),
  };
}
