/* Where the ticks of an axis stand, and what they say. Pure. */

const LONGEST = 7; // characters: longer ones run into the axis's title

/**
 * Text of a tick: 0.05, 0.5, 1, 2.5, 10, 100, 1k, 2.5k, 10k.
 * From 1,000 on in thousands with at most one decimal, from 100 on without decimals, from 1 on
 * with at most one, below with two; below 0.01 as many as two significant digits need.
 * @param {number} value
 * @returns {string}
 */
export function tickText(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e9) return exponential(value);
  if (size >= 1e6) return `${trimmed(value / 1e6, 1)}M`;
  if (size >= 1000) return `${trimmed(value / 1000, 1)}k`;
  if (size >= 100) return trimmed(value, 0);
  if (size >= 1) return trimmed(value, 1);
  if (size >= 0.01) return trimmed(value, 2);
  const text = trimmed(value, 1 - Math.floor(Math.log10(size)));
  return size < 1e-6 || text.length > LONGEST ? exponential(value) : text;
}

/** @param {number} value  @param {number} [digits]  @returns {string}  `1e19`, `2.5e−7` */
function exponential(value, digits = 2) {
  return value.toExponential(digits - 1).replace(/\.?0*e\+?/, "e").replace("e-", "e−");
}

/** @param {number} value  @param {number} decimals  @returns {string} */
function trimmed(value, decimals) {
  const text = value.toFixed(Math.min(decimals, 20));
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/**
 * Texts of ticks side by side: more digits where two would otherwise read the same, or where one
 * would be another number than its tick: 1.25 is not 1.3.
 * @param {number[]} values
 * @returns {string[]}
 */
export function tickTexts(values) {
  const texts = values.map(tickText);
  const isTold = (/** @type {string[]} */ words) => new Set(words).size === words.length && words.every((word, i) => isTrue(word, values[i]));
  if (isTold(texts)) return texts;
  for (let digits = 3; digits <= 12; digits += 1) {
    const longer = values.map((value) => longText(value, digits));
    if (isTold(longer)) return longer;
  }
  return texts;
}

/** @param {number} value  @param {number} digits  @returns {string} */
function longText(value, digits) {
  const size = Math.abs(value);
  if (value !== 0 && (size >= 1e9 || size < 1e-4)) return exponential(value, digits);
  return String(Number(value.toPrecision(digits)));
}

/** @param {string} word  @param {number} value  @returns {boolean} */
function isTrue(word, value) {
  const times = word.endsWith("k") ? 1e3 : word.endsWith("M") ? 1e6 : 1;
  return Math.abs(Number.parseFloat(word.replace("−", "-")) * times - value) <= 0.005 * Math.abs(value);
}

/**
 * Tick values for a log axis.
 * @param {number} low  @param {number} high   visible range, 0 < low < high
 * @param {number[]} preferred  taken first where they fall into the range
 * @param {number} most  about as many ticks as fit
 * @returns {number[]} rising
 */
export function logTicks(low, high, preferred = [], most = 9) {
  const inside = (/** @type {number} */ value) => value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9);
  const decades = [];
  for (let p = Math.ceil(Math.log10(low) - 1e-9); p <= Math.log10(high) + 1e-9; p += 1) {
    decades.push(Number(`1e${p}`));
  }
  const wanted = preferred.filter(inside);
  if (wanted.length >= 3) {
    const last = preferred[preferred.length - 1];
    const first = preferred[0];
    const beyond = decades.filter((value) => value > last || value < first / 5);
    return thinnedTo([...beyond, ...wanted].sort((a, b) => a - b), most, preferred);
  }
  if (decades.length >= 3) return thinnedTo(decades, most, []);
  for (const steps of [[1, 3], [1, 2, 5], [1, 1.5, 2, 3, 5, 7]]) {
    const values = multiples(low, high, steps).filter(inside);
    if (values.length >= 3) return thinnedTo(values, most, []);
  }
  return linearTicks(low, high, Math.min(most, 6)).filter((value) => value > 0);
}

/** @param {number} low  @param {number} high  @param {number[]} steps  @returns {number[]} */
function multiples(low, high, steps) {
  const values = [];
  for (let p = Math.floor(Math.log10(low)) - 1; p <= Math.ceil(Math.log10(high)); p += 1) {
    for (const step of steps) values.push(Number((step * 10 ** p).toPrecision(3)));
  }
  return values;
}

/** @param {number[]} values  @param {number} most  @param {number[]} kept  @returns {number[]} */
function thinnedTo(values, most, kept) {
  if (values.length <= most) return values;
  const every = Math.ceil(values.length / most);
  return values.filter((value, i) => i % every === 0 || (kept.length > 0 && kept.includes(value)));
}

/**
 * Round values at 1, 2, 2.5 or 5 × 10ⁿ, about `most` of them.
 * @param {number} low
 * @param {number} high
 * @param {number} [most]
 * @returns {number[]}
 */
export function linearTicks(low, high, most = 6) {
  if (!(high > low)) return [low];
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 2.5, 5, 10].find((f) => f * power >= rough * 0.999) || 10);
  const values = [];
  const count = Math.floor(high / step + 1e-9);
  for (let i = Math.ceil(low / step - 1e-9); i <= count; i += 1) {
    values.push(Number((i * step).toPrecision(12)));
  }
  return values;
}

/**
 * Ticks for a stretch of seconds, in the unit that suits its length.
 * @param {number} low
 * @param {number} high
 * @param {number} [most]
 * @returns {{unit: string, values: number[], words: string[]}}  values in seconds
 */
export function durationTicks(low, high, most = 6) {
  const span = high - low;
  const [seconds, unit] = span > 2 * 86400 ? [86400, "d"] : span > 2 * 3600 ? [3600, "h"] : span > 120 ? [60, "min"] : [1, "s"];
  const inUnit = linearTicks(low / seconds, high / seconds, most);
  return { unit, values: inUnit.map((value) => value * seconds), words: tickTexts(inUnit) };
}
