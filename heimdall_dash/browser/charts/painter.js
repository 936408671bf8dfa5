/* Draws figures: only charts in view, at most one per animation frame and each at most once, from
   the whole store. What arrives while a chart is out of view costs nothing until it is shown.

   dcc.Graph is not used: it writes the reader's zoom back into its `figure` prop, redraws from that
   stale prop, and turns every hover into a prop update. */

import { lowerBound } from "../series/columns.js";
import { ranges, zoomedBy, fitted } from "./ranges.js";

const CONFIG = { displayModeBar: false, doubleClick: false, responsive: false, scrollZoom: false };

/**
 * @typedef {Object} Card
 * @property {string} id
 * @property {HTMLElement} box     element that gets the plot; its size is the chart's
 * @property {(size: Size) => Figure} build  the figure, freshly
 * @property {(zoom: Zoom|null) => void} onZoom
 * @property {(figure: Figure) => void} onDrawn
 *
 * @typedef {{width: number, height: number, area?: Area|null}} Size   pixels; the area of the lines,
 *   as Plotly measured it at this size
 * @typedef {Card & {plot: any, inView: boolean, isDragging: boolean, hasPlot: boolean,
 *   size?: {width: number, height: number, area: Area}, reading?: number}} Entry
 */

export class Painter {
  /**
   * @param {{plotly: () => any, frame: (f: () => void) => void, isHidden: () => boolean,
   *   Observer: typeof IntersectionObserver, Resize: typeof ResizeObserver}} world
   */
  constructor(world) {
    this.world = world;
    /** @type {Map<string, Entry>} */
    this.cards = new Map();
    /** @type {Set<string>} */
    this.dirty = new Set();
    /** @type {(() => void)[]} */
    this.waiters = [];
    this.isScheduled = false;
    this.isPaused = false;
    this.seen = new world.Observer((entries) => this._sawEntries(entries), { rootMargin: "120px" });
    this.resized = new world.Resize((entries) => this._resized(entries));
  }

  /** @param {Card} card */
  add(card) {
    const known = this.cards.get(card.id);
    if (known && known.box === card.box) return;
    if (known) this.remove(card.id);
    const plot = card.box.ownerDocument.createElement("div");
    plot.className = "plot";
    card.box.append(plot);
    const entry = { ...card, plot, inView: false, isDragging: false, hasPlot: false };
    this.cards.set(card.id, entry);
    entry.box.addEventListener("keydown", (event) => this._key(entry, event));
    plot.addEventListener("pointerdown", () => { entry.isDragging = true; });
    this.seen.observe(card.box);
    this.resized.observe(card.box);
    this.invalidate(card.id);
  }

  /** @param {string} id */
  remove(id) {
    const entry = this.cards.get(id);
    if (!entry) return;
    this.seen.unobserve(entry.box);
    this.resized.unobserve(entry.box);
    if (entry.hasPlot) this.world.plotly().purge(entry.plot);
    entry.plot.remove();
    this.cards.delete(id);
    this.dirty.delete(id);
  }

  /**
   * Mark a chart, or all of them, as older than the columns.
   * @param {string} [id]
   */
  invalidate(id) {
    if (id) this.dirty.add(id);
    else for (const known of this.cards.keys()) this.dirty.add(known);
    this._schedule();
  }

  /**
   * Resolves once no chart in view is older than the columns; at once when nobody looks.
   * @returns {Promise<void>}
   */
  drawn() {
    if (this.isPaused || this.world.isHidden() || this._next() === null) return Promise.resolve();
    this._schedule();
    return new Promise((resolve) => this.waiters.push(resolve));
  }

  /** The pointer was released somewhere: charts that waited for it may draw again. */
  released() {
    for (const entry of this.cards.values()) entry.isDragging = false;
    this._schedule();
  }

  /** @param {boolean} isPaused */
  pause(isPaused) {
    this.isPaused = isPaused;
    if (isPaused) this._release();
    else this._schedule();
  }

  /** The tab was hidden or shown. */
  looked() {
    if (this.world.isHidden()) this._release();
    else this._schedule();
  }

  /** @param {string} id  @param {string} format  @returns {Promise<string>} */
  async image(id, format) {
    const entry = /** @type {Entry} */ (this.cards.get(id));
    if (this.dirty.delete(id)) this._draw(entry);
    const { offsetWidth: width, offsetHeight: height } = entry.box;
    return this.world.plotly().toImage(entry.plot, { format, width, height, scale: format === "png" ? 2 : 1 });
  }

  _schedule() {
    if (this.isScheduled || this._next() === null) return;
    this.isScheduled = true;
    this.world.frame(() => {
      this.isScheduled = false;
      this._drawOne();
    });
  }

