/* A chart as a file. */

import { el } from "./elements.js";

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
