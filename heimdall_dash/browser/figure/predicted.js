/* Kept predictions as figures: one dimension as predicted against true with intervals, two as ellipses
   on a plane of equal scales; which of them hold their truths, and the worst. Pure. */

import { extent } from "../series/lines.js";
import { padded } from "./axes.js";
import { chanceEnds } from "./chance.js";
import { axesOf, LEVEL, outline, squaredError, SQUARED_68 } from "./ellipse.js";
import { baseLayout, plotArea } from "./layout.js";
import { plotText } from "./names.js";
import { linearTicks, tickTexts } from "./ticks.js";
import { fill, valueText } from "./words.js";

/**
 * As GET …/predictions has it.
 * @typedef {{epoch: number, dimensions: number, total: number, left_out: number, unit: string, labels: string[], axes: string[],
 *   truth: number[][], mean: number[][], spread: number[][], places: Record<string, number[]>}} Kept
 * @typedef {{label: string, truth: number[], mean: number[], spread: number[], error: number, standardised: number,
 *   holds: boolean}} Judged
 */

const SEEN_SHARE = 0.012; // of the plane's width that the middle ellipse should have
const LARGEST_SCALE = 1e6;
const MARK = { size: 5 };

/**
 * Each point with its error, in the points' unit and in predicted ones.
 * @param {Kept} kept
 * @returns {Judged[]}
 */
export function judged(kept) {
  return kept.labels.map((label, i) => {
    const [truth, mean, spread] = [kept.truth[i], kept.mean[i], kept.spread[i]];
    const squared = squaredError(truth, mean, spread);
    const error = Math.hypot(...truth.map((value, axis) => value - mean[axis]));
    return { label, truth, mean, spread, error, standardised: Math.sqrt(squared), holds: squared <= SQUARED_68[kept.dimensions] };
  });
}

/**
 * How many regions hold their truth, against how many should.
 * @param {Judged[]} points
 * @returns {{holding: number, count: number, percent: number, low: number, high: number}}  low, high:
 *   in percent, between which chance alone leaves 95 of 100 right models
 */
export function shareHeld(points) {
  const holding = points.filter((point) => point.holds).length;
  const [low, high] = chanceEnds(points.length, LEVEL);
  const percent = (/** @type {number} */ share) => Math.round(100 * share);
  return { holding, count: points.length, percent: percent(holding / points.length), low: percent(low), high: percent(high) };
}

/**
 * The worst by standardised error.
 * @param {Judged[]} points
 * @param {number} count
 * @returns {Judged[]}
 */
export function worst(points, count) {
  return [...points].sort((a, b) => b.standardised - a.standardised).slice(0, count);
}

/**
 * @param {Spec} spec
 * @param {Kept} kept
 * @param {ChartView} view
 * @param {Look} look
 * @param {{isEnlarged: boolean}} how  errors and ellipses too small to see are drawn larger
 * @returns {Figure}
 */
export function predictedFigure(spec, kept, view, look, how) {
  const points = judged(kept);
  const layout = baseLayout(spec, { ...view, scale: "linear" }, look);
  layout.hovermode = "closest";
  /** @type {Figure} */
  const figure = {
    data: [], layout, notes: [], isEmpty: points.length === 0, slots: {},
    summary: `${spec.title}. ${look.texts.axis_epoch} ${kept.epoch}. ${heldText(points, look.texts)}`,
  };
  if (kept.dimensions === 1) against(figure, kept, points, view, look);
  else plane(figure, kept, points, view, look, how);
  if (kept.total > points.length) figure.notes.push(fill(look.texts.predicted_sample, { shown: points.length, total: kept.total }));
  if (kept.left_out > 0) figure.notes.push(fill(look.texts.predicted_left_out, { n: kept.left_out }));
  return figure;
}

/** @param {Judged[]} points  @param {Texts} texts  @returns {string} */
export function heldText(points, texts) {
  return fill(texts.predicted_held, shareHeld(points));
}

/** Those that hold their truth, and those that do not: apart by colour, dash and symbol. */
const KINDS = /** @type {const} */ ([
  { holds: true, text: "predicted_holds", dash: "solid", symbol: "circle", width: 1 },
  { holds: false, text: "predicted_misses", dash: "dot", symbol: "x", width: 1.8 },
]);

