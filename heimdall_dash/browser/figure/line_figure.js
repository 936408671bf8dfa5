/* A chart's figure from its specification, the columns and the view. Pure: the same input gives
   the same figure, so drawing it again changes nothing. */

/** @import { Axis } from "./axes.js" */

import { isScalar, smooth, forLogAxis, brokenAt, runsOf, isSparse } from "../series/lines.js";
import { xAxis, xLayout, yRange, yTicks } from "./axes.js";
import { baseLayout, secondAxis, plotArea } from "./layout.js";
import { gapShapes, epochMarks, referencesOf, referenceShape, referenceNames } from "./marks.js";
import { visibleRange, pick, trace, rawTrace } from "./traces.js";
import { valueText, fill } from "./words.js";

const MOST_IN_LEGEND = 16; // more would leave no room for the lines; the pointer names them

/**
 * A line of the figure: its column as the axis shows it, what of that is drawn, and its traces.
 * @typedef {Object} Drawn
 * @property {Line} line
 * @property {Column} shown      null where the axis cannot show the value
 * @property {number} hidden     so many values the axis cannot show
 * @property {number[]} picked   indexes that are drawn
 * @property {[number, number][]} gaps   first and last index of what was not finite
 * @property {any} main  @property {any[]} raw   traces
 */

/**
 * @param {Spec} spec
 * @param {Source} source
 * @param {ChartView} view
 * @param {Look} look
 * @returns {Figure}
 */
export function lineFigure(spec, source, view, look) {
  const onLog = view.scale === "log";
  const axis = xAxis(source.columns, view.x);
  const span = visibleRange(axis.values, view.zoom, axis.isRising);
  const lines = spec.lines
    .map((line, i) => ({ line, color: look.colors.lines[(line.color ?? i) % look.colors.lines.length] }))
    .filter(({ line }) => isScalar(source.columns[line.metric]))
    .map(({ line, color }) => drawnLine(spec, line, color, source, axis, span, view, look));
  const left = lines.filter(({ line }) => line.axis !== 2);
  const references = referencesOf(spec, source.facts || {}, onLog);
  const range = yRange(left.map((drawn) => drawn.shown), references, onLog, view.zoom);
  const xRange = view.zoom ? view.zoom.x : axis.range;
  const area = plotArea(look);
  const marks = epochMarks(source, axis, xRange, area, look);
  const names = referenceNames(references, { range, onLog }, xRange, left.map((drawn) => drawn.main), area, look);
  const layout = baseLayout(spec, view, look);
  layout.showlegend = lines.length <= MOST_IN_LEGEND && (lines.length > 1 || lines.some(({ line }) => line.name !== spec.title));
  layout.shapes = [
    ...lines.flatMap((drawn) => gapShapes(axis.values, drawn.gaps, look.colors)),
    ...references.map((reference) => referenceShape(reference, lines, look)), ...marks.shapes,
  ];
  layout.annotations = [...marks.annotations, ...names.annotations];
  Object.assign(layout.xaxis, xLayout(axis.mode, xRange, look), { range: xRange });
  Object.assign(layout.yaxis, yTicks(range, onLog, spec, look, area.h), { range });
  if (spec.y2_label) layout.yaxis2 = secondAxis(spec, look);
  return {
    data: [
      ...lines.map((drawn) => drawn.main), ...lines.flatMap((drawn) => drawn.raw),
      ...(axis.mode === "epoch" || left.length === 0 ? [] : [epochTrace(left[0], axis, source.columns.epoch, range, onLog, look)]),
    ],
    layout, slots: names.slots,
    notes: [...references.filter((r) => r.of !== null).map((r) => r.name), ...names.unplaced, ...notesOn(lines, look.texts)],
    isEmpty: !lines.some(({ line }) => source.columns[line.metric].some((value) => typeof value === "number")),
    summary: summary(spec, lines.map(({ line }) => line), source.columns, look.texts),
  };
}

