/* Names that differ in one number only belong together: `gpu0/util` and `gpu1/util`. Pure. */

const MOST_NUMBERS = 6; // of one name that are tried

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/**
 * The order people expect: `layer2` before `layer10`.
 * @param {string} a
 * @param {string} b
 * @returns {number}
 */
export function naturally(a, b) {
  return collator.compare(a, b) || (a < b ? -1 : Number(a > b));
}

/**
 * @typedef {Object} Family
 * @property {string} pattern    `gpu*\/util`, or the name itself of one that stands alone
 * @property {string[]} names    in natural order
 * @property {string[]} numbers  where they differ; empty for one that stands alone
 * @property {string[]} words    the same with the word before it: `gpu0`
 */

/**
 * A name of several numbers goes with the most others: of `layers.0.fc1` it is the layer that varies.
 * @param {string[]} names  each once
 * @returns {Family[]}  in natural order
 */
export function families(names) {
  const tried = new Map(names.map((name) => [name, wildcards(name)]));
  const sizes = new Map();
  for (const found of tried.values()) {
    for (const { pattern } of found) sizes.set(pattern, (sizes.get(pattern) ?? 0) + 1);
  }
  /** @type {Map<string, {name: string, number: string, word: string}[]>} */
  const groups = new Map();
  for (const [name, found] of tried) {
    const best = found.reduce((a, b) => (sizes.get(b.pattern) > sizes.get(a.pattern) ? b : a), found[0]);
    const isAlone = !best || sizes.get(best.pattern) < 2;
    const key = isAlone ? name : best.pattern;
    groups.set(key, [...(groups.get(key) ?? []), { name, number: isAlone ? "" : best.number, word: isAlone ? "" : best.word }]);
  }
  return [...groups].map(([pattern, members]) => family(pattern, members)).sort((a, b) => naturally(a.pattern, b.pattern));
}

/**
 * Names without the words that all of them begin or end with: `grad/l1.w`, `grad/l2.w` → `l1`, `l2`.
 * @param {string[]} names
 * @returns {string[]}
 */
export function apartOnly(names) {
  if (names.length < 2) return names;
  const words = names.map((name) => name.split(/(?<=[/._\s:-])|(?=[/._\s:-])/));
  const least = Math.min(...words.map((parts) => parts.length)) - 1;
  const same = (/** @type {(parts: string[]) => string|undefined} */ of) => new Set(words.map(of)).size === 1;
  let start = 0;
  while (start < least && same((parts) => parts[start])) start += 1;
  let end = 0;
  while (end < least - start && same((parts) => parts[parts.length - 1 - end])) end += 1;
  return words.map((parts) => parts.slice(start, parts.length - end).join("").replace(/^[._\s:-]+|[._\s:-]+$/g, "") || parts.join(""));
}

/** @param {string} pattern  @param {{name: string, number: string, word: string}[]} members  @returns {Family} */
function family(pattern, members) {
  if (members.length === 1) return { pattern: members[0].name, names: [members[0].name], numbers: [], words: [] };
  const sorted = [...members].sort((a, b) => naturally(a.name, b.name));
  return {
    pattern, names: sorted.map((one) => one.name), numbers: sorted.map((one) => one.number), words: sorted.map((one) => one.word),
  };
}

/** @param {string} name  @returns {{pattern: string, number: string, word: string}[]} */
function wildcards(name) {
  return [...name.matchAll(/\d+/g)].slice(0, MOST_NUMBERS).map(({ 0: number, index }) => {
    const end = index + number.length;
    const word = /[A-Za-z]*[^A-Za-z0-9/]?\d+$/.exec(name.slice(0, end));
    return { pattern: `${name.slice(0, index)}*${name.slice(end)}`, number, word: word ? word[0] : number };
  });
}
