/* Diagrams of one epoch, and of another beside it: coverage, PIT, sharpness beside calibration, and
   the accuracy of a classifier by its confidence. Each with what chance alone would show. Pure. */

import { seriesOf } from "../series/series.js";
import { extent } from "../series/lines.js";
import { padded, yTicks } from "./axes.js";
import { chanceEnds } from "./chance.js";
import { bandOf, bandTraces, diagonal, epochName, rowsOf, samplesOf, shareAxis, STYLES, valueAt } from "./diagram_parts.js";
import { baseLayout } from "./layout.js";
import { fill, valueText } from "./words.js";

/** @typedef {import("./diagram_parts.js").Row} Row */
/** @typedef {(spec: Spec, source: Source, view: ChartView, look: Look, epoch: number|null) => Figure} Draw */

const isNumber = (/** @type {Cell} */ value) => typeof value === "number";

/** @type {Record<string, Draw>} */
export const CALIBRATION_FIGURES = {
  coverage: coverageFigure, pit: pitFigure, sharpness: sharpnessFigure, confidence: confidenceFigure,
};

/**
 * The figure around its traces.
 * @param {Spec} spec
 * @param {ChartView} view
 * @param {Look} look
 * @param {Row[]} rows
 * @returns {Figure}
 */
function framed(spec, view, look, rows) {
  const layout = baseLayout(spec, view, look);
  layout.hovermode = "closest";
  const isEmpty = rows.length === 0;
  return {
    data: [], layout, notes: [], isEmpty, slots: {},
    summary: isEmpty ? spec.title : `${spec.title}. ${rows.map((row) => epochName(row, look)).join(", ")}`,
  };
}

/**
 * @param {Row} row
 * @param {number} order  0: the newest
 * @param {Look} look
 * @returns {any}  a line with points
 */
function curve(row, order, look) {
  const { dash, symbol } = STYLES[order];
  const color = look.colors.lines[order];
  return {
    type: "scatter", mode: "lines+markers", name: epochName(row, look), hovertemplate: "%{text}",
    line: { color, width: 2, dash }, marker: { size: 7, symbol, color },
  };
}

/** @type {Draw}  observed against nominal coverage, each level with what chance would show */
function coverageFigure(spec, source, view, look, epoch) {
  const levels = spec.lines.map(({ metric }) => ({ metric, share: Number(/coverage_(\d+)$/.exec(metric)?.[1]) / 100 }))
    .filter(({ share }) => share > 0).sort((a, b) => a.share - b.share);
  const rows = rowsOf(source, levels[0].metric, epoch, isNumber);
  const figure = framed(spec, view, look, rows);
  const { data, layout } = figure;
  shareAxis(layout.xaxis, look.texts.axis_nominal, view.zoom ? view.zoom.x : [0, 1.02], look);
  shareAxis(layout.yaxis, spec.y_label, view.zoom?.y ?? [0, 1.02], look);
  rows.forEach((row, order) => {
    const observed = levels.map(({ metric }) => valueAt(source, metric, row.epoch));
    data.push({
      ...curve(row, order, look), x: levels.map(({ share }) => share), y: observed,
      text: observed.map((value, i) => `${valueText(value)} (${look.texts.expected} ${levels[i].share})`),
    });
  });
  if (rows.length) data.unshift(...levelBars(levels.map(({ metric, share }) => levelBand(source, spec, rows[0].epoch, metric, share)), look), diagonal([0, 1], look));
  return figure;
}

/**
 * @param {Source} source
 * @param {Spec} spec
 * @param {number} epoch
 * @param {string} metric
 * @param {number} share
 */
function levelBand(source, spec, epoch, metric, share) {
  const name = metric.slice((spec.prefix ?? "").length);
  const samples = samplesOf(source, spec.prefix ?? "", epoch);
  const facts = source.facts || {};
  const said = (/** @type {string} */ end) => facts[`${spec.prefix}${name}_${end}`] ?? facts[`${name}_${end}`];
  const [low, high] = samples === null ? [said("low"), said("high")] : chanceEnds(samples, share);
  return { share, low, high };
}

