/* What every figure's layout has: title, labels of the axes, margins, colours. Pure. */

import { plotText } from "./names.js";

const MARGIN = { l: 62, r: 18, t: 46, b: 40 };
const LEGEND_PX = 38; // what a legend of one row takes below the axis, until Plotly has measured it

/** @param {Spec} spec  @param {ChartView} view  @param {Look} look  @returns {any} */
export function baseLayout(spec, view, look) {
  const onLog = view.scale === "log";
  return {
    width: look.width, height: look.height, autosize: false,
    title: {
      text: plotText(titleText(spec, view.scale, look.texts)), x: 0.02, xanchor: "left", y: 0.97,
      yanchor: "top", font: { size: 15, weight: 600 },
    },
    font: { family: look.font, size: 12, color: look.colors.text },
    paper_bgcolor: look.colors.paper, plot_bgcolor: look.colors.paper,
    margin: { ...MARGIN },
    hovermode: "closest", hoverdistance: -1, // the nearest line, however far; the others stand in the readout
    hoverlabel: { bgcolor: look.colors.hover, bordercolor: look.colors.axis, font: { color: look.colors.text } },
    legend: { orientation: "h", x: 0, y: -0.19, yanchor: "top", font: { size: 12 }, itemclick: "toggle", itemdoubleclick: "toggleothers" },
    showlegend: true, dragmode: look.isCoarse ? false : "zoom",
    xaxis: {
      gridcolor: look.colors.grid, linecolor: look.colors.axis, zeroline: false, showline: true,
      ticks: "outside", ticklen: 4, tickcolor: look.colors.axis, autorange: false,
    },
    yaxis: {
      type: onLog ? "log" : "linear", gridcolor: look.colors.grid, linecolor: look.colors.axis,
      zeroline: false, autorange: false, tickfont: { size: 11 },
      title: { text: plotText(labelText(spec, view.scale, look.texts)), standoff: 10, font: { size: 12 } },
    },
  };
}

/**
 * "… (Log Scale)"; "(Linear Scale)" only where the chart's own default is log.
 * @param {Spec} spec
 * @param {Scale} scale
 * @param {Texts} texts
 * @returns {string}
 */
export function titleText(spec, scale, texts) {
  if (scale === "log") return `${spec.title} (${texts.log_scale})`;
  return spec.scale === "log" ? `${spec.title} (${texts.linear_scale})` : spec.title;
}

/** @param {Spec} spec  @param {Scale} scale  @param {Texts} texts  @returns {string} */
export function labelText(spec, scale, texts) {
  if (scale === "log") return `${spec.y_label} - ${texts.log_scale}`;
  return spec.scale === "log" ? `${spec.y_label} - ${texts.linear_scale}` : spec.y_label;
}

/**
 * The axis on the right, in the units of its own lines.
 * @param {Spec} spec
 * @param {Look} look
 * @returns {any}
 */
export function secondAxis(spec, look) {
  return {
    title: { text: spec.y2_label, standoff: 6, font: { size: 12 } }, overlaying: "y", side: "right",
    range: spec.y2_range || undefined, nticks: 5, tickmode: "auto", tickfont: { size: 11 }, showgrid: false,
    zeroline: false, fixedrange: true, color: look.colors.muted, automargin: true,
  };
}

/**
 * Size of the rectangle that the lines are drawn in, in pixels.
 * @param {Look} look  `area`: as Plotly measured it at the last drawing, if there was one
 * @returns {Area}
 */
export function plotArea(look) {
  if (look.area) return look.area;
  return {
    w: Math.max(1, look.width - MARGIN.l - MARGIN.r),
    h: Math.max(1, look.height - MARGIN.t - MARGIN.b - LEGEND_PX),
  };
}
