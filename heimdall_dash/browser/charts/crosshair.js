/* One vertical line through every chart in view, at the row under the pointer, and what stands there
   in the readout. By mouse, by a tap, and by the arrows on a chart that has the focus. */

import { el } from "./elements.js";
import { Readout } from "./readout.js";
import { nearestPlace, steppedPlace } from "./values.js";

/** @import { Entry, Painter } from "./painter.js" */

/**
 * @typedef {Object} ReadPage
 * @property {Painter} painter  @property {KeptView} view  @property {Config} config
 * @property {{specs: Map<string, Spec>}} charts
 * @property {(spec: Spec) => Source[]} sources   @property {() => Source[]} runs  one by one, also where groups are drawn
 * @property {(id: string, zoom: Zoom|null) => void} zoomed
 * @property {(specs: Spec[], modeOf: (spec: Spec) => XMode, x: number) => Promise<boolean>} exactly   have
 *   what is there, if anybody logged it
 */

const FAR = 10; // rows that shift and an arrow go
const CHEAP_MS = 12; // a readout that takes longer is written less often,
const REST = 2; // with so many times as long between
const STILL_MS = 120; // a place where the pointer rests so long is read exactly

export class Crosshair {
  /** @param {ReadPage} page */
  constructor(page) {
    this.page = page;
    /** @type {number|null} */
    this.x = null; // in the units of the axis
    /** @type {string|null} */
    this.chart = null; // that is read
    this.isKept = false; // also when the pointer leaves
    /** @type {Map<string, HTMLElement>} */
    this.lines = new Map();
    /** @type {number|null} */
    this.exact = null; // place of which all is here
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this.still = undefined;
    this.isDue = false;
    this.isSaying = false;
    this.costMs = 0; // of the last readout
    this.readout = new Readout(page, { close: () => this.clear(), sorted: () => this.show() });
    page.painter.watchers.push((entry) => this._redrawn(entry));
    page.painter.keys.push((entry, event) => this._key(entry, event));
    document.addEventListener("pointermove", (event) => this._pointed(event), { passive: true });
    document.documentElement.addEventListener("pointerleave", () => this._left());
  }

  /** @param {PointerEvent} event */
  _pointed(event) {
    if (event.pointerType === "touch") return; // a tap reads, a finger that moves scrolls
    const target = /** @type {Element} */ (event.target);
    const box = target.closest?.(".chart");
    if (!box) {
      if (!target.closest?.(".epoch-readout")) this._left();
      return;
    }
    this.at(box.id, event.clientX, false);
  }

  /**
   * Read a chart at a place of the window.
   * @param {string} id  @param {number} clientX  @param {boolean} isKept
   */
  at(id, clientX, isKept) {
    const entry = this.page.painter.cards.get(id);
    const spec = this.page.charts.specs.get(id);
    if (!entry?.hasPlot || !spec || (entry.isDragging && !isKept) || spec.kind === "reliability") return;
    const { xaxis } = entry.plot._fullLayout;
    const px = clientX - entry.plot.getBoundingClientRect().left - xaxis._offset;
    if (px < 0 || px > xaxis._length) return isKept ? undefined : this._left();
    const x = nearestPlace([spec], (one) => this.page.sources(one), this._mode(spec), xaxis.p2c(px));
    if (x !== null) this._set(x, id, isKept);
  }

  /**
   * Stand at an epoch, and bring it into what is seen.
   * @param {number} epoch
   */
  async goTo(epoch) {
    await this.page.exactly(this._seen(), () => "epoch", epoch);
    const specs = [...this.page.charts.specs.values()].filter(({ kind }) => kind !== "reliability");
    const wanted = this.page.view.x === "epoch" ? epoch : this._timeOf(epoch);
    const x = wanted === null ? null : nearestPlace(specs, (one) => this.page.sources(one), this.page.view.x, wanted);
    if (x === null) return;
    this._set(x, null, true, epoch);
    for (const entry of this.page.painter.cards.values()) {
      const spec = this.page.charts.specs.get(entry.id);
      if (!spec || spec.kind === "reliability" || !this.page.view.zooms[entry.id]) continue;
      const { x: [low, high], y, scale } = /** @type {Zoom} */ (this.page.view.zooms[entry.id]);
      if (x >= low && x <= high) continue;
      const half = (high - low) / 2;
      this.page.zoomed(entry.id, { x: [x - half, x + half], y, ...(scale ? { scale } : {}) });
    }
  }

  /** @param {number} epoch  @returns {number|null} where the first run that has it has the epoch */
  _timeOf(epoch) {
    for (const { columns: { epoch: epochs, timestamp } } of this.page.runs()) {
      const i = timestamp ? epochs.findIndex((one) => one >= epoch) : -1;
      if (i < 0 || !timestamp) continue;
      const ms = Date.parse(timestamp[i]);
      return this.page.view.x === "wall" ? ms : (ms - Date.parse(timestamp[0])) / 1000;
    }
    return null;
  }

