/* Which charts stand on the page for a run, and in which order: presets and the run's own, its key
   metrics, its losses, and the rest in sections. Pure. */

/** @import { SpecSection } from "./arrangement.js" */

import { diagramSpecs } from "../figure/diagram_specs.js";
import { NEW } from "./arrangement.js";
import { grouped } from "../figure/grouping.js";
import { broughtSpec, derivedSpec } from "./derived.js";
import { chosen } from "./patterns.js";

/**
 * What is known of a run, as far as its charts go.
 * @typedef {Object} Run
 * @property {string[]} names     of its metrics that hold numbers, in any order
 * @property {string[]} published all of them: lists and such that have no value yet, too
 * @property {Job|null} job
 * @property {boolean} isKnown    whether its metrics are known already
 */

/**
 * @param {Run} run
 * @param {Config} config
 * @param {OwnChart[]} made  by the reader
 * @returns {SpecSection[]}
 */
export function standing(run, { charts, metrics: known, texts }, made) {
  const presets = charts.filter((spec) => stands(spec, run));
  const brought = broughtBy(run, texts);
  const charted = new Set([...presets, ...brought].flatMap((spec) => spec.lines.map((line) => line.metric)));
  const names = run.names.filter((name) => !charted.has(name));
  const keyMetrics = Object.keys(run.job?.key_metrics ?? {});
  const sections = grouped(names, { keyMetrics, alone: (metric) => metric in known }).map(({ name, charts: found }) => ({
    name, specs: found.map((chart) => derivedSpec(chart, known[chart.lines[0].metric], texts)),
  }));
  const first = sections[0]?.name === "" ? /** @type {SpecSection} */ (sections.shift()).specs : [];
  const diagrams = diagramSpecs(run.published, new Set(presets.filter(({ kind }) => kind !== "lines").flatMap(({ lines }) => lines.map(({ metric }) => metric))), texts);
  const own = made.map((chart) => broughtSpec(`${NEW}${chart.title}`, { ...chart, metrics: chosen(chart.metrics, run.names) }, texts))
    .filter((spec) => spec.lines.length > 0 || run.isKnown);
  return [{ name: "", specs: [...own, ...brought, ...keyFirst(presets, first, keyMetrics)] }, { name: texts.diagrams_title, specs: diagrams }, ...sections].filter(({ name, specs }) => name === "" || specs.length > 0);
}

/**
 * A preset stands where one of its metrics is; where nothing is known yet, for a job that a worker
 * of ours trains, or for no job at all.
 * @param {Spec} spec
 * @param {Run} run
 * @returns {boolean}
 */
function stands({ lines }, { published, job, isKnown }) {
  if (!isKnown && job === null) return true;
  if (job?.external === false && (!isKnown || published.length === 0)) return true;
  return lines.some((line) => published.includes(line.metric));
}

/** @param {Run} run  @param {Texts} texts  @returns {Spec[]}  of which at least one metric is there */
function broughtBy({ job, published }, texts) {
  const ids = new Set();
  return (job?.charts ?? []).map((/** @type {any} */ chart) => {
    let id = `own:${chart.title}`;
    while (ids.has(id)) id += "'";
    ids.add(id);
    return broughtSpec(id, chart, texts);
  }).filter((/** @type {Spec} */ spec) => spec.lines.some((line) => published.includes(line.metric)));
}

/**
 * Presets stay as the trainer ordered them, behind key metrics that they know nothing of.
 * @param {Spec[]} presets
 * @param {Spec[]} derived
 * @param {string[]} keyMetrics
 * @returns {Spec[]}
 */
function keyFirst(presets, derived, keyMetrics) {
  const isKey = (/** @type {Spec} */ spec) => spec.lines.some((line) => keyMetrics.includes(line.metric));
  if (presets.some(isKey)) return [...presets, ...derived];
  return [...derived.filter(isKey), ...presets, ...derived.filter((spec) => !isKey(spec))];
}
