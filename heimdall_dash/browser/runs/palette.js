/* Which colour and dash a run has, everywhere on the page: by its place among the runs on the charts,
   which stands in the link. One that goes leaves its place empty, so that nobody else's colour
   changes. Pure. */

/**
 * @param {number} slot   place of the run, from 0
 * @param {string[]} colors  of the theme, for runs
 * @returns {{color: string, round: number}}  `round`: another dash when the colours are used up
 */
export function runLook(slot, colors) {
  return { color: colors[slot % colors.length], round: Math.floor(slot / colors.length) };
}

/**
 * @param {string[]} slots  ids; "" where a run was taken away
 * @param {string[]} ids    to be put in, where they are not yet
 * @param {number} most
 * @returns {{slots: string[], left: string[]}}  `left`: those for whom there was no room
 */
export function placed(slots, ids, most) {
  const next = [...slots];
  const left = [];
  let count = next.filter(Boolean).length;
  for (const id of new Set(ids)) {
    if (next.includes(id)) continue;
    if (count >= most) {
      left.push(id);
      continue;
    }
    const free = next.indexOf("");
    if (free < 0) next.push(id);
    else next[free] = id;
    count += 1;
  }
  return { slots: next, left };
}

/**
 * @param {string[]} slots
 * @param {string} id
 * @returns {string[]}
 */
export function without(slots, id) {
  const next = slots.map((one) => (one === id ? "" : one));
  while (next.length && !next[next.length - 1]) next.pop();
  return next;
}