  /** @param {Spec} spec  @returns {XMode} as the chart is drawn: runs without times stand by epoch */
  _mode(spec) {
    const { x } = this.page.view;
    const hasTimes = this.page.sources(spec).every(({ columns, isByTime }) => isByTime || columns.timestamp || !columns.epoch.length);
    return hasTimes ? x : "epoch";
  }

  /** @param {number} x  @param {string|null} chart  @param {boolean} isKept  @param {number} [asked]  epoch that was asked for */
  _set(x, chart, isKept, asked) {
    this.isKept = isKept;
    this.asked = asked;
    if (x === this.x && chart === this.chart) return;
    this.x = x;
    this.chart = chart;
    this.show();
    clearTimeout(this.still);
    this.still = setTimeout(() => this._exactly(x), STILL_MS);
  }

  /** A long history is here in part: fetch what it has where the reader rests. @param {number} x */
  async _exactly(x) {
    const isHere = await this.page.exactly(this._seen(), (spec) => this._mode(spec), x);
    if (!isHere || this.x !== x) return;
    this.exact = x;
    this.show();
  }

  _left() {
    if (!this.isKept) this.clear();
  }

  clear() {
    this.isKept = false;
    if (this.x === null) return;
    this.x = null;
    this.chart = null;
    this.show();
  }

  /** At most once for each frame of the screen. */
  show() {
    if (this.isDue) return;
    this.isDue = true;
    requestAnimationFrame(() => {
      this.isDue = false;
      for (const entry of this.page.painter.cards.values()) this._line(entry);
      this._saySoon();
    });
  }

  /** The lines follow the pointer; hundreds of values follow when there is time for them. */
  _saySoon() {
    if (this.isSaying) return;
    this.isSaying = true;
    const wait = this.x === null || this.costMs < CHEAP_MS ? 0 : REST * this.costMs;
    setTimeout(() => {
      this.isSaying = false;
      const began = performance.now();
      this._say();
      this.costMs = performance.now() - began;
    }, wait);
  }

  /** @param {Entry} entry */
  _redrawn(entry) {
    if (this.x === null) return;
    this._line(entry);
    this.show();
  }

  /** @param {Entry} entry */
  _line(entry) {
    const spec = this.page.charts.specs.get(entry.id);
    const isShown = this.x !== null && entry.inView && entry.hasPlot && !entry.isEmpty && spec && spec.kind !== "reliability";
    const known = this.lines.get(entry.id);
    if (!isShown || this.x === null) return known?.remove();
    const line = known ?? el("div", { class: "crosshair", "aria-hidden": "true" });
    this.lines.set(entry.id, line);
    const { xaxis, yaxis } = entry.plot._fullLayout;
    const px = xaxis.c2p(this.x);
    if (px < -1 || px > xaxis._length + 1) return line.remove();
    if (line.parentNode !== entry.box) entry.box.append(line);
    line.style.transform = `translateX(${Math.round(xaxis._offset + px)}px)`;
    line.style.top = `${yaxis._offset}px`;
    line.style.height = `${yaxis._length}px`;
  }

  _say() {
    if (this.x === null) return this.readout.hide();
    const { painter } = this.page;
    const specs = this._seen();
    const first = specs.filter(({ id }) => id === this.chart);
    this.readout.show({
      x: this.x, specs: [...first, ...specs.filter(({ id }) => id !== this.chart)], modeOf: (spec) => this._mode(spec), asked: this.asked, isExact: this.exact === this.x,
      chart: this.chart ? painter.cards.get(this.chart)?.box ?? null : null,
    });
  }

  /** @returns {Spec[]} of the charts in the window */
  _seen() {
    const { painter, charts } = this.page;
    const seen = [...painter.cards.values()].filter((entry) => entry.inView && entry.hasPlot && !entry.isEmpty && isSeen(entry.box));
    return seen.flatMap(({ id }) => charts.specs.get(id) ?? []).filter(({ kind }) => kind !== "reliability");
  }

  /** @param {Entry} entry  @param {KeyboardEvent} event  @returns {boolean} whether it was ours */
  _key(entry, event) {
    const step = { ArrowLeft: -1, ArrowRight: 1, ",": -1, ".": 1 }[event.key];
    const spec = this.page.charts.specs.get(entry.id);
    if (event.key === "Escape" && this.x !== null) {
      this.clear();
      return true;
    }
    if (step === undefined || !spec || spec.kind === "reliability") return false;
    const mode = this._mode(spec);
    const sources = this.page.sources(spec);
    const [low, high] = entry.plot.layout.xaxis.range.map(Number);
    const isRead = this.x !== null && this.x >= low && this.x <= high;
    const from = isRead ? this.x : nearestPlace([spec], (one) => this.page.sources(one), mode, high);
    if (from === null) return true;
    const way = isRead ? step * (event.shiftKey ? FAR : 1) : from > high ? -1 : 0; // else from the newest in view
    const x = way === 0 ? from : steppedPlace(spec, sources, mode, from, way);
    if (x >= low && x <= high) this._set(x, entry.id, true);
    return true;
  }
}

/** @param {HTMLElement} box  @returns {boolean} whether any of it is in the window */
function isSeen(box) {
  const { top, bottom } = box.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}
