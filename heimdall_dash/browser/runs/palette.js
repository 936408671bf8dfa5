/* Which colour and dash a job's curve has. Pure. */

/** Gives each job a slot of its own and keeps it: nobody else's coming or going changes it. */
export class Palette {
  /** @param {number} colors  @param {number} dashes   how many there are of each */
  constructor(colors, dashes) {
    this.colors = colors;
    this.dashes = dashes;
    /** @type {Map<string, number>} */
    this.slots = new Map();
  }

  /**
   * The id alone decides where it can; one that comes later makes way for those shown with it.
   * @param {string[]} ids  jobs on one chart
   * @returns {{color: number, dash: number}[]}  no two alike, while there are enough
   */
  of(ids) {
    const taken = new Set(ids.flatMap((id) => this.slots.get(id) ?? []));
    for (const id of [...ids].sort()) {
      if (this.slots.has(id)) continue;
      const slot = this._free(hash(id) % this.colors, taken);
      taken.add(slot);
      this.slots.set(id, slot);
    }
    return ids.map((id) => this._look(/** @type {number} */ (this.slots.get(id))));
  }

  /**
   * The wished colour, else the next one that is free; when all are taken, with another dash.
   * @param {number} wished
   * @param {Set<number>} taken
   * @returns {number}
   */
  _free(wished, taken) {
    for (let round = 0; round < this.dashes; round += 1) {
      for (let step = 0; step < this.colors; step += 1) {
        const slot = round * this.colors + ((wished + step) % this.colors);
        if (!taken.has(slot)) return slot;
      }
    }
    return wished;
  }

  /** @param {number} slot  @returns {{color: number, dash: number}} */
  _look(slot) {
    const color = slot % this.colors;
    return { color, dash: (color + Math.floor(slot / this.colors)) % this.dashes };
  }
}

/** @param {string} id  @returns {number} */
function hash(id) {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + letter.charCodeAt(0)) >>> 0;
  return sum;
}
