/* One line of a figure: a metric of a run as the axis shows it, and the traces it becomes. Pure. */

/** @import { Axis } from "./axes.js" */
/** @import { Band } from "../series/grouped.js" */

import { seriesOf, smoothable } from "../series/series.js";
import { smooth, isSmoothable, forLogAxis, brokenAt, runsOf, isSparse, isDrawable } from "../series/lines.js";
import { placesOf } from "./axes.js";
import { visibleRange, pick, trace, rawTrace, bandTrace, areApart, valueTexts } from "./traces.js";
import { wallText } from "./times.js";
import { durationText, fill } from "./words.js";

/**
 * @typedef {Object} Drawn
 * @property {Line} line
 * @property {string} name       as the pointer and the summary say it
 * @property {string} unit
 * @property {boolean} isMany  @property {boolean} isHidden   put out in the legend
 * @property {number[]} places   of all rows
 * @property {number} hidden     so many values the axis cannot show
 * @property {[number, number][]} gaps   first and last index of what was not finite
 * @property {Column[]} heights  what is to be seen, for the range of the axis
 * @property {Cell} newest  @property {boolean} hasNumber
 * @property {any} main  @property {any[]} raw  @property {any[]} bands   traces
 *
 * @typedef {{spec: Spec, source: Source, at: number, count: number, isMany: boolean,
 *   style: {color: string, dash: string, width: number, opacity: number}}} Wanted   `count`: lines on the chart
 * @typedef {{axis: Axis, xRange: number[], area: Area}} Stage
 */

/**
 * @param {Wanted} wanted
 * @param {Stage} stage
 * @param {ChartView} view
 * @param {Look} look
 * @returns {Drawn}
 */
export function drawnLine({ spec, source, at, count, isMany, style }, { axis, xRange, area }, view, look) {
  const line = spec.lines[at];
  const series = /** @type {import("../series/series.js").Series} */ (seriesOf(source, line.metric));
  const { epochs, values, marks } = series;
  const places = placesOf(series, axis.mode, source.columns.timestamp?.[0]);
  const span = visibleRange(places.values, view.zoom, places.isRising);
  const onLog = view.scale === "log" && line.axis !== 2;
  const { shown, hidden } = onLog ? forLogAxis(values) : { shown: values, hidden: 0 };
  const broken = brokenAt(epochs, marks);
  const weight = isSmoothable(line.metric) ? view.smoothing : 0;
  const smoothed = weight > 0 ? smooth(smoothable(series), weight, onLog) : shown;
  const picked = pick(shown, span, look.width, count, breaks(values, shown, broken));
  const unit = line.unit ?? spec.unit;
  const isHidden = Boolean(view.hidden?.includes(line.metric));
  const name = nameOf(line, source, spec, isMany);
  const curve = {
    line, name, style, isHidden, run: source.id, x: picked.map((i) => places.values[i]), y: picked.map((i) => smoothed[i] ?? null),
  };
  const isSmoothed = smoothed !== shown;
  const band = source.bands?.[line.metric];
  const seen = inside(span, places.values, view.zoom);
  const hasPoints = isSparse(values) || areApart(curve.x, xRange, area.w);
  const texts = hoverTexts({ source, epochs, values, smoothed, isSmoothed, picked, unit, band, axis }, look);
  return {
    line, name, unit, isMany, isHidden, places: places.values, hidden, gaps: runsOf(broken),
    heights: [shown, ...(band ? [band.low, band.high] : [])].map((column) => column.slice(...seen)),
    newest: values[values.length - 1], hasNumber: values.some((value) => typeof value === "number"),
    main: trace(curve, { hasPoints, texts, showlegend: isMany ? false : undefined }),
    raw: isSmoothed && !band ? [rawTrace({ ...curve, y: picked.map((i) => shown[i] ?? null) }, look.texts.raw)] : [],
    bands: band ? [bandTrace(curve, ends(band.low, shown, picked, onLog), ends(band.high, shown, picked, onLog))] : [],
  };
}

/**
 * The rows between the neighbours that lie outside of a zoom; none where the line is over before it.
 * @param {[number, number]} span  @param {number[]} places  @param {Zoom|null} zoom  @returns {[number, number]}
 */
function inside([from, to], places, zoom) {
  if (zoom && (places[to - 1] < zoom.x[0] || places[from] > zoom.x[1])) return [from, from];
  return zoom && to - from > 2 ? [from + Number(from > 0), to] : [from, to];
}

/** @param {Column} side  @param {Column} shown  @param {number[]} picked  @param {boolean} onLog  @returns {Column} */
function ends(side, shown, picked, onLog) {
  return picked.map((i) => (isDrawable(side[i], onLog) ? side[i] : shown[i])); // a band's lower side may reach below zero
}

/** @param {Line} line  @param {Source} source  @param {Spec} spec  @param {boolean} isMany  @returns {string} */
function nameOf(line, source, spec, isMany) {
  if (!isMany) return line.name;
  return spec.lines.length > 1 ? `${source.name} · ${line.name}` : String(source.name);
}

/**
 * What the pointer says of each picked point: epoch, value with its unit, runs behind it.
 * @param {{source: Source, epochs: number[], values: Column, smoothed: Column, isSmoothed: boolean,
 *   picked: number[], unit: string, band: Band|undefined, axis: Axis}} what
 * @param {Look} look
 * @returns {string[]}
 */
function hoverTexts({ source, epochs, values, smoothed, isSmoothed, picked, unit, band, axis }, { texts }) {
  const raw = valueTexts(values, unit, picked);
  const said = isSmoothed ? valueTexts(smoothed, unit, picked).map((text, i) => `${text} (${texts.raw} ${raw[i]})`) : raw;
  return said.map((text, i) => {
    const count = band?.counts[picked[i]];
    const runs = count ? ` · ${fill(count === 1 ? texts.group_run : texts.group_runs, { n: count })}` : "";
    const place = epochs[picked[i]];
    const where = !source.isByTime ? `${texts.axis_epoch} ${place}` : axis.mode === "wall" ? wallText(place) : durationText(place);
    return `${where}: ${text}${runs}`;
  });
}

/**
 * A line breaks where a value was not finite, and where the axis cannot show it.
 * @param {Column} column
 * @param {Column} shown
 * @param {number[]} broken
 * @returns {(i: number) => boolean}
 */
function breaks(column, shown, broken) {
  const isBroken = new Set(broken);
  return (i) => isBroken.has(i) || (shown !== column && shown[i] === null && typeof column[i] === "number");
}
