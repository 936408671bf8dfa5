/* Where the names of reference lines stand: never over one another, inside the plot, away from the
   curves where there is room, and where they stood before as long as that is nearly as good. Pure
   geometry, in pixels from the plot's upper left corner. */

const LETTER_PX = 6.7; // DejaVu Sans at 11 px, the widest of the usual system fonts
const PADDING_PX = 5;
const HEIGHT_PX = 17;
const OFF_LINE_PX = 10; // from the line to the middle of its name
const COLUMN_PX = 4;
const CALM = 12; // columns of a curve that a name rather covers than moves
/** @type {[Anchor, number][]} */
const PLACES = [["right", 1], ["left", 0], ["center", 0.5], ["left", 0.25], ["right", 0.75]];
const LEVELS = [0, 1, 2, 3];

/**
 * @typedef {{name: string, y: number, isBound: boolean}} PlacedReference   y: pixels from the top
 * @typedef {{anchor: Anchor, x: number, shift: number, slot: string, left: number, right: number,
 *   top: number, bottom: number, level: number}} Candidate
 * @typedef {([number, number]|null)[]} Cover   lowest and highest pixel of a curve in each column
 * @typedef {"left"|"center"|"right"} Anchor
 *
 * @typedef {Object} Label
 * @property {string} name
 * @property {Anchor} anchor  @property {number} x   share of the plot's width
 * @property {number} shift   pixels upwards from the line to the middle of the name
 * @property {string} slot    this place, to ask for it next time
 */

/**
 * @param {PlacedReference[]} references
 * @param {{w: number, h: number}} area
 * @param {{x: number[], y: (number|null)[]}[]} curves  in pixels
 * @param {Record<string, string>} before  slots of the last figure
 * @returns {Label[]}  a reference for whose name there is no room gets none
 */
export function placeLabels(references, area, curves, before = {}) {
  const covers = curves.map((curve) => columnsOf(curve, area));
  /** @type {Candidate[]} */
  const taken = [];
  const labels = [];
  for (const reference of [...references].sort((a, b) => a.y - b.y)) {
    const tries = candidates(reference, area)
      .map((candidate, order) => ({ ...candidate, cost: cost(candidate, order, reference, references, covers, taken, area) }))
      .filter((candidate) => candidate.cost < Infinity);
    if (tries.length === 0) continue;
    const best = tries.reduce((a, b) => (b.cost < a.cost ? b : a));
    const old = tries.find((candidate) => candidate.slot === before[reference.name]);
    const chosen = old && old.cost <= best.cost + CALM ? old : best;
    taken.push(chosen);
    labels.push({ name: reference.name, anchor: chosen.anchor, x: chosen.x, shift: chosen.shift, slot: chosen.slot });
  }
  return labels;
}

/**
 * A bound's name goes below its line first, a target's above: most lines lie between the two.
 * @param {PlacedReference} reference
 * @param {Area} area
 * @returns {Candidate[]}
 */
function candidates({ name, y, isBound }, area) {
  const width = name.length * LETTER_PX + 2 * PADDING_PX;
  /** @type {Candidate[]} */
  const found = [];
  for (const level of LEVELS) {
    for (const side of isBound ? [-1, 1] : [1, -1]) {
      for (const [anchor, x] of PLACES) {
        const at = x * area.w;
        const left = anchor === "left" ? at : anchor === "right" ? at - width : at - width / 2;
        const shift = side * (OFF_LINE_PX + level * HEIGHT_PX);
        found.push({
          anchor, x, shift, slot: `${anchor} ${x} ${shift}`, left, right: left + width,
          top: y - shift - HEIGHT_PX / 2, bottom: y - shift + HEIGHT_PX / 2, level,
        });
      }
    }
  }
  return found;
}

/**
 * Columns of curves under the name, other reference lines through it, and how far off it is.
 * @param {Candidate} box
 * @param {number} order
 * @param {PlacedReference} own
 * @param {PlacedReference[]} references
 * @param {Cover[]} covers
 * @param {Candidate[]} taken
 * @param {Area} area
 * @returns {number}
 */
function cost(box, order, own, references, covers, taken, area) {
  if (box.left < -1 || box.right > area.w + 1 || box.top < -1 || box.bottom > area.h + 1) return Infinity;
  if (taken.some((other) => overlap(box, other))) return Infinity;
  let sum = order * 0.05 + box.level * 6;
  for (const other of references) {
    if (other !== own && other.y > box.top && other.y < box.bottom) sum += 10;
  }
  const from = Math.max(0, Math.floor(box.left / COLUMN_PX));
  for (const cover of covers) {
    const to = Math.min(cover.length - 1, Math.floor(box.right / COLUMN_PX));
    for (let i = from; i <= to; i += 1) {
      const column = cover[i];
      if (column && column[0] < box.bottom && column[1] > box.top) sum += 1;
    }
  }
  return sum;
}

/** @param {Candidate} a  @param {Candidate} b  @returns {boolean} */
function overlap(a, b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

/**
 * Highest and lowest pixel of a curve in each column of a few pixels.
 * @param {{x: number[], y: (number|null)[]}} curve
 * @param {Area} area
 * @returns {Cover}
 */
function columnsOf({ x, y }, area) {
  /** @type {Cover} */
  const columns = new Array(Math.ceil(area.w / COLUMN_PX) + 1).fill(null);
  const add = (/** @type {number} */ column, /** @type {number} */ height) => {
    const known = columns[column];
    if (!known) columns[column] = [height, height];
    else if (height < known[0]) known[0] = height;
    else if (height > known[1]) known[1] = height;
  };
  for (let i = 0; i < x.length; i += 1) {
    const [here, next] = [y[i], y[i + 1] ?? null];
    if (!(x[i] >= 0 && x[i] <= area.w) || here === null) continue;
    add(Math.floor(x[i] / COLUMN_PX), here);
    if (next === null || !(x[i + 1] > x[i])) continue;
    const end = Math.min(x[i + 1], area.w);
    for (let at = (Math.floor(x[i] / COLUMN_PX) + 1) * COLUMN_PX; at <= end; at += COLUMN_PX) {
      const height = here + ((next - here) * (at - x[i])) / (x[i + 1] - x[i]);
      add(at / COLUMN_PX - 1, height);
      add(at / COLUMN_PX, height);
    }
  }
  return columns;
}
