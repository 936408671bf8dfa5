/* What every figure's layout has: title, labels of the axes, margins, colours. Pure. */

import { plotText } from "./names.js";

const MARGIN = { l: 62, r: 18, t: 46, b: 40 };
const TICK_LETTER_PX = 7; // of a digit, at 12 px
const LEGEND_BELOW_PX = 40; // under the axis: its ticks and its title stand between,
const DATE_PX = 16; // and under an hour its date
const TITLE_LETTER_PX = 8.6; // bold, at 15 px
const TITLE_MARGIN_PX = 24;
export const LEGEND_PX = 38; // what a legend of one row takes below the axis, until Plotly has measured it

/** @param {Spec} spec  @param {ChartView} view  @param {Look} look  @returns {any} */
export function baseLayout(spec, view, look) {
  const onLog = view.scale === "log";
  return {
    width: look.width, height: look.height, autosize: false,
    title: {
      text: plotText(fitting(titleText(spec, view.scale, look.texts), look.width - TITLE_MARGIN_PX)), x: 0.02, xanchor: "left", y: 0.97,
      yanchor: "top", font: { size: 15, weight: 600 },
    },
    font: { family: look.font, size: 12, color: look.colors.text },
    paper_bgcolor: look.colors.paper, plot_bgcolor: look.colors.paper,
    margin: { ...MARGIN },
    hovermode: "closest", hoverdistance: -1, // the nearest line, however far; the others stand in the readout
    hoverlabel: { bgcolor: look.colors.hover, bordercolor: look.colors.axis, font: { color: look.colors.text } },
    legend: { orientation: "h", x: 0, y: -LEGEND_BELOW_PX / plotArea(look).h, yanchor: "top", font: { size: 12 }, itemclick: "toggle", itemdoubleclick: "toggleothers" },
    showlegend: true, dragmode: look.isCoarse ? false : "zoom",
    xaxis: {
      gridcolor: look.colors.grid, linecolor: look.colors.axis, zeroline: false, showline: true,
      ticks: "outside", ticklen: 4, tickcolor: look.colors.axis, autorange: false,
    },
    yaxis: {
      type: onLog ? "log" : "linear", gridcolor: look.colors.grid, linecolor: look.colors.axis, ticklabeloverflow: "allow",
      zeroline: false, autorange: false, tickfont: { size: 11 },
      title: { text: plotText(labelText(spec, view.scale, look.texts)), standoff: 10, font: { size: 12 } },
    },
  };
}

/**
 * Room below the lines for ticks of two rows: Plotly would push the axis's title into the second, and
 * the legend stands under that.
 * @param {any} layout  changed in place  @param {Look} look
 */
export function makeRoomForDates(layout, look) {
  if (!layout.xaxis.ticktext?.some((/** @type {string} */ word) => word.includes("<br>"))) return;
  layout.margin.b += DATE_PX;
  layout.legend.y -= DATE_PX / plotArea(look).h;
}

/**
 * A text in the room that there is; what is left out of a metric's name is its middle.
 * @param {string} text
 * @param {number} roomPx
 * @returns {string}
 */
export function fitting(text, roomPx) {
  const most = Math.max(12, Math.floor(roomPx / TITLE_LETTER_PX));
  const letters = [...text];
  if (letters.length <= most) return text;
  const start = Math.ceil((most - 1) * 0.4);
  return `${letters.slice(0, start).join("")}…${letters.slice(letters.length - (most - 1 - start)).join("")}`;
}

/**
 * "… (Log Scale)" where the scale is the chart's subject; "(Linear Scale)" when that is switched. On
 * all other charts the axis alone says it.
 * @param {Spec} spec
 * @param {Scale} scale
 * @param {Texts} texts
 * @returns {string}
 */
export function titleText(spec, scale, texts) {
  if (!spec.says_scale) return spec.title;
  if (scale === "log") return `${spec.title} (${texts.log_scale})`;
  return spec.scale === "log" ? `${spec.title} (${texts.linear_scale})` : spec.title;
}

/** @param {Spec} spec  @param {Scale} scale  @param {Texts} texts  @returns {string} */
export function labelText(spec, scale, texts) {
  if (scale === "log") return spec.y_label ? `${spec.y_label} - ${texts.log_scale}` : texts.log_scale;
  if (!spec.says_scale) return spec.y_label;
  return spec.scale === "log" ? `${spec.y_label} - ${texts.linear_scale}` : spec.y_label;
}

/**
 * Whether Plotly is to look for labels that reach over the edge, and to hide them. It measures each one
 * with each drawing, which is a fifth of what a drawing takes: not where none can, as on an axis that
 * stands upright between the margins.
 * @param {number} letters  of the longest label under the horizontal axis
 * @returns {"allow"|"hide past div"}
 */
export function overflow(letters) {
  return (letters * TICK_LETTER_PX) / 2 <= MARGIN.r ? "allow" : "hide past div";
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
    zeroline: false, fixedrange: true, color: look.colors.muted, automargin: true, ticklabeloverflow: "allow",
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
