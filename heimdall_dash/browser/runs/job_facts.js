/* A job's settings, facts and notes as texts and elements. */

import { fill } from "../figure/words.js";
import { el } from "../charts/elements.js";

/**
 * With its epoch in front, unless it says so itself.
 * @param {Note} note
 * @param {Texts} texts
 * @returns {string}
 */
export function noteText(note, texts) {
  const text = note.message || note.kind;
  if (typeof note.epoch !== "number" || new RegExp(`\\bepoch ${note.epoch}\\b`, "i").test(text)) return text;
  return `${fill(texts.epoch_at, { current: note.epoch })}: ${text}`;
}

/**
 * One text for all notes that say the same but for their numbers, with the newest's words; newest first.
 * @param {Note[]} notes  oldest first
 * @param {Texts} texts
 * @returns {string[]}
 */
export function joinedNotes(notes, texts) {
  /** @type {Map<string, Note[]>} */
  const alike = new Map();
  for (const note of notes) {
    const key = `${note.kind} ${(note.message ?? "").replace(/\d+/g, "#")}`;
    const found = alike.get(key) ?? [];
    alike.delete(key); // the newest last
    alike.set(key, [...found, note]);
  }
  return [...alike.values()].reverse().map((same) => {
    const note = noteText(same[same.length - 1], texts);
    if (same.length === 1) return note;
    const epochs = same.map(({ epoch }) => epoch).filter((epoch) => typeof epoch === "number");
    if (epochs.length === 0) return fill(texts.note_often, { note, n: same.length });
    return fill(texts.note_times, { note, n: same.length, first: Math.min(...epochs), last: Math.max(...epochs) });
  });
}

/** @param {string} title  @param {HTMLElement} content  @returns {HTMLElement} */
export function block(title, content) {
  return el("div", {}, el("h3", {}, title), content);
}

/** @param {Record<string, any>} values  @param {Texts} texts  @returns {HTMLElement} */
export function entries(values, texts) {
  const names = Object.keys(values).sort();
  if (names.length === 0) return el("p", { class: "muted" }, texts.facts_none);
  return el("ul", { class: "fact-list" }, ...names.map((name) =>
    el("li", {}, el("span", { class: "dt" }, name), el("span", { class: "dd" }, factText(values[name], texts)))));
}

/** @param {any} value  @param {Texts} texts  @returns {string} */
export function factText(value, texts) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "boolean") return value ? texts.yes : texts.no;
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(5)));
  if (Array.isArray(value)) return listText(value, texts);
  if (typeof value === "object") {
    return Object.entries(value).map(([name, part]) => `${name} ${factText(part, texts)}`).join(", ");
  }
  return String(value);
}

/**
 * Short lists in full; of a long list of numbers its ends and its length.
 * @param {any[]} values
 * @param {Texts} texts
 * @returns {string}
 */
function listText(values, texts) {
  if (values.length > 8 && values.every((value) => typeof value === "number")) {
    return `${factText(values[0], texts)} … ${factText(values[values.length - 1], texts)} (${values.length})`;
  }
  const isPlain = values.every((value) => typeof value !== "object");
  return values.map((value) => factText(value, texts)).join(isPlain ? ", " : "; ");
}