/**
 * Bars of chance, upright at each place.
 * @param {{share: number, low: any, high: any}[]} bands
 * @param {Look} look
 * @returns {any[]}
 */
function levelBars(bands, look) {
  const known = bands.filter(({ low, high }) => isNumber(low) && isNumber(high));
  if (!known.length) return [];
  return [{
    type: "bar", name: look.texts.chance_band, x: known.map(({ share }) => share), base: known.map(({ low }) => low),
    y: known.map(({ low, high }) => Math.max(high - low, 0.002)), width: 0.05, hoverinfo: "skip",
    marker: { color: look.colors.chance, line: { width: 0 } },
  }];
}

/** @type {Draw}  where the truths fell in their predictions; 1 everywhere when right */
function pitFigure(spec, source, view, look, epoch) {
  const rows = rowsOf(source, spec.lines[0].metric, epoch);
  const figure = framed(spec, view, look, rows);
  const { data, layout } = figure;
  const highest = extent(rows.map(({ value }) => value), false)?.[1] ?? 2;
  shareAxis(layout.xaxis, look.texts.axis_pit, view.zoom ? view.zoom.x : [0, 1], look);
  shareAxis(layout.yaxis, spec.y_label, view.zoom?.y ?? [0, Math.max(1.6, highest * 1.08)], look);
  layout.bargap = 0.06;
  rows.forEach((row, order) => {
    const bins = row.value.length;
    const at = row.value.map((/** @type {any} */ _, /** @type {number} */ i) => (i + 0.5) / bins);
    const text = row.value.map((/** @type {any} */ value) => valueText(value));
    data.push(order === 0
      ? { type: "bar", name: epochName(row, look), x: at, y: row.value, width: 0.94 / bins, text, textposition: "none", hovertemplate: "%{text}", marker: { color: look.colors.lines[0], opacity: 0.75 } }
      : { ...curve(row, order, look), x: at, y: row.value, text, line: { color: look.colors.lines[1], width: 2, dash: "dash", shape: "hvh" } });
  });
  if (rows.length) {
    const bins = rows[0].value.length;
    const band = pitBand(source, spec.prefix ?? "", rows[0].epoch, bins);
    if (band) data.push(...bandTraces([0, 1], band, look));
    data.push({ ...diagonal([1, 1], look), x: [0, 1] });
  }
  return figure;
}

/**
 * @param {Source} source
 * @param {string} prefix
 * @param {number} epoch
 * @param {number} bins
 * @returns {{low: number[], high: number[]}|null}  over the whole width: all bins are alike
 */
export function pitBand(source, prefix, epoch, bins) {
  const shares = Array(bins).fill(1 / bins);
  const isCounted = samplesOf(source, prefix, epoch) !== null;
  const found = bandOf(source, prefix, epoch, "pit_histogram", shares);
  if (!found) return null;
  const scale = isCounted ? bins : 1; // facts tell densities
  const mean = (/** @type {number[]} */ values) => (scale * values.reduce((sum, value) => sum + value, 0)) / bins;
  return { low: Array(2).fill(mean(found.low)), high: Array(2).fill(mean(found.high)) };
}

