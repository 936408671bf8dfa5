/* What is drawn on a chart beside its lines: reference lines with their names, gaps, and the marks
   of the best epoch, of resumptions and of warnings. Pure. */

import { lowerBound } from "../series/columns.js";
import { placesOf } from "./axes.js";
import { placeLabels } from "./labels.js";
import { plotText } from "./names.js";
import { fill, valueText } from "./words.js";

const EDGE_PX = { left: 4, center: 0, right: -4 }; // between a name and the plot's edge

/** @typedef {{name: string, value: number, isBound: boolean, of: string|null}} KnownReference */

/**
 * Constants, and those of the job's facts that are known and fit on the axis.
 * @param {Spec} spec
 * @param {Facts} facts
 * @param {boolean} onLog
 * @returns {KnownReference[]}
 */
export function referencesOf(spec, facts, onLog) {
  return (spec.references || [])
    .map((r) => ({ name: r.name, value: r.fact ? facts[r.fact] : r.value, isBound: Boolean(r.fact), of: r.of ?? null }))
    .filter((r) => typeof r.value === "number" && (!onLog || r.value > 0))
    .map((r) => ({ ...r, name: r.isBound ? `${r.name}: ${valueText(r.value, spec.unit)}` : r.name }));
}

/**
 * @param {any[]} lines  drawn lines, for the references that take the colour of one
 * @param {KnownReference} reference
 * @param {Look} look
 * @returns {any}
 */
export function referenceShape(reference, lines, look) {
  const own = lines.find(({ line }) => line.metric === reference.of);
  return {
    type: "line", xref: "paper", yref: "y", x0: 0, x1: 1, y0: reference.value, y1: reference.value,
    name: reference.name, line: {
      color: own ? own.main.line.color : look.colors.reference, width: own ? 1 : 1.3, dash: reference.isBound ? "dot" : "longdash",
    },
  };
}

/**
 * The names, on a background of their own so that they can be read over a line.
 * @param {{range: number[], onLog: boolean}} y    range in axis units
 * @param {any[]} lines  traces on the left axis
 * @param {KnownReference[]} references
 * @param {number[]} x
 * @param {Area} area
 * @param {Look} look
 * @returns {{annotations: Object[], slots: Object<string, string>, unplaced: string[]}}
 */
export function referenceNames(references, y, x, lines, area, look) {
  const height = (/** @type {number} */ value) => area.h * (1 - ((y.onLog ? Math.log10(value) : value) - y.range[0]) / (y.range[1] - y.range[0]));
  const across = (/** @type {number} */ value) => (area.w * (value - x[0])) / (x[1] - x[0]);
  const seen = references
    .filter((r) => r.of === null)
    .map((r) => ({ name: r.name, isBound: r.isBound, value: r.value, y: height(r.value) }))
    .filter((r) => r.y >= 0 && r.y <= area.h);
  if (seen.length === 0) return { annotations: [], slots: {}, unplaced: [] };
  const curves = lines.map((line) => ({
    x: line.x.map(across), y: line.y.map((/** @type {number|null} */ value) => (value === null ? null : height(value))),
  }));
  const labels = placeLabels(seen, area, curves, look.slots);
  return {
    annotations: labels.map((label) => {
      const { value } = /** @type {{value: number}} */ (seen.find((r) => r.name === label.name));
      return {
        name: "reference", text: label.name, showarrow: false, xref: "paper", x: label.x, xanchor: label.anchor,
        yref: "y", y: y.onLog ? Math.log10(value) : value, yanchor: "middle", yshift: label.shift,
        xshift: EDGE_PX[label.anchor],
        bgcolor: look.colors.label, borderpad: 1, font: { size: 11, color: look.colors.muted },
      };
    }),
    slots: Object.fromEntries(labels.map((label) => [label.name, label.slot])),
    unplaced: seen.map((r) => r.name).filter((name) => !labels.some((label) => label.name === name)),
  };
}