/**
 * @param {Spec} spec
 * @param {Line} line
 * @param {string} color
 * @param {Source} source
 * @param {Axis} axis
 * @param {[number, number]} span
 * @param {ChartView} view
 * @param {Look} look
 * @returns {Drawn}
 */
function drawnLine(spec, line, color, { columns, notFinite = {} }, axis, [from, to], view, look) {
  const column = columns[line.metric];
  const onLog = view.scale === "log" && line.axis !== 2;
  const { shown, hidden } = onLog ? forLogAxis(column) : { shown: column, hidden: 0 };
  const broken = brokenAt(columns.epoch, notFinite[line.metric]);
  const smoothed = smooth(shown, view.smoothing, onLog);
  const isSmoothed = smoothed !== shown;
  const picked = pick(shown, from, to, look.width, breaks(column, shown, broken));
  const rawWord = look.texts.raw;
  return {
    line, shown, hidden, picked, gaps: runsOf(broken),
    main: trace(line, color, axis, picked, smoothed, {
      unit: line.unit ?? spec.unit, hasPoints: isSparse(column), column, isSmoothed, rawWord,
    }),
    raw: isSmoothed ? [rawTrace(line, color, axis, picked, shown, rawWord)] : [],
  };
}

/**
 * A line breaks where a value was not finite, and where the axis cannot show it.
 * @param {Column} column
 * @param {Column} shown
 * @param {number[]} broken
 * @returns {(i: number) => boolean}
 */
export function breaks(column, shown, broken) {
  const isBroken = new Set(broken);
  return (i) => isBroken.has(i) || (shown !== column && shown[i] === null && typeof column[i] === "number");
}

/**
 * Says at the pointer which epoch a time belongs to; it draws nothing.
 * @param {{picked: number[]}} drawn
 * @param {Axis} axis
 * @param {number[]} epochs
 * @param {number[]} range
 * @param {boolean} onLog
 * @param {Look} look
 * @returns {any}
 */
function epochTrace({ picked }, axis, epochs, range, onLog, look) {
  const floor = onLog ? 10 ** range[0] : range[0];
  return {
    type: "scatter", mode: "lines", name: look.texts.axis_epoch, x: picked.map((i) => axis.values[i]),
    y: picked.map(() => floor), text: picked.map((i) => String(epochs[i])), hovertemplate: "%{text}",
    showlegend: false, line: { width: 0, color: "rgba(0,0,0,0)" },
  };
}

/* ---------------------------------------------------------------- words */

/** @param {Drawn[]} lines  @param {Texts} texts  @returns {string[]} */
function notesOn(lines, texts) {
  const sum = (/** @type {number[]} */ values) => values.reduce((total, value) => total + value, 0);
  const hidden = sum(lines.map((drawn) => drawn.hidden));
  const gapCount = sum(lines.map((drawn) => drawn.gaps.length));
  const notes = [];
  if (hidden > 0) notes.push(notOnLog(hidden, texts));
  if (gapCount > 0) notes.push(fill(gapCount === 1 ? texts.gap : texts.gaps, { n: gapCount }));
  return notes;
}

/** @param {number} n  @param {Texts} texts  @returns {string} */
export function notOnLog(n, texts) {
  return fill(texts.not_on_log, { n: `${n} ${n === 1 ? texts.point : texts.points}` });
}

/**
 * @param {Spec} spec
 * @param {Line[]} lines
 * @param {Columns} columns
 * @param {Texts} texts
 * @returns {string}
 */
function summary(spec, lines, columns, texts) {
  const epochs = columns.epoch;
  if (epochs.length === 0) return spec.title;
  const last = epochs.length - 1;
  const said = lines.map((line) =>
    `${line.name} ${valueText(columns[line.metric][last], line.unit ?? spec.unit)}`);
  return `${spec.title}. ${texts.axis_epoch} ${epochs[last]}: ${said.join(", ")}`;
}
