/* A piece of a line as the charts draw it, beside the name of what it stands for. */

import { DASHES } from "../figure/styles.js";
import { setAttribute } from "../charts/elements.js";

const SVG = "http://www.w3.org/2000/svg";
/** @type {Record<string, string>} */
const PATTERNS = { solid: "", dash: "7 4", dashdot: "7 3 2 3", longdash: "11 4", longdashdot: "11 3 2 3" };

/** @returns {{box: SVGElement, line: SVGElement}} */
export function swatch() {
  const box = made("svg", { width: "22", height: "10", "aria-hidden": "true" });
  const line = made("line", { x1: "1", x2: "21", y1: "5", y2: "5", "stroke-width": "3" });
  box.append(line);
  return { box, line };
}

/** @param {SVGElement} line  of a swatch  @param {{color: string, round: number}|null} look  @param {string} [color]  instead */
export function dye(line, look, color = look?.color ?? "") {
  setAttribute(line, "stroke", color);
  setAttribute(line, "stroke-dasharray", look ? PATTERNS[DASHES[look.round % DASHES.length]] : "");
}

/** @param {string} name  @param {Record<string, string>} attributes  @returns {SVGElement} */
function made(name, attributes) {
  const element = /** @type {SVGElement} */ (document.createElementNS(SVG, name));
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
