/* The reliability diagram, and which figure a kind of diagram gets: their axes are no time. Pure. */

import { forLogAxis } from "../series/lines.js";
import { yTicks } from "./axes.js";
import { CALIBRATION_FIGURES } from "./calibration_figures.js";
import { bandOf, bandTraces, diagonal, epochName, rowsOf, STYLES } from "./diagram_parts.js";
import { baseLayout } from "./layout.js";
import { plotText } from "./names.js";
import { valueText } from "./words.js";

const LEAST_ON_LOG = 1e-3; // chance may leave nothing at all, which has no logarithm
/** @type {Source} */
const NO_RUN = { columns: { epoch: [] }, job: null, facts: {}, notes: [] };

/**
 * The diagram of a kind.
 * @param {Spec} spec
 * @param {Source[]} sources  the runs on the charts
 * @param {ChartView} view
 * @param {Look} look
 * @param {number|null} epoch  one that is laid beside the newest
 * @returns {Figure}
 */
export function diagramFigure(spec, sources, view, look, epoch) {
  const draw = CALIBRATION_FIGURES[spec.kind];
  if (!draw) return reliabilityFigure(spec, sources, view, look, epoch);
  // shares and densities are read on a linear axis, whatever all the other charts stand on
  const figure = draw(spec, sources[0] ?? NO_RUN, { ...view, scale: "linear" }, look, epoch);
  if (sources.length > 1) figure.notes.push(sources[0].name ?? ""); // bands of several would hide one another
  return figure;
}

/** @param {Spec} spec  @returns {boolean} */
export function isDiagramKind(spec) {
  return spec.kind === "reliability" || Object.hasOwn(CALIBRATION_FIGURES, spec.kind);
}

/**
 * Observed against expected coverage: of one run, its newest epoch and a chosen one, with what chance
 * alone would show; of several, the newest of each.
 * @param {number|null} epoch  the chosen one; null: only the newest
 * @param {Spec} spec
 * @param {Source[]} sources
 * @param {ChartView} view
 * @param {Look} look
 * @returns {Figure}
 */
export function reliabilityFigure(spec, sources, view, look, epoch) {
  const layout = baseLayout(spec, view, look);
  const onLog = view.scale === "log";
  const ends = onLog ? [0.04, 1] : [0, 1];
  const range = view.zoom?.y ?? (onLog ? ends.map(Math.log10) : [0, 1.02]);
  Object.assign(layout.yaxis, yTicks(range, onLog, spec, look), { range });
  Object.assign(layout.xaxis, {
    type: onLog ? "log" : "linear", title: { text: look.texts.axis_expected, standoff: 6, font: { size: 12 } },
    range: view.zoom ? view.zoom.x : range, tickvals: layout.yaxis.tickvals, ticktext: layout.yaxis.ticktext,
  });
  const data = sources.length === 1
    ? ofOneRun(spec, sources[0], epoch, look, onLog)
    : sources.flatMap((source) => ofEachRun(spec, source, look, onLog));
  const summary = [spec.title, ...data.slice(0, 1).map(({ name }) => name)].join(". ");
  if (data.length) data.push(diagonal(ends, look));
  if (sources.length > 1) layout.showlegend = false;
  return { data, layout, notes: [], isEmpty: !data.length, slots: {}, zoom: view.zoom, summary };
}

/** @param {Spec} spec  @param {Source} source  @param {number|null} epoch  @param {Look} look  @param {boolean} onLog  @returns {any[]} */
function ofOneRun(spec, source, epoch, look, onLog) {
  const rows = rowsOf(source, spec.lines[0].metric, epoch);
  if (rows.length === 0) return [];
  const curves = rows.map((row, order) => (
    { ...curve(row.value, source, onLog), name: epochName(row, look), ...styled(look.colors.lines[order], order) }));
  const expected = expectedOf(source, rows[0].value);
  const band = bandOf(source, spec.prefix ?? "", rows[0].epoch, "reliability", expected);
  const low = (/** @type {number} */ end) => (onLog ? Math.max(end, LEAST_ON_LOG) : end);
  return band ? [...curves, ...bandTraces(expected, { ...band, low: band.low.map(low) }, look)] : curves;
}

/** @param {Spec} spec  @param {Source} source  @param {Look} look  @param {boolean} onLog  @returns {any[]} */
function ofEachRun(spec, source, look, onLog) {
  return rowsOf(source, spec.lines[0].metric, null).map((row) => ({
    ...curve(row.value, source, onLog), run: source.id, name: plotText(`${source.name} · ${epochName(row, look)}`),
    ...styled(source.color ?? look.colors.lines[0], 0),
  }));
}

/** @param {Column} observed  @param {Source} source  @param {boolean} onLog  @returns {any} */
function curve(observed, source, onLog) {
  return {
    type: "scatter", mode: "lines+markers", x: expectedOf(source, observed),
    y: onLog ? forLogAxis(observed).shown : observed, text: observed.map((value) => valueText(value)),
    hovertemplate: "%{text}",
  };
}

/** @param {string} color  @param {number} order  0: the newest  @returns {any} */
function styled(color, order) {
  const { dash, symbol } = STYLES[order];
  return { line: { color, width: 2, dash }, marker: { size: 6, symbol } };
}

/**
 * The levels of a curve: as the facts say, else evenly between 0 and 1.
 * @param {Source} source
 * @param {Column} observed
 * @returns {number[]}
 */
function expectedOf(source, observed) {
  const given = (source.facts || {}).reliability_expected;
  return Array.isArray(given) && given.length === observed.length
    ? given
    : observed.map((_, i) => (i + 1) / (observed.length + 1));
}
