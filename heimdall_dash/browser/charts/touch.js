/* A finger on a chart: one scrolls the page, two zoom in time, a tap reads. Plotly sees none of it: it
   would take the finger for a mouse and hold the page. */

/** @import { Entry, Painter } from "./painter.js" */

const TAP_PX = 10;
const TAP_MS = 500;

export class Touch {
  /**
   * @param {Painter} painter
   * @param {{read: (id: string, clientX: number) => void, zoom: (id: string, zoom: Zoom) => void}} hooks
   */
  constructor(painter, hooks) {
    this.painter = painter;
    this.hooks = hooks;
    /** @type {Map<number, {x: number, y: number}>} */
    this.fingers = new Map();
    /** @type {{id: string, x: number, y: number, at: number}|null} */
    this.tap = null;
    /** @type {{entry: Entry, low: number, high: number, from: [number, number]}|null} */
    this.pinch = null;
    const ours = (/** @type {Event} */ event) => { if (chartOf(event)) event.stopImmediatePropagation(); };
    for (const name of ["touchstart", "touchmove", "touchend"]) document.addEventListener(name, ours, { capture: true, passive: true });
    document.addEventListener("pointerdown", (event) => this._down(event), true);
    document.addEventListener("pointermove", (event) => this._move(event), true);
    for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, (event) => this._up(/** @type {PointerEvent} */ (event)), true);
  }

  /** @param {PointerEvent} event */
  _down(event) {
    const id = event.pointerType === "touch" ? chartOf(event) : null;
    if (!id) return;
    this.fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const isOne = this.fingers.size === 1;
    this.tap = isOne ? { id, x: event.clientX, y: event.clientY, at: event.timeStamp } : null;
    const entry = this.painter.cards.get(id);
    if (this.fingers.size !== 2 || !entry?.hasPlot) return;
    const [low, high] = entry.plot.layout.xaxis.range.map(Number);
    this.pinch = { entry, low, high, from: this._ends() };
  }

  /** @returns {[number, number]} the two fingers, from left to right */
  _ends() {
    const [a, b] = [...this.fingers.values()].map(({ x }) => x).sort((one, other) => one - other);
    return [a, Math.max(b, a + 1)];
  }

  /** @param {PointerEvent} event */
  _move(event) {
    if (!this.fingers.has(event.pointerId)) return;
    this.fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (this.tap && Math.hypot(event.clientX - this.tap.x, event.clientY - this.tap.y) > TAP_PX) this.tap = null;
    if (!this.pinch || this.fingers.size !== 2) return;
    const { entry, low, high, from } = this.pinch;
    const { xaxis } = entry.plot._fullLayout;
    const left = entry.plot.getBoundingClientRect().left + xaxis._offset;
    this.hooks.zoom(entry.id, { x: pinched([low, high], from, this._ends(), left, xaxis._length), y: entry.zoom?.y ?? null });
  }

  /** @param {PointerEvent} event */
  _up(event) {
    if (!this.fingers.delete(event.pointerId)) return;
    if (this.fingers.size < 2) this.pinch = null;
    const { tap } = this;
    this.tap = null;
    if (tap && event.type === "pointerup" && event.timeStamp - tap.at < TAP_MS) this.hooks.read(tap.id, event.clientX);
  }
}

/**
 * The range in which both fingers stay on what they touched. Pure.
 * @param {[number, number]} range  @param {[number, number]} from  @param {[number, number]} to   px in the window
 * @param {number} left  @param {number} width   of the plot, px
 * @returns {[number, number]}
 */
export function pinched([low, high], from, to, left, width) {
  const place = (/** @type {number} */ px) => low + ((px - left) / width) * (high - low);
  const perPixel = (place(from[1]) - place(from[0])) / Math.max(1, to[1] - to[0]);
  const start = place(from[0]) - (to[0] - left) * perPixel;
  return [start, start + width * perPixel];
}

/** @param {Event} event  @returns {string|null} id of the chart under it, where it is the plot and not its buttons */
function chartOf(event) {
  const target = /** @type {Element|null} */ (event.target);
  return target?.closest?.(".chart")?.id ?? null;
}
