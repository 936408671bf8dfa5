/* Times of day on an axis that counts milliseconds: it rises evenly also in the night when clocks are
   set back, and its ticks stand at full hours and midnights of the reader's clock. Pure. */

const MINUTE = 60e3;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [1e3, 2e3, 5e3, 15e3, 30e3, MINUTE, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR];
const DAYS = [1, 2, 7, 14, 30, 90, 180, 365];

/** @type {WeakMap<string[], {values: number[], isRising: boolean}>} */
const parsed = new WeakMap();

/**
 * ISO 8601 column as milliseconds since 1970; what was parsed before is not parsed again.
 * @param {string[]} timestamps
 * @returns {{values: number[], isRising: boolean}}
 */
export function timesMs(timestamps) {
  let known = parsed.get(timestamps);
  if (!known || known.values.length > timestamps.length) parsed.set(timestamps, (known = { values: [], isRising: true }));
  const { values } = known;
  for (let i = values.length; i < timestamps.length; i += 1) {
    const time = Date.parse(timestamps[i]);
    values.push(Number.isFinite(time) ? time : (values[i - 1] ?? 0));
    if (i > 0 && values[i] < values[i - 1]) known.isRising = false;
  }
  return known;
}

/**
 * @param {number} low  @param {number} high   ms since 1970
 * @param {number} most  about as many ticks as fit
 * @returns {{values: number[], words: string[]}}
 */
export function wallTicks(low, high, most) {
  const step = STEPS.find((one) => (high - low) / one <= most);
  const values = step ? clockTicks(low, high, step) : dayTicks(low, high, most);
  let day = "";
  const words = values.map((value) => {
    const date = new Date(value);
    const shown = dayText(date);
    const isNew = shown !== day;
    day = shown;
    if (!step) return shown;
    return isNew ? `${clockText(date, step)}<br>${shown}` : clockText(date, step);
  });
  return { values, words };
}

/** @param {number} low  @param {number} high  @param {number} step  @returns {number[]} multiples of the step by the local clock */
function clockTicks(low, high, step) {
  const values = [];
  const offset = new Date(low).getTimezoneOffset() * MINUTE;
  for (let at = Math.ceil((low - offset) / step) * step + offset; at <= high; at += step) values.push(at);
  return values;
}

/** @param {number} low  @param {number} high  @param {number} most  @returns {number[]} local midnights */
function dayTicks(low, high, most) {
  const days = DAYS.find((one) => (high - low) / (one * DAY) <= most) ?? Math.ceil((high - low) / DAY / most);
  const values = [];
  const date = new Date(low);
  date.setHours(0, 0, 0, 0);
  for (; date.getTime() <= high; date.setDate(date.getDate() + days)) if (date.getTime() >= low) values.push(date.getTime());
  return values;
}

/** @param {number} n  @returns {string} */
const two = (n) => String(n).padStart(2, "0");

/** @param {Date} date  @param {number} step  @returns {string} */
function clockText(date, step) {
  const text = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return step < MINUTE ? `${text}:${two(date.getSeconds())}` : text;
}

/** @param {Date} date  @returns {string} `2026-11-28` */
export function dayText(date) {
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** @param {number} ms  @returns {string} `2026-11-28 16:02:11`, by the reader's clock */
export function wallText(ms) {
  const date = new Date(ms);
  return `${dayText(date)} ${clockText(date, 1e3)}`;
}
