/* The reliability diagram: observed against expected coverage. Pure. */

import { lowerBound } from "../series/columns.js";
import { forLogAxis } from "../series/lines.js";
import { yTicks } from "./axes.js";
import { baseLayout } from "./layout.js";
import { valueText } from "./words.js";

/**
 * Observed against expected coverage, of the newest epoch and of a chosen one.
 * @param {number|null} epoch  the chosen one; null: only the newest
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
    data.push(curve(rows[newest], source, `${look.texts.axis_epoch} ${source.columns.epoch[newest]}`, first, "solid", "circle", onLog));
    const chosen = epoch === null ? -1 : nearest(rows, source.columns.epoch, epoch);
    if (chosen >= 0 && chosen !== newest) {
      data.push(curve(rows[chosen], source, `${look.texts.axis_epoch} ${source.columns.epoch[chosen]}`, second, "dash", "square", onLog));
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

export function curve(observed, source, name, color, dash, symbol, onLog) {
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

function lastIndex(rows) {
  for (let i = rows.length - 1; i >= 0; i -= 1) if (Array.isArray(rows[i])) return i;
  return -1;
}

/** The row of the chosen epoch, or the nearest before it that has a curve. */
function nearest(rows, epochs, epoch) {
  let i = Math.min(lowerBound(epochs, epoch), rows.length - 1);
  while (i >= 0 && (!Array.isArray(rows[i]) || epochs[i] > epoch)) i -= 1;
  return i;
}
