/* The reliability diagram and the comparison of jobs: figures that are not one job's lines. Pure. */

import { lowerBound } from "../series/columns.js";
import { forLogAxis, isScalar, smooth, brokenAt, isSparse, extent } from "../series/lines.js";
import { yTicks, xAxis, xLayout, yRange, padded } from "./axes.js";
import { baseLayout, plotArea } from "./layout.js";
import { notOnLog, breaks } from "./line_figure.js";
import { plotText } from "./names.js";
import { pick, modeOf, DASHES, RAW_OPACITY } from "./traces.js";
import { valueText } from "./words.js";

/**
 * Observed against expected coverage, of the newest epoch and of a chosen one.
 * @param {number|null} epoch  the chosen one; null: only the newest
 * @param {Spec} spec
 * @param {Source} source
 * @param {ChartView} view
 * @param {Look} look
 * @returns {Figure}
 */
export function reliabilityFigure(spec, source, view, look, epoch) {
  const metric = spec.lines[0].metric;
  const rows = source.columns[metric] || [];
  const newest = lastIndex(rows);
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
  const data = [];
  if (newest >= 0) {
    const [first, second] = look.colors.lines;
    data.push(reliabilityCurve(rows[newest], source, `${look.texts.axis_epoch} ${source.columns.epoch[newest]}`, first, "solid", "circle", onLog));
    const chosen = epoch === null ? -1 : nearest(rows, source.columns.epoch, epoch);
    if (chosen >= 0 && chosen !== newest) {
      data.push(reliabilityCurve(rows[chosen], source, `${look.texts.axis_epoch} ${source.columns.epoch[chosen]}`, second, "dash", "square", onLog));
    }
    data.push({
      type: "scatter", mode: "lines", name: look.texts.diagonal, x: ends, y: ends, hoverinfo: "skip",
      line: { color: look.colors.reference, width: 1.2, dash: "longdash" },
    });
  }
  return {
    data, layout, notes: [], isEmpty: newest < 0, slots: {},
    summary: newest < 0 ? spec.title : `${spec.title}. ${look.texts.axis_epoch} ${source.columns.epoch[newest]}`,
  };
}

/**
 * @param {Column} observed
 * @param {Source} source
 * @param {string} name
 * @param {string} color
 * @param {string} dash
 * @param {string} symbol
 * @param {boolean} onLog
 * @returns {any}
 */
function reliabilityCurve(observed, source, name, color, dash, symbol, onLog) {
  const given = (source.facts || {}).reliability_expected;
  const expected = Array.isArray(given) && given.length === observed.length
    ? given
    : observed.map((_, i) => (i + 1) / (observed.length + 1));
  return {
    type: "scatter", mode: "lines+markers", name, x: expected,
    y: onLog ? forLogAxis(observed).shown : observed, text: observed.map((value) => valueText(value)),
    hovertemplate: "%{text}", line: { color, width: 2, dash }, marker: { size: 6, symbol },
  };
}

/** @param {Column} rows  @returns {number} */
function lastIndex(rows) {
  for (let i = rows.length - 1; i >= 0; i -= 1) if (Array.isArray(rows[i])) return i;
  return -1;
}

/**
 * The row of the chosen epoch, or the nearest before it that has a curve.
 * @param {Column} rows
 * @param {number[]} epochs
 * @param {number} epoch
 * @returns {number}
 */
function nearest(rows, epochs, epoch) {
  let i = Math.min(lowerBound(epochs, epoch), rows.length - 1);
  while (i >= 0 && (!Array.isArray(rows[i]) || epochs[i] > epoch)) i -= 1;
  return i;
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
