/* Where a viewer stands in the order of a job's writes. A position such as `412-1` is the newest epoch,
   then a part. Pure. */

export const BEGINNING = "0-0"; // the cursor before the first write

/**
 * -1, 0 or 1: whether position `a` stands before, at or behind `b`.
 * @param {string} a
 * @param {string} b
 * @returns {number}
 */
export function comparePositions(a, b) {
  const [epochA, partA] = numbersOf(a);
  const [epochB, partB] = numbersOf(b);
  return Math.sign(epochA - epochB || partA - partB);
}

/** @param {string} position  @returns {number[]} */
function numbersOf(position) {
  const [epoch, part] = String(position).split("-").map(Number);
  return [epoch, part];
}
