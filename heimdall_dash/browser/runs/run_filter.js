/* What the search box of the runs means. Pure.

     adam sweep        both words stand in the name, id, state, tags, group, notes or configuration
     "two words"       these words as they stand
     -failed           not in there
     lr < 0.01         a number of the configuration, a metric's last value, or epoch, progress
     tag:best          the field and its text; `=` and `!=` compare whole texts, or numbers

   Terms are joined by "and". What cannot be read as a comparison is searched as words. */

/** @typedef {(name: string) => any} Field   value of a run's field, undefined when it has none */
/**
 * A run as the filter sees it: `text` in lower case.
 * @typedef {{text: string, field: Field}} Searched
 */
/** @typedef {{kind: "word", text: string, not: boolean} | {kind: "compare", name: string, op: string, text: string}} Term */

const COMPARISON = /^("[^"]+"|[^\s"<>=!:]+)\s*(<=|>=|!=|==|=|<|>|:)\s*("[^"]*"|[^\s"]+)(?=\s|$)/u;
const WORD = /^-?("[^"]*"?|\S+)/u;

/** @param {string} query  @returns {Term[]} */
export function parse(query) {
  /** @type {Term[]} */
  const terms = [];
  let rest = query.trim();
  while (rest) {
    const found = COMPARISON.exec(rest);
    const word = found ? null : /** @type {RegExpExecArray} */ (WORD.exec(rest));
    if (found) terms.push({ kind: "compare", name: bare(found[1]), op: found[2], text: bare(found[3]) });
    else if (word) {
      const not = word[0].length > 1 && word[0].startsWith("-");
      const text = bare(not ? word[0].slice(1) : word[0]).toLowerCase();
      if (text) terms.push({ kind: "word", text, not });
    }
    rest = rest.slice((found ?? word)?.[0].length || 1).trimStart();
  }
  return terms;
}

/** @param {Term[]} terms  @param {Searched} run  @returns {boolean} */
export function fits(terms, run) {
  return terms.every((term) => (term.kind === "word" ? run.text.includes(term.text) !== term.not : compares(term, run)));
}

/** @param {Extract<Term, {kind: "compare"}>} term  @param {Searched} run  @returns {boolean} */
export function compares({ name, op, text }, run) {
  const value = run.field(name);
  if (value === undefined) return op === ":" || op === "=" ? run.text.includes(`${name}${op}${text}`.toLowerCase()) : op === "!=";
  const number = numberOf(text);
  const own = typeof value === "boolean" ? NaN : typeof value === "number" ? value : numberOf(String(value ?? ""));
  if (op === ":") return said(value).includes(text.toLowerCase());
  if (op === "=" || op === "==") return Number.isNaN(number) || Number.isNaN(own) ? isSame(value, text) : own === number;
  if (op === "!=") return Number.isNaN(number) || Number.isNaN(own) ? !isSame(value, text) : own !== number;
  if (op === "<") return own < number;
  if (op === "<=") return own <= number;
  return op === ">" ? own > number : own >= number;
}

/** @param {string} text  @returns {number} NaN for what is none */
function numberOf(text) {
  return text.trim() === "" ? NaN : Number(text);
}

/** @param {any} value  @returns {string} */
function said(value) {
  return (typeof value === "object" ? JSON.stringify(value) : String(value)).toLowerCase();
}

/** @param {any} value  @param {string} text  @returns {boolean} one of a list counts */
function isSame(value, text) {
  const wanted = text.toLowerCase();
  return Array.isArray(value) ? value.some((one) => said(one) === wanted) : said(value) === wanted;
}

/** @param {string} text  @returns {string} */
function bare(text) {
  return text.startsWith('"') ? text.replace(/^"|"$/g, "") : text;
}
