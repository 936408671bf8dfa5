/* Values, durations and the page's texts as people read them. Pure. */

/**
 * Three significant digits and the unit: `72,100 m`, `29.3 m`, `0.0512 m`, `1.00e-7`.
 * @param {Cell} value
 * @param {string} [unit]
 * @returns {string}
 */
export function valueText(value, unit = "") {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  return `${digits(value)}${unit ? ` ${unit}` : ""}`;
}

/** @param {number} value  @returns {string} */
function digits(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e9) return value.toExponential(2);
  const rounded = Number(value.toPrecision(3));
  if (Math.abs(rounded) >= 100) return withThousands(rounded);
  return value.toPrecision(3).includes("e") ? String(rounded) : value.toPrecision(3);
}

/** @param {number} whole  @returns {string} */
function withThousands(whole) {
  return String(whole).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/**
 * 42 s · 3 min · 2 h 5 min · 4 d 3 h; negative durations read as 0 s.
 * @param {number} seconds
 * @returns {string}
 */
export function durationText(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86400) {
    const minutes = Math.floor((s % 3600) / 60);
    return minutes ? `${Math.floor(s / 3600)} h ${minutes} min` : `${Math.floor(s / 3600)} h`;
  }
  const hours = Math.floor((s % 86400) / 3600);
  return hours ? `${Math.floor(s / 86400)} d ${hours} h` : `${Math.floor(s / 86400)} d`;
}

/**
 * Fill `{name}` in a text of the page.
 * @param {string} text
 * @param {Record<string, any>} values
 * @returns {string}
 */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) =>
    values[name] === undefined ? whole : String(values[name]));
}

const MOST_DIGITS = 9;

/**
 * As `valueText`, with as many digits as tell the value from its neighbours; three at least.
 * @param {Cell} value
 * @param {Cell[]} others
 * @param {string} [unit]
 * @returns {string}
 */
export function apartText(value, others, unit = "") {
  const text = valueText(value, unit);
  const near = others.filter((other) => typeof other === "number" && other !== value && valueText(other, unit) === text);
  if (typeof value !== "number" || near.length === 0) return text;
  for (let count = 4; count <= MOST_DIGITS; count += 1) {
    const longer = value.toPrecision(count);
    if (near.every((other) => other.toPrecision(count) !== longer)) return `${Number(longer)}${unit ? ` ${unit}` : ""}`;
  }
  return `${value}${unit ? ` ${unit}` : ""}`;
}
