/* One metric of several jobs over one another. Pure. */

import { isScalar, smooth, forLogAxis, brokenAt, isSparse, extent } from "../series/lines.js";
import { xAxis, xLayout, yRange, yTicks, padded } from "./axes.js";
import { baseLayout, plotArea } from "./layout.js";
import { notOnLog, breaks } from "./line_figure.js";
import { plotText } from "./names.js";
import { pick, modeOf, DASHES, RAW_OPACITY } from "./traces.js";
import { valueText } from "./words.js";

const LEGEND_BELOW_PX = 46; // a share of this high a plot would leave a gap

/**
 * One metric of several jobs.
 * @param {{job: Object, columns: Object, notFinite: Object, color: string, order: number, name: string}[]} jobs
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
  const xRange = view.zoom ? view.zoom.x : padded(...(ends && ends[1] > ends[0] ? ends : [0, 10]));
  Object.assign(layout.xaxis, xLayout(view.x, xRange, look), { range: xRange });
  const hidden = curves.reduce((sum, curve) => sum + curve.hidden, 0);
  const data = curves.flatMap((curve) => curve.traces);
  return {
    data, layout, notes: hidden > 0 ? [notOnLog(hidden, look.texts)] : [], isEmpty: !extent(heights, onLog),
    summary: `${spec.title}: ${data.filter((line) => line.meta).map((line) => line.name).join(", ")}`, slots: {},
  };
}

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
