/* The run that the pointer is at comes forward in every chart: its lines above the others, which turn
   faint. On the drawn elements themselves, so that no chart is drawn anew for it. */

export class Front {
  /**
   * @param {import("./painter.js").Painter} painter
   * @param {(id: string|null) => void} told
   */
  constructor(painter, told) {
    this.painter = painter;
    this.told = told;
    /** @type {string|null} */
    this.id = null;
    painter.watchers.push((entry) => { if (this.id !== null) this._apply(entry); });
    painter.hovered = (id) => this.bring(id);
  }

  /** @param {string|null} id */
  bring(id) {
    if (id === this.id) return;
    this.id = id;
    for (const entry of this.painter.cards.values()) if (entry.inView) this._apply(entry);
    this.told(id);
  }

  /** @param {import("./painter.js").Entry} entry */
  _apply({ plot, hasPlot }) {
    if (!hasPlot) return;
    const lines = [...plot.querySelectorAll(".scatterlayer > .trace")];
    const runOf = (/** @type {any} */ line) => line.__data__?.[0]?.trace?._input?.run ?? null;
    const isAmong = this.id !== null && lines.some((line) => runOf(line) === this.id) && lines.some((line) => runOf(line) !== this.id);
    for (const line of lines) {
      const isFront = isAmong && runOf(line) === this.id;
      line.classList.toggle("is-front", isFront);
      line.classList.toggle("is-back", isAmong && !isFront);
      if (isFront) line.parentNode.append(line);
    }
  }
}
