/* The reliability diagram and the comparison of jobs: figures that are not one job's lines. Pure. */

import { forLogAxis, isScalar, smooth, brokenAt, isSparse, extent } from "../series/lines.js";
import { yTicks, xAxis, xLayout, yRange, padded } from "./axes.js";
import { CALIBRATION_FIGURES } from "./calibration_figures.js";
import { bandOf, bandTraces, diagonal, epochName, rowsOf, STYLES } from "./diagram_parts.js";
import { baseLayout, plotArea } from "./layout.js";
import { notOnLog, breaks } from "./line_figure.js";
import { plotText } from "./names.js";
import { pick, modeOf, DASHES, RAW_OPACITY } from "./traces.js";
import { valueText } from "./words.js";

const LEAST_ON_LOG = 1e-3; // chance may leave nothing at all, which has no logarithm

/**
 * The diagram of a kind.
 * @param {Spec} spec
 * @param {Source} source
 * @param {ChartView} view
 * @param {Look} look
 * @param {number|null} epoch  one that is laid beside the newest
 * @returns {Figure}
 */
export function diagramFigure(spec, source, view, look, epoch) {
  const draw = CALIBRATION_FIGURES[spec.kind];
  // shares and densities are read on a linear axis, whatever all the other charts stand on
  return draw ? draw(spec, source, { ...view, scale: "linear" }, look, epoch) : reliabilityFigure(spec, source, view, look, epoch);
}

/** @param {Spec} spec  @returns {boolean} */
export function isDiagramKind(spec) {
  return spec.kind === "reliability" || Object.hasOwn(CALIBRATION_FIGURES, spec.kind);
}

/**
 * Observed against expected coverage, of the newest epoch and of a chosen one, with what chance alone
 * would show.
 * @param {number|null} epoch  the chosen one; null: only the newest
 * @param {Spec} spec
 * @param {Source} source
 * @param {ChartView} view
 * @param {Look} look
 * @returns {Figure}
 */
export function reliabilityFigure(spec, source, view, look, epoch) {
  const rows = rowsOf(source, spec.lines[0].metric, epoch);
  const layout = baseLayout(spec, view, look);
  const onLog = view.scale === "log";
  const ends = onLog ? [0.04, 1] : [0, 1];
  const range = view.zoom ? view.zoom.y : onLog ? ends.map(Math.log10) : [0, 1.02];
  Object.assign(layout.yaxis, yTicks(range, onLog, spec, look), { range });
  Object.assign(layout.xaxis, {
    type: onLog ? "log" : "linear", title: { text: look.texts.axis_expected, standoff: 6, font: { size: 12 } },
    range: view.zoom ? view.zoom.x : range, tickvals: layout.yaxis.tickvals,
    ticktext: layout.yaxis.ticktext, unifiedhovertitle: { text: `${look.texts.expected} %{x:.2f}` },
  });
  const data = rows.map((row, order) => reliabilityCurve(row, source, order, look, onLog));
  if (rows.length) {
    const expected = expectedOf(source, rows[0].value);
    const band = bandOf(source, spec.prefix ?? "", rows[0].epoch, "reliability", expected);
    const low = (/** @type {number} */ end) => (onLog ? Math.max(end, LEAST_ON_LOG) : end);
    if (band) data.push(...bandTraces(expected, { ...band, low: band.low.map(low) }, look));
    data.push(diagonal(ends, look));
  }
  return {
    data, layout, notes: [], isEmpty: !rows.length, slots: {},
    summary: rows.length ? `${spec.title}. ${epochName(rows[0], look)}` : spec.title,
  };
}

/**
 * @param {import("./diagram_parts.js").Row} row
 * @param {Source} source
 * @param {number} order  0: the newest
 * @param {Look} look
 * @param {boolean} onLog
 * @returns {any}
 */
