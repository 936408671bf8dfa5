/* Metrics by name or by pattern: `grad/*`, `layer?.norm`. Pure. */

import { naturally } from "../figure/siblings.js";

/**
 * `*` is any text and `?` one character; all else is taken as it stands.
 * @param {string} pattern
 * @returns {(name: string) => boolean}
 */
export function matching(pattern) {
  // by hand: a regular expression of many stars may take for ever
  const parts = pattern.split("*");
  const at = (/** @type {string} */ name, /** @type {string} */ part, /** @type {number} */ from) =>
    from + part.length <= name.length && [...Array(part.length).keys()].every((i) => part[i] === "?" || part[i] === name[from + i]);
  return (name) => {
    if (parts.length === 1) return name.length === pattern.length && at(name, pattern, 0);
    const [first, last] = [parts[0], parts[parts.length - 1]];
    if (!at(name, first, 0) || !at(name, last, name.length - last.length) || first.length + last.length > name.length) return false;
    let from = first.length;
    const end = name.length - last.length;
    for (const part of parts.slice(1, -1)) {
      while (from + part.length <= end && !at(name, part, from)) from += 1;
      if (from + part.length > end) return false;
      from += part.length;
    }
    return true;
  };
}

/**
 * The metrics that names and patterns choose, in their order; of one pattern in natural order.
 * @param {string[]} wanted
 * @param {string[]} names   of metrics that are there
 * @returns {string[]}  each once
 */
export function chosen(wanted, names) {
  const there = new Set(names);
  const found = wanted.flatMap((one) => (there.has(one) ? [one] : names.filter(matching(one)).sort(naturally)));
  return [...new Set(found)].slice(0, MOST_LINES);
}

const MOST_LINES = 50; // of one chart
