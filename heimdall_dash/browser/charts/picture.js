/* A chart as a file. */

import { plotText } from "../figure/names.js";
import { fitting, LEGEND_PX } from "../figure/layout.js";
import { DASHES } from "../figure/styles.js";
import { el } from "./elements.js";

const SUBTITLE_PX = 18;
const NAME_PX = 130; // of one run in the list below the chart,
const SWATCH_PX = 45; // beside its piece of line
const ROW_PX = 20;
const SMALL = 1.4; // its letters, beside those of a title

const LONGEST = 120; // characters; file systems take 255 bytes

/**
 * Job and chart, in letters that every file system takes.
 * @param {string} job
 * @param {string} chart
 * @returns {string}
 */
export function fileName(job, chart) {
  const plain = (/** @type {string} */ text) => [...text.replace(/[^\p{L}\p{N}.+-]+/gu, "_").replace(/^[_.]+|_+$/g, "")].slice(0, LONGEST / 2).join("");
  return `${plain(job) || "job"}-${plain(chart) || "chart"}`;
}

/**
 * A drawn chart with the names of what it shows, which stand beside it on the page: of one run below
 * the title, of several with their lines below the chart. Pure.
 * @param {{data: any[], layout: any}} drawn
 * @param {Source[]} sources
 * @param {{width: number, height: number, area: Area}} size   of the chart, and of its lines, in pixels
 * @returns {{data: any[], layout: any, width: number, height: number}}
 */
export function withNames({ data, layout }, sources, { width, height, area }) {
  const [first] = sources;
  if (sources.length < 2 && !first?.color) {
    const name = first?.job?.job_name ?? first?.name ?? "";
    const y = 1 - SUBTITLE_PX / height; // Plotly places a title of two lines by its middle
    const title = { ...layout.title, y, text: `${layout.title.text}<br><span style="font-size:12px;font-weight:400">${plotText(fitting(name, width))}</span>` };
    const margin = { ...layout.margin, t: layout.margin.t + SUBTITLE_PX };
    return { data, layout: { ...layout, title, margin, height: height + SUBTITLE_PX }, width, height: height + SUBTITLE_PX };
  }
  const perRow = Math.max(1, Math.floor(area.w / (NAME_PX + SWATCH_PX)));
  const room = Math.ceil(sources.length / perRow) * ROW_PX + 8;
  const names = sources.map((source) => ({
    type: "scatter", mode: "lines", x: [null], y: [null], legend: "legend2", showlegend: true,
    name: plotText(fitting(String(source.name), NAME_PX * SMALL)), line: { color: source.color, width: 2.5, dash: DASHES[(source.round ?? 0) % DASHES.length] },
  }));
  const hasLegend = layout.showlegend !== false && data.some(({ showlegend }) => showlegend !== false);
  const lines = hasLegend ? data : data.map((trace) => ({ ...trace, showlegend: false })); // the names' legend shows
  const legend2 = { ...layout.legend, y: layout.legend.y - (hasLegend ? LEGEND_PX : 0) / area.h, entrywidth: NAME_PX, font: { size: 11 } };
  // the lines keep their size and place: Plotly would take the room for the names from them
  const { t, r } = layout.margin;
  const b = Math.max(height - t - area.h, -legend2.y * area.h) + room;
  const margin = { ...layout.margin, ...(layout.yaxis2 ? {} : { l: width - r - area.w }), b, autoexpand: false };
  const size = { width, height: t + area.h + b };
  return { data: [...lines, ...names], layout: { ...layout, showlegend: true, legend2, margin, ...size }, ...size };
}

/** @param {string} dataUrl  @param {string} name */
export function save(dataUrl, name) {
  const url = URL.createObjectURL(blobOf(dataUrl));
  const link = el("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/**
 * A data URL as a file: browsers save these up to any size.
 * @param {string} dataUrl
 * @returns {Blob}
 */
function blobOf(dataUrl) {
  const comma = dataUrl.indexOf(",");
  const head = dataUrl.slice(5, comma);
  const body = decodeURIComponent(dataUrl.slice(comma + 1));
  if (!head.endsWith(";base64")) return new Blob([body], { type: head });
  return new Blob([Uint8Array.from(atob(body), (letter) => letter.charCodeAt(0))], { type: head.slice(0, -7) });
}
