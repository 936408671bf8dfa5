/* Which part of the data a metric was measured on, as names tell it: `train/loss`, `val_loss`,
   `acc/test`, `validLoss`. What remains of the name is what was measured. Pure. */

/** @typedef {"train"|"val"|"test"|""} Role */

/** @type {Record<string, Role>} */
const WORDS = {
  train: "train", training: "train", val: "val", valid: "val", validation: "val", eval: "val", evaluation: "val",
  dev: "val", test: "test", testing: "test",
};
const SEPARATORS = /([/_.\-\s:]+)/;
const CAMEL = /^(train|training|val|valid|validation|eval|test)(?=[A-Z])/;
/** @type {Role[]} */
const ORDER = ["train", "", "val", "test"];

/**
 * `val/loss` → val, loss; `loss` → no role, loss. A role is a word of its own at the beginning or the
 * end of the name, or of a part between slashes.
 * @param {string} metric
 * @returns {{role: Role, base: string}}
 */
export function roleOf(metric) {
  const parts = metric.split(SEPARATORS); // words at even places, what stands between them at odd ones
  for (let i = 0; i < parts.length && parts.length > 1; i += 2) {
    const word = parts[i].toLowerCase();
    if (!Object.hasOwn(WORDS, word) || !standsOut(parts, i)) continue;
    const base = without(parts, i);
    if (base) return { role: WORDS[word], base };
  }
  const camel = CAMEL.exec(metric);
  if (!camel) return { role: "", base: metric };
  const rest = metric.slice(camel[0].length);
  return { role: WORDS[camel[0]], base: rest[0].toLowerCase() + rest.slice(1) };
}

/** @param {string[]} parts  @param {number} i  @returns {boolean} */
function standsOut(parts, i) {
  const before = parts[i - 1];
  const after = parts[i + 1];
  return before === undefined || after === undefined || before.includes("/") || after.includes("/");
}

/** @param {string[]} parts  @param {number} i  @returns {string} */
function without(parts, i) {
  const isLast = i + 1 >= parts.length;
  return [...parts.slice(0, isLast ? i - 1 : i), ...parts.slice(i + (isLast ? 1 : 2))].join("");
}

/**
 * Training first, then what has no role, validation, test.
 * @param {Role} a
 * @param {Role} b
 * @returns {number}
 */
export function byRole(a, b) {
  return ORDER.indexOf(a) - ORDER.indexOf(b);
}