const MOST_MARKS = 40; // gaps, and notes, that are drawn on one chart
const SIGN_PX = 14; // signs closer than this become one
const MOST_WORDS = 4; // notes that one sign says

/** @param {number[]} x  @param {[number, number][]} runs  @param {Colors} colors  @returns {any[]} */
export function gapShapes(x, runs, colors) {
  return runs.slice(-MOST_MARKS).map(([first, last]) => ({
    type: "rect", xref: "x", yref: "paper", x0: x[Math.max(0, first - 1)], x1: x[Math.min(x.length - 1, last + 1)],
    y0: 0, y1: 1, fillcolor: colors.gap, line: { width: 0 }, layer: "below",
  }));
}

/**
 * Vertical lines with a sign on top: the best epoch, resumptions, warnings.
 * @param {Source|undefined} source
 * @param {{mode: XMode}} axis
 * @param {number[]} range
 * @param {Area} area
 * @param {Look} look
 * @returns {{shapes: any[], annotations: any[]}}
 */
export function epochMarks(source, axis, range, area, look) {
  if (!source) return { shapes: [], annotations: [] };
  const { epoch: epochs, timestamp: times } = source.columns;
  const { values: places } = placesOf({ epochs, times, values: [], marks: undefined }, axis.mode, times?.[0]);
  const placed = marksOf(source, look).flatMap((mark) => {
    const i = lowerBound(epochs, mark.epoch);
    return i < epochs.length ? [{ ...mark, x: places[i] }] : [];
  });
  const perPixel = (range[1] - range[0]) / area.w;
  return {
    shapes: placed.map((mark) => ({
      type: "line", xref: "x", yref: "paper", x0: mark.x, x1: mark.x, y0: 0, y1: 1, layer: "below",
      line: { color: look.colors.muted, width: 1, dash: "dot" },
    })),
    annotations: merged(placed, SIGN_PX * perPixel).map((mark) => ({
      name: "mark", x: mark.x, y: 1, xref: "x", yref: "paper", yanchor: "bottom", showarrow: false, text: mark.sign,
      hovertext: mark.words.join("<br>"), font: { size: 13, color: look.colors.muted },
    })),
  };
}

/**
 * @param {Source} source
 * @param {Look} look
 * @returns {{epoch: number, sign: string, text: string}[]}
 */
function marksOf(source, look) {
  const marks = [];
  const best = source.job && source.job.best_epoch;
  if (typeof best === "number") {
    marks.push({ epoch: best, sign: "★", text: fill(look.texts.mark_best, { epoch: best }) });
  }
  for (const note of (source.notes || []).slice(-MOST_MARKS)) {
    if (typeof note.epoch !== "number") continue;
    marks.push({
      epoch: note.epoch, sign: note.kind === "resumed" ? "↻" : "⚠", text: String(note.message || note.kind),
    });
  }
  return marks;
}

/**
 * Signs that would lie on one another, as one sign with the words of all.
 * @param {{x: number, sign: string, text: string}[]} marks
 * @param {number} distance
 * @returns {{x: number, sign: string, words: string[]}[]}
 */
function merged(marks, distance) {
  /** @type {{x: number, sign: string, words: string[]}[]} */
  const kept = [];
  for (const mark of marks) {
    const near = kept.find((other) => Math.abs(other.x - mark.x) < distance);
    if (!near) kept.push({ x: mark.x, sign: mark.sign, words: [escaped(mark.text)] });
    else {
      if (!near.sign.includes(mark.sign)) near.sign += mark.sign;
      if (near.words.length < MOST_WORDS) near.words.push(escaped(mark.text));
      else near.words[MOST_WORDS] = "…";
    }
  }
  return kept;
}

/**
 * Notes come from trainers, and may be long.
 * @param {string} text
 * @returns {string}
 */
function escaped(text) {
  return plotText(text.slice(0, 300));
}