/** @type {Draw}  how much is claimed to be known, beside how far that is right: the run's way */
function sharpnessFigure(spec, source, view, look, epoch) {
  const [sharp, wrong] = spec.lines.map((line) => line.metric);
  const rows = rowsOf(source, sharp, epoch, isNumber);
  const figure = framed(spec, view, look, rows);
  const { data, layout } = figure;
  const series = seriesOf(source, sharp);
  const way = (series ? series.epochs : []).map((at, i) => ({ epoch: at, x: series?.values[i], y: valueAt(source, wrong, at) }))
    .filter(({ x, y }) => isNumber(x) && x > 0 && isNumber(y));
  const [left, right] = extent([way.map(({ x }) => x)], true) ?? [1, 10];
  const range = view.zoom ? view.zoom.x : padded(Math.log10(left), Math.log10(right), 0.06);
  const ticks = yTicks(range, true, { ...spec, ticks: [] }, { ...look, height: Math.min(look.height, look.width / 2) });
  Object.assign(layout.xaxis, ticks, { type: "log", range, title: { text: fill(look.texts.axis_sharpness, { unit: spec.unit ? ` (${spec.unit})` : "" }), standoff: 6, font: { size: 12 } } });
  const highest = extent([way.map(({ y }) => y)], false)?.[1] ?? 0.5;
  shareAxis(layout.yaxis, spec.y_label, view.zoom?.y ?? [0, highest * 1.1 || 0.1], look);
  const hover = (/** @type {{epoch: number, x: number, y: number}} */ at) => `${look.texts.axis_epoch} ${at.epoch}: ${valueText(at.x, spec.unit)}, ${valueText(at.y)}`;
  data.push({
    type: "scatter", mode: "lines", name: look.texts.way, x: way.map(({ x }) => x), y: way.map(({ y }) => y),
    text: way.map(hover), hovertemplate: "%{text}", line: { color: look.colors.muted, width: 1.2 },
  });
  rows.forEach((row, order) => {
    const at = { epoch: row.epoch, x: row.value, y: valueAt(source, wrong, row.epoch) };
    data.push({ ...curve(row, order, look), mode: "markers", x: [at.x], y: [at.y], text: [hover(at)], marker: { size: 11, symbol: STYLES[order].symbol, color: look.colors.lines[order] } });
  });
  const floor = floorOf(source, spec.prefix ?? "");
  if (floor !== null) data.push({ ...diagonal([floor, floor], look), name: look.texts.chance_floor, x: range.map((end) => 10 ** end) });
  figure.isEmpty = way.length === 0;
  return figure;
}

/** @param {Source} source  @param {string} prefix  @returns {number|null} */
function floorOf({ facts }, prefix) {
  const name = "expected_calibration_error_floor";
  const said = (facts || {})[`${prefix}${name}`] ?? (facts || {})[name];
  const floor = said && typeof said === "object" ? said.p95 : said;
  return isNumber(floor) ? floor : null;
}

/** @type {Draw}  of the most probable class: how often right, against how sure, with the shares */
function confidenceFigure(spec, source, view, look, epoch) {
  const [right, sure, parts] = spec.lines.map((line) => line.metric);
  const rows = rowsOf(source, right, epoch);
  const figure = framed(spec, view, look, rows);
  const { data, layout } = figure;
  shareAxis(layout.xaxis, look.texts.axis_confidence, view.zoom ? view.zoom.x : [0, 1.02], look);
  shareAxis(layout.yaxis, spec.y_label, view.zoom?.y ?? [0, 1.02], look);
  rows.forEach((row, order) => {
    const shares = valueAt(source, parts, row.epoch) ?? [];
    const confidence = valueAt(source, sure, row.epoch) ?? [];
    const filled = row.value.map((/** @type {any} */ _, /** @type {number} */ i) => i).filter((/** @type {number} */ i) => isNumber(row.value[i]) && isNumber(confidence[i]));
    const of = (/** @type {any[]} */ list) => filled.map((/** @type {number} */ i) => list[i]);
    const text = filled.map((/** @type {number} */ i) => `${valueText(row.value[i])} (${look.texts.expected} ${valueText(confidence[i])}), ${fill(look.texts.share_of_samples, { percent: Math.round(100 * (shares[i] ?? 0)) })}`);
    data.push({ ...curve(row, order, look), x: of(confidence), y: of(row.value), text });
    if (order > 0) return;
    const samples = samplesOf(source, spec.prefix ?? "", row.epoch);
    const bars = filled.map((/** @type {number} */ i) => {
      const [low, high] = samples === null || !shares[i] ? [null, null] : chanceEnds(Math.round(samples * shares[i]), confidence[i]);
      return { share: confidence[i], low, high };
    });
    const bins = row.value.length;
    data.unshift({
      type: "bar", name: look.texts.shares, x: shares.map((/** @type {any} */ _, /** @type {number} */ i) => (i + 0.5) / bins), y: shares, width: 0.9 / bins, hoverinfo: "skip",
      marker: { color: look.colors.grid, line: { color: look.colors.axis, width: 1 } },
    }, ...levelBars(bars, look), diagonal([0, 1], look));
  });
  layout.barmode = "overlay";
  return figure;
}