/**
 * @param {Figure} figure
 * @param {Kept} kept
 * @param {Judged[]} points
 * @param {ChartView} view
 * @param {Look} look
 */
function against({ data, layout }, kept, points, view, look) {
  const [low, high] = extent([points.map(({ truth }) => truth[0]), points.map(({ mean }) => mean[0])], false) ?? [0, 1];
  const range = padded(low, high, 0.05);
  const z = Math.sqrt(SQUARED_68[1]);
  KINDS.forEach(({ holds, text, symbol, width }, order) => {
    const those = points.filter((point) => point.holds === holds);
    const color = look.colors.lines[order];
    data.push({
      type: "scatter", mode: "markers", name: named(text, those.length, look), x: those.map(({ truth }) => truth[0]), y: those.map(({ mean }) => mean[0]),
      error_y: { type: "data", array: those.map(({ spread }) => z * spread[0]), width: 0, thickness: width, color },
      marker: { ...MARK, symbol, color }, text: those.map((point) => hover(point, kept.unit, look)), hovertemplate: "%{text}<extra></extra>",
    });
  });
  data.push({
    type: "scatter", mode: "lines", name: look.texts.predicted_exact, x: range, y: range, hoverinfo: "skip",
    line: { color: look.colors.reference, width: 1.2, dash: "longdash" },
  });
  planeAxis(layout.xaxis, withUnit(axisName(kept, 0, look.texts.axis_true, true), kept.unit), view.zoom ? view.zoom.x : range, look.width);
  planeAxis(layout.yaxis, withUnit(look.texts.axis_predicted, kept.unit), view.zoom?.y ?? range, look.height);
}

/**
 * @param {Figure} figure
 * @param {Kept} kept
 * @param {Judged[]} points
 * @param {ChartView} view
 * @param {Look} look
 * @param {{isEnlarged: boolean}} how
 */
function plane({ data, layout, notes }, kept, points, view, look, { isEnlarged }) {
  const ranges = planeRanges(kept, plotArea(look));
  const scale = isEnlarged ? enlargement(points, ranges.x[1] - ranges.x[0]) : 1;
  const from = (/** @type {Judged} */ { truth, mean }) => mean.map((value, axis) => truth[axis] + scale * (value - truth[axis]));
  KINDS.forEach(({ holds, text, dash, symbol, width }, order) => {
    const those = points.filter((point) => point.holds === holds);
    const color = look.colors.lines[order];
    const group = { legendgroup: text, type: "scatter" };
    const rings = joined(those.map((point) => outline(from(point), /** @type {any} */ (point.spread.map((value) => value * scale * scale)), SQUARED_68[2])));
    const joins = joined(those.map((point) => ({ x: [point.truth[0], from(point)[0]], y: [point.truth[1], from(point)[1]] })));
    data.push(
      { ...group, mode: "lines", name: named(text, those.length, look), ...rings, hoverinfo: "skip", line: { color, width, dash } },
      { ...group, mode: "lines", showlegend: false, ...joins, hoverinfo: "skip", line: { color, width: 0.8 } },
      {
        ...group, mode: "markers", showlegend: false, x: those.map((point) => from(point)[0]), y: those.map((point) => from(point)[1]),
        marker: { ...MARK, symbol, color }, text: those.map((point) => hover(point, kept.unit, look)), hovertemplate: "%{text}<extra></extra>",
      },
    );
  });
  data.push({
    type: "scatter", mode: "markers", name: look.texts.predicted_truth, x: points.map(({ truth }) => truth[0]), y: points.map(({ truth }) => truth[1]),
    marker: { size: 3, color: look.colors.text }, hoverinfo: "skip",
  }, ...placeTraces(kept, look));
  planeAxis(layout.xaxis, withUnit(axisName(kept, 0, look.texts.axis_x), kept.unit), view.zoom ? view.zoom.x : ranges.x, look.width);
  planeAxis(layout.yaxis, withUnit(axisName(kept, 1, look.texts.axis_y), kept.unit), view.zoom?.y ?? ranges.y, look.height);
  layout.yaxis.scaleanchor = "x"; // a circle stays one, also when zoomed
  if (scale > 1) notes.push(fill(look.texts.predicted_enlarged, { scale: valueText(scale) }));
}