  /** @returns {Entry|null} */
  _next() {
    if (this.isPaused || !this.world.plotly()) return null;
    for (const id of this.dirty) {
      const entry = this.cards.get(id);
      if (entry && entry.inView && !entry.isDragging) return entry;
    }
    return null;
  }

  _drawOne() {
    const entry = this._next();
    if (entry !== null) {
      this.dirty.delete(entry.id);
      try {
        this._draw(entry);
      } catch (error) {
        console.error(`chart ${entry.id} could not be drawn`, error);
      }
    }
    if (this._next() === null) this._release();
    else this._schedule();
  }

  /** @param {Entry} entry */
  _draw(entry) {
    const width = entry.box.clientWidth;
    const height = entry.box.clientHeight;
    if (width === 0 || height === 0) return;
    const { size } = entry;
    const area = size && size.width === width && size.height === height ? size.area : null;
    const figure = entry.build({ width, height, area });
    entry.plot.classList.toggle("is-empty", figure.isEmpty);
    if (!figure.isEmpty || entry.hasPlot) {
      this.world.plotly().react(entry.plot, figure.data, figure.layout, CONFIG);
      if (!entry.hasPlot) this._listen(entry);
      entry.hasPlot = true;
      this._measure(entry, { width, height });
    }
    entry.onDrawn(figure);
  }

  /**
   * The rectangle of the lines, whose size follows from the legend: names are placed by it, so
   * that a chart is drawn twice when the measure differs.
   * @param {Entry} entry
   * @param {Size} size
   */
  _measure(entry, { width, height }) {
    const { w, h } = entry.plot._fullLayout._size;
    const before = entry.size;
    const isSame = before && before.width === width && before.height === height;
    entry.size = { width, height, area: { w, h } };
    if (!isSame || Math.abs(before.area.w - w) + Math.abs(before.area.h - h) > 2) this.dirty.add(entry.id);
  }

  /** @param {Entry} entry */
  _listen(entry) {
    entry.plot.on("plotly_relayout", (/** @type {Record<string, any>} */ change) => {
      const keys = Object.keys(change || {});
      if (keys.some((key) => key.endsWith(".autorange"))) return this._zoom(entry, null);
      if (keys.some((key) => /^[xy]axis\.range/.test(key))) this._zoom(entry, ranges(entry.plot));
    });
    entry.plot.on("plotly_doubleclick", () => this._zoom(entry, null));
  }

  /** @param {Entry} entry  @param {Zoom|null} zoom */
  _zoom(entry, zoom) {
    entry.onZoom(zoom);
    this.invalidate(entry.id);
  }

  /**
   * + − and the arrows zoom and move, F fits the heights, 0 and Escape follow the newest epoch
   * again, comma and period read the epochs one by one.
   * @param {Entry} entry
   * @param {KeyboardEvent} event
   */
  _key(entry, event) {
    if (event.target !== entry.box || !entry.hasPlot || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "," || event.key === ".") return this._read(entry, event.key === "." ? 1 : -1);
    const now = ranges(entry.plot);
    const zoom = event.key.toLowerCase() === "f" ? fitted(entry.plot, now) : zoomedBy(event.key, now);
    if (zoom === undefined) return;
    event.preventDefault();
    this._zoom(entry, zoom);
  }

  /**
   * Shows the values of the next epoch, or the one before, as the pointer would.
   * @param {Entry} entry
   * @param {number} step
   */
  _read(entry, step) {
    const [line] = entry.plot.data;
    const [low, high] = ranges(entry.plot).x;
    const isSeen = (/** @type {number} */ i) => line.x[i] >= low && line.x[i] <= high;
    let at = entry.reading === undefined ? line.x.findLastIndex((/** @type {any} */ _, /** @type {number} */ i) => isSeen(i)) : lowerBound(line.x, entry.reading) + step;
    if (!isSeen(at)) at = entry.reading === undefined ? -1 : lowerBound(line.x, entry.reading);
    if (!isSeen(at)) return;
    entry.reading = line.x[at];
    const { xaxis, yaxis } = entry.plot._fullLayout;
    this.world.plotly().Fx.hover(entry.plot, { xval: xaxis.d2c(line.x[at]), yval: yaxis.d2c(line.y[at] ?? 1) }, "xy");
  }

  _release() {
    const waiters = this.waiters;
    this.waiters = [];
    for (const resolve of waiters) resolve();
  }

  /** @param {IntersectionObserverEntry[]} entries */
  _sawEntries(entries) {
    for (const { target, isIntersecting } of entries) {
      for (const entry of this.cards.values()) if (entry.box === target) entry.inView = isIntersecting;
    }
    this._schedule();
    if (this._next() === null) this._release();
  }

  /** @param {ResizeObserverEntry[]} entries */
  _resized(entries) {
    for (const { target } of entries) {
      for (const entry of this.cards.values()) if (entry.box === target) this.dirty.add(entry.id);
    }
    this._schedule();
  }
}
