/* A chart's figure from its specification, the runs and the view. Pure: the same input gives the
   same figure, so drawing it again changes nothing. */

/** @import { Axis } from "./axes.js" */

import { seriesOf } from "../series/series.js";
import { isScalar } from "../series/lines.js";
import { xAxis, xLayout, yRange, yTicks } from "./axes.js";
import { drawnLine } from "./drawn_line.js";
import { baseLayout, makeRoomForDates, secondAxis, plotArea } from "./layout.js";
import { gapShapes, epochMarks, referencesOf, referenceShape, referenceNames } from "./marks.js";
import { isTraining, styleOf } from "./styles.js";
import { legendTrace } from "./traces.js";
import { valueText, fill } from "./words.js";

/** @import { Drawn } from "./drawn_line.js" */

const MOST_SAID = 5; // lines whose newest value the summary says
const MOST_IN_LEGEND = 16; // more would leave no room for the lines; the pointer names them

/**
 * @param {Spec} spec
 * @param {Source[]} sources  the runs; the first is the chosen one
 * @param {ChartView} view
 * @param {Look} look
 * @returns {Figure}
 */
export function lineFigure(spec, sources, view, look) {
  const onLog = view.scale === "log";
  const isMany = sources.length > 1 || sources.some((source) => source.color); // one in sight of several keeps its colour
  const axis = xAxis(sources, view.x);
  const xRange = view.zoom ? view.zoom.x : axis.range;
  const area = plotArea(look);
  const found = linesOf(spec, sources);
  const there = new Set(found.map(({ at }) => at));
  const lines = found.map(({ source, at }) => drawnLine(
    { spec, source, at, isMany, count: found.length, style: styleOf(spec.lines, at, source, isMany, look.colors.lines, there) },
    { axis, xRange, area }, view, look));
  const left = lines.filter(({ line, isHidden }) => line.axis !== 2 && !isHidden);
  const references = referencesOf(spec, isMany ? {} : sources[0]?.facts || {}, onLog);
  const range = yRange(left.flatMap((drawn) => drawn.heights), references, onLog, view.zoom);
  const marks = isMany ? { shapes: [], annotations: [] } : epochMarks(sources[0], axis, xRange, area, look);
  const names = referenceNames(references, { range, onLog }, xRange, isMany ? [] : left.map((drawn) => drawn.main), area, look);
  const layout = baseLayout(spec, view, look);
  const legend = isMany ? legendOf(spec, lines, look) : [];
  const isNamed = lines.length > 1 || lines.some(({ line }) => line.name !== spec.title);
  layout.showlegend = isMany ? legend.length > 1 && legend.length <= MOST_IN_LEGEND : isNamed && lines.length <= MOST_IN_LEGEND;
  layout.shapes = [
    ...(isMany ? [] : lines.flatMap((drawn) => gapShapes(drawn.places, drawn.gaps, look.colors))),
    ...references.map((reference) => referenceShape(reference, lines, look)), ...marks.shapes,
  ];
  layout.annotations = [...marks.annotations, ...names.annotations];
  Object.assign(layout.xaxis, xLayout(axis.mode, xRange, look, { isMany }), { range: xRange });
  makeRoomForDates(layout, look);
  Object.assign(layout.yaxis, yTicks(range, onLog, spec, look, area.h), { range });
  if (spec.y2_label) layout.yaxis2 = secondAxis(spec, look);
  return {
    data: [...lines.flatMap((drawn) => drawn.bands), ...inOrder(lines).map((drawn) => drawn.main), ...lines.flatMap((drawn) => drawn.raw), ...legend],
    layout, slots: names.slots, zoom: view.zoom,
    notes: [...references.filter((r) => r.of !== null).map((r) => r.name), ...names.unplaced, ...notesOn(lines, sources, look.texts)],
    isEmpty: !lines.some((drawn) => drawn.hasNumber),
    summary: summary(spec, lines, sources, look.texts),
  };
}

/**
 * Every line of every run that has its metric. With one run in the order of the chart's lines.
 * @param {Spec} spec
 * @param {Source[]} sources
 * @returns {{source: Source, at: number}[]}
 */
function linesOf(spec, sources) {
  return sources.flatMap((source) => spec.lines.flatMap(({ metric }, at) => {
    const series = seriesOf(source, metric);
    return series && isScalar(series.values) ? [{ source, at }] : [];
  }));
}

/**
 * Validation over training, where there are several runs.
 * @param {Drawn[]} lines
 * @returns {Drawn[]}
 */
function inOrder(lines) {
  if (!lines.some(({ isMany }) => isMany)) return lines;
  return [...lines].sort((a, b) => Number(isTraining(b.line)) - Number(isTraining(a.line)));
}

/**
 * Which dash is which metric; which colour is which run stands beside the job's name.
 * @param {Spec} spec
 * @param {Drawn[]} lines
 * @param {Look} look
 * @returns {any[]}
 */
function legendOf(spec, lines, look) {
  const there = new Set(lines.map(({ line }) => spec.lines.indexOf(line)));
  return spec.lines.flatMap((line) => {
    const drawn = lines.find((one) => one.line === line);
    const at = spec.lines.indexOf(line);
    const style = styleOf(spec.lines, at, {}, true, look.colors.lines, there);
    return drawn ? [legendTrace(line, style, look.colors.muted, drawn.isHidden)] : [];
  });
}

/* ---------------------------------------------------------------- words */

/** @param {Drawn[]} lines  @param {Source[]} sources  @param {Texts} texts  @returns {string[]} */
function notesOn(lines, sources, texts) {
  const sum = (/** @type {number[]} */ values) => values.reduce((total, value) => total + value, 0);
  const hidden = sum(lines.map((drawn) => drawn.hidden));
  const gapCount = sum(lines.map((drawn) => drawn.gaps.length));
  const notes = [];
  const [band] = sources.flatMap((source) => source.bandKind ?? []);
  if (band) notes.push(fill(texts.group_note, { band: texts[`band_${band}`] }));
  if (hidden > 0) notes.push(notOnLog(hidden, texts));
  if (gapCount > 0) notes.push(fill(gapCount === 1 ? texts.gap : texts.gaps, { n: gapCount }));
  return notes;
}

/** @param {number} n  @param {Texts} texts  @returns {string} */
function notOnLog(n, texts) {
  return fill(texts.not_on_log, { n: `${n} ${n === 1 ? texts.point : texts.points}` });
}

/**
 * @param {Spec} spec
 * @param {Drawn[]} lines
 * @param {Source[]} sources
 * @param {Texts} texts
 * @returns {string}
 */
function summary(spec, lines, sources, texts) {
  const said = lines.slice(0, MOST_SAID).map((drawn) => `${drawn.name} ${valueText(drawn.newest, drawn.unit)}`);
  if (sources.length > 1) return `${spec.title}. ${fill(texts.more_runs, { n: sources.length })}: ${said.join(", ")}`;
  const epochs = sources[0]?.columns.epoch ?? [];
  if (epochs.length === 0) return spec.title;
  return `${spec.title}. ${texts.axis_epoch} ${epochs[epochs.length - 1]}: ${said.join(", ")}`;
}
