/* Elements of the page: made with texts that are never HTML, written only where something changed;
   and what figures look like on it at present. */

import { plotText } from "../figure/names.js";

/**
 * An element: `el("button", {class: "x", onclick: f, "aria-label": "…"}, "text", child)`.
 * Texts are set as text, never as HTML.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {(Node|string|null|undefined)[]} children
 * @returns {any}
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name === "class" ? "class" : name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/**
 * An element that the layout has for sure.
 * @param {string} id
 * @returns {any}
 */
export function byId(id) {
  return document.getElementById(id);
}

/**
 * Set a text only when it changed: fewer layouts, and live regions speak only news.
 * @param {Element|null} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

/** @param {Element|null} element  @param {string} name  @param {string} value */
export function setAttribute(element, name, value) {
  if (element && element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/**
 * What figures look like at present: colours of the theme, words, size.
 * @param {{colors: Config["colors"], texts: Texts, font: string}} config
 * @param {any} size
 * @param {string} [stepName]  what the job counts, where it is not epochs
 * @returns {Look}
 */
export function look(config, size, stepName = "epoch") {
  const scheme = document.documentElement.getAttribute("data-mantine-color-scheme") === "dark" ? "dark" : "light";
  const isCoarse = matchMedia("(pointer: coarse)").matches;
  return { ...size, isCoarse, colors: config.colors[scheme], texts: wordsFor(config.texts, stepName), font: config.font };
}

/** @type {WeakMap<Texts, Map<string, Texts>>} */
const knownWords = new WeakMap();

/**
 * The axis is named by what the job counts: made once, since every draw asks for it.
 * @param {Texts} texts
 * @param {string} stepName
 * @returns {Texts}
 */
function wordsFor(texts, stepName) {
  if (stepName === "epoch" || !stepName) return texts;
  const known = knownWords.get(texts) ?? new Map();
  knownWords.set(texts, known);
  if (!known.has(stepName)) known.set(stepName, { ...texts, axis_epoch: plotText(stepName[0].toUpperCase() + stepName.slice(1)) });
  return known.get(stepName);
}
