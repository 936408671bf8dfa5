/* The reliability diagram: a figure whose axis is no time. Pure. */

import { lowerBound } from "../series/columns.js";
import { forLogAxis } from "../series/lines.js";
import { seriesOf } from "../series/series.js";
import { yTicks } from "./axes.js";
import { baseLayout } from "./layout.js";
import { plotText } from "./names.js";
import { valueText } from "./words.js";

/**
 * Observed against expected coverage: of one run, its newest epoch and a chosen one; of several, the
 * newest of each.
 * @param {number|null} epoch  the chosen one; null: only the newest
 * @param {Spec} spec
 * @param {Source[]} sources
 * @param {ChartView} view
 * @param {Look} look
 * @returns {Figure}
 */
export function reliabilityFigure(spec, sources, view, look, epoch) {
  const { metric } = spec.lines[0];
  const layout = baseLayout(spec, view, look);
  const onLog = view.scale === "log";
  const ends = onLog ? [0.04, 1] : [0, 1];
  const range = view.zoom?.y ?? (onLog ? ends.map(Math.log10) : [0, 1.02]);
  Object.assign(layout.yaxis, yTicks(range, onLog, spec, look), { range });
  Object.assign(layout.xaxis, {
    type: onLog ? "log" : "linear", title: { text: look.texts.axis_expected, standoff: 6, font: { size: 12 } },
    range: view.zoom ? view.zoom.x : range, tickvals: layout.yaxis.tickvals, ticktext: layout.yaxis.ticktext,
  });
  const curves = sources.length === 1
    ? ofOneRun(sources[0], metric, epoch, look, onLog)
    : sources.flatMap((source) => ofEachRun(source, metric, look, onLog));
  const data = curves.length === 0 ? [] : [...curves, {
    type: "scatter", mode: "lines", name: look.texts.diagonal, x: ends, y: ends, hoverinfo: "skip",
    line: { color: look.colors.reference, width: 1.2, dash: "longdash" },
  }];
  if (sources.length > 1) layout.showlegend = false;
  return {
    data, layout, notes: [], isEmpty: curves.length === 0, slots: {}, zoom: view.zoom,
    summary: [spec.title, ...curves.slice(0, 1).map((curve) => curve.name)].join(". "),
  };
}

/** @param {Source} source  @param {string} metric  @param {number|null} epoch  @param {Look} look  @param {boolean} onLog  @returns {any[]} */
function ofOneRun(source, metric, epoch, look, onLog) {
  const { epochs, values } = seriesOf(source, metric) ?? { epochs: [], values: [] };
  const newest = lastIndex(values);
  if (newest < 0) return [];
  const [first, second] = look.colors.lines;
  const curve = (/** @type {number} */ i, /** @type {any[]} */ ...how) => reliabilityCurve(values[i], source, `${look.texts.axis_epoch} ${epochs[i]}`, how[0], how[1], how[2], onLog);
  const chosen = epoch === null ? -1 : nearest(values, epochs, epoch);
  return [curve(newest, first, "solid", "circle"), ...(chosen >= 0 && chosen !== newest ? [curve(chosen, second, "dash", "square")] : [])];
}

/** @param {Source} source  @param {string} metric  @param {Look} look  @param {boolean} onLog  @returns {any[]} */
function ofEachRun(source, metric, look, onLog) {
  const { epochs, values } = seriesOf(source, metric) ?? { epochs: [], values: [] };
  const newest = lastIndex(values);
  if (newest < 0) return [];
  const name = `${source.name} · ${look.texts.axis_epoch} ${epochs[newest]}`;
  return [{ ...reliabilityCurve(values[newest], source, name, source.color ?? look.colors.lines[0], "solid", "circle", onLog), run: source.id }];
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
    type: "scatter", mode: "lines+markers", name: plotText(name), x: expected,
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