/** @param {Kept} kept  @param {Look} look  @returns {any[]} */
function placeTraces({ places }, look) {
  const names = Object.keys(places);
  if (!names.length) return [];
  return [{
    type: "scatter", mode: "markers+text", name: look.texts.predicted_places, x: names.map((name) => places[name][0]), y: names.map((name) => places[name][1]),
    text: names.map(plotText), textposition: "top center", textfont: { size: 11, color: look.colors.text }, cliponaxis: false,
    marker: { size: 11, symbol: "triangle-up", color: look.colors.lines[2] }, hovertemplate: "%{text}<extra></extra>",
  }];
}

/**
 * Ranges that show truths and places with one scale for both axes.
 * @param {Kept} kept
 * @param {Area} area
 * @returns {{x: number[], y: number[]}}
 */
function planeRanges({ truth, places }, { w, h }) {
  const shown = [...truth, ...Object.values(places)];
  const [x, y] = [0, 1].map((axis) => padded(.../** @type {[number, number]} */ (extent([shown.map((at) => at[axis])], false) ?? [0, 1]), 0.08));
  const perPixel = Math.max((x[1] - x[0]) / w, (y[1] - y[0]) / h);
  const around = (/** @type {number[]} */ [low, high], /** @type {number} */ pixels) => {
    const middle = (low + high) / 2;
    return [middle - (perPixel * pixels) / 2, middle + (perPixel * pixels) / 2];
  };
  return { x: around(x, w), y: around(y, h) };
}

/**
 * The power of ten by which ellipses are enlarged so that the middle one is seen; 1 where it is.
 * @param {Judged[]} points
 * @param {number} width  of the plane
 * @returns {number}
 */
export function enlargement(points, width) {
  const majors = points.map(({ spread }) => axesOf(/** @type {any} */ (spread)).major).sort((a, b) => a - b);
  const middle = 2 * majors[majors.length >> 1] * Math.sqrt(SQUARED_68[2]);
  if (!(middle > 0)) return 1;
  return Math.min(LARGEST_SCALE, Math.max(1, 10 ** Math.floor(Math.log10((4 * SEEN_SHARE * width) / middle))));
}

/**
 * Many lines as one, with gaps between.
 * @param {{x: number[], y: number[]}[]} lines
 * @returns {{x: (number|null)[], y: (number|null)[]}}
 */
function joined(lines) {
  return { x: lines.flatMap(({ x }) => [...x, null]), y: lines.flatMap(({ y }) => [...y, null]) };
}

/**
 * @param {any} axis
 * @param {string} title
 * @param {number[]} range
 * @param {number} pixels
 */
function planeAxis(axis, title, range, pixels) {
  const values = linearTicks(range[0], range[1], Math.max(3, Math.min(7, pixels / 90)));
  Object.assign(axis, { type: "linear", range, tickmode: "array", tickvals: values, ticktext: tickTexts(values), title: { text: plotText(title), standoff: 6, font: { size: 12 } } });
}

/**
 * @param {Kept} kept
 * @param {number} place
 * @param {string} usual
 * @param {boolean} [isBoth]  said in front of the name
 * @returns {string}
 */
function axisName({ axes }, place, usual, isBoth) {
  const name = axes[place];
  return !name ? usual : isBoth ? `${usual}: ${name}` : name;
}

/** @param {string} text  @param {string} unit  @returns {string} */
function withUnit(text, unit) {
  return unit ? `${text} (${unit})` : text;
}

/** @param {string} text  @param {number} count  @param {Look} look  @returns {string} */
function named(text, count, look) {
  return `${look.texts[text]} (${count})`;
}

/** @param {Judged} point  @param {string} unit  @param {Look} look  @returns {string} */
function hover(point, unit, look) {
  return plotText(fill(look.texts.predicted_hover, { label: point.label, error: valueText(point.error, unit), standardised: valueText(point.standardised) }));
}