function reliabilityCurve(row, source, order, look, onLog) {
  const { dash, symbol } = STYLES[order];
  const observed = row.value;
  return {
    type: "scatter", mode: "lines+markers", name: epochName(row, look), x: expectedOf(source, observed),
    y: onLog ? forLogAxis(observed).shown : observed, text: observed.map((/** @type {Cell} */ value) => valueText(value)),
    hovertemplate: "%{text}", line: { color: look.colors.lines[order], width: 2, dash }, marker: { size: 6, symbol },
  };
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

/** @typedef {{job: Job, columns: Columns, notFinite?: NotFinite, color: string, order: number, name: string}} Compared */

const LEGEND_BELOW_PX = 46; // a share of this high a plot would leave a gap

/**
 * One metric of several jobs.
 * @param {Compared[]} jobs
 * @param {Spec} spec
 * @param {string} metric
 * @param {ChartView} view
 * @param {Look} look
 * @returns {Figure}
 */
export function compareFigure(spec, jobs, metric, view, look) {
  const onLog = view.scale === "log";
  const layout = baseLayout(spec, view, look);
  layout.legend.y = -LEGEND_BELOW_PX / plotArea(look).h;
  const curves = jobs.filter(({ columns }) => isScalar(columns[metric]))
    .map((job) => comparedCurve(job, metric, spec, view, look));
  const heights = curves.map((curve) => curve.shown);
  const range = yRange(heights, [], onLog, view.zoom);
  Object.assign(layout.yaxis, yTicks(range, onLog, spec, look), { range });
  const ends = extent(curves.map((curve) => curve.x), false);
  const xRange = view.zoom ? view.zoom.x : padded(...(ends && ends[1] > ends[0] ? ends : /** @type {[number, number]} */ ([0, 10])));
  Object.assign(layout.xaxis, xLayout(view.x, xRange, look), { range: xRange });
  const hidden = curves.reduce((sum, curve) => sum + curve.hidden, 0);
  const data = curves.flatMap((curve) => curve.traces);
  return {
    data, layout, notes: hidden > 0 ? [notOnLog(hidden, look.texts)] : [], isEmpty: !extent(heights, onLog),
    summary: `${spec.title}: ${data.filter((line) => line.meta).map((line) => line.name).join(", ")}`, slots: {},
  };
}

/**
 * @param {Compared} compared
 * @param {string} metric
 * @param {Spec} spec
 * @param {ChartView} view
 * @param {Look} look
 * @returns {{x: number[], shown: Column, hidden: number, traces: any[]}}
 */
function comparedCurve({ job, columns, notFinite = {}, color, order, name }, metric, spec, view, look) {
  const onLog = view.scale === "log";
  const column = columns[metric];
  const axis = xAxis(columns, view.x);
  const { shown, hidden } = onLog ? forLogAxis(column) : { shown: column, hidden: 0 };
  const smoothed = smooth(shown, view.smoothing, onLog);
  const broken = brokenAt(columns.epoch, notFinite[metric]);
  const picked = pick(shown, 0, column.length, look.width, breaks(column, shown, broken));
  const x = picked.map((i) => axis.values[i]);
  const shared = { type: "scatter", x };
  const y = picked.map((i) => smoothed[i] ?? null);
  const traces = [{
    ...shared, name: plotText(name), meta: job.id, y, ...modeOf(y, color, isSparse(column)),
    text: picked.map((i) => valueText(smoothed[i], spec.unit)), hovertemplate: "%{text}",
    line: { color, width: 2, dash: DASHES[order % DASHES.length] },
  }];
  if (smoothed !== shown) {
    traces.push({
      ...shared, name: plotText(`${name}, ${look.texts.raw}`), y: picked.map((i) => shown[i] ?? null), mode: "lines",
      hoverinfo: "skip", showlegend: false, opacity: RAW_OPACITY, line: { color, width: 1.2 },
    });
  }
  return { x, shown, hidden, traces };
}
