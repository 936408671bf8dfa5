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
 * @property {(size: {width: number, height: number}) => Object} build  the figure, freshly
 * @property {(zoom: Object|null) => void} onZoom
 * @property {(figure: Object) => void} onDrawn
 */

export class Painter {
  /**
   * @param {Object} world  {plotly(), frame(f), isHidden(), Observer, Resize}
   */
  constructor(world) {
    this.world = world;
    this.cards = new Map();
    this.dirty = new Set();
    this.waiters = [];
    this.isScheduled = false;
    this.isPaused = false;
    this.seen = new world.Observer((entries) => this._sawEntries(entries), { rootMargin: "120px" });
    this.resized = new world.Resize((entries) => this._resized(entries));
  }

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

  /** Mark a chart, or all of them, as older than the columns. */
  invalidate(id) {
    if (id) this.dirty.add(id);
    else for (const known of this.cards.keys()) this.dirty.add(known);
    this._schedule();
  }

  /** Resolves once no chart in view is older than the columns; at once when nobody looks. */
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

  async image(id, format) {
    const entry = this.cards.get(id);
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

  _draw(entry) {
    const width = entry.box.clientWidth;
    const height = entry.box.clientHeight;
    if (width === 0 || height === 0) return;
    const isSameSize = entry.size && entry.size.width === width && entry.size.height === height;
    const figure = entry.build({ width, height, area: isSameSize ? entry.size.area : null });
    entry.plot.classList.toggle("is-empty", figure.isEmpty);
    if (!figure.isEmpty || entry.hasPlot) {
      this.world.plotly().react(entry.plot, figure.data, figure.layout, CONFIG);
      if (!entry.hasPlot) this._listen(entry);
      entry.hasPlot = true;
      this._measure(entry, { width, height });
    }
    entry.onDrawn(figure);
  }

  /** The rectangle of the lines, whose size follows from the legend: names are placed by it, so
   * that a chart is drawn twice when the measure differs. */
  _measure(entry, { width, height }) {
    const { w, h } = entry.plot._fullLayout._size;
    const before = entry.size;
    const isNew = !before || before.width !== width || before.height !== height;
    entry.size = { width, height, area: { w, h } };
    if (isNew || Math.abs(before.area.w - w) + Math.abs(before.area.h - h) > 2) this.dirty.add(entry.id);
  }

  _listen(entry) {
    entry.plot.on("plotly_relayout", (change) => {
      const keys = Object.keys(change || {});
      if (keys.some((key) => key.endsWith(".autorange"))) return this._zoom(entry, null);
      if (keys.some((key) => /^[xy]axis\.range/.test(key))) this._zoom(entry, ranges(entry.plot));
    });
    entry.plot.on("plotly_doubleclick", () => this._zoom(entry, null));
  }

  _zoom(entry, zoom) {
    entry.onZoom(zoom);
    this.invalidate(entry.id);
  }

  /** + − and the arrows zoom and move, F fits the heights, 0 and Escape follow the newest epoch
   * again, comma and period read the epochs one by one. */
  _key(entry, event) {
    if (event.target !== entry.box || !entry.hasPlot || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "," || event.key === ".") return this._read(entry, event.key === "." ? 1 : -1);
    const now = ranges(entry.plot);
    const zoom = event.key.toLowerCase() === "f" ? fitted(entry.plot, now) : zoomedBy(event.key, now);
    if (zoom === undefined) return;
    event.preventDefault();
    this._zoom(entry, zoom);
  }

  /** Shows the values of the next epoch, or the one before, as the pointer would. */
  _read(entry, step) {
    const [line] = entry.plot.data;
    const [low, high] = ranges(entry.plot).x;
    const isSeen = (i) => line.x[i] >= low && line.x[i] <= high;
    let at = entry.reading === undefined ? line.x.findLastIndex((_, i) => isSeen(i)) : lowerBound(line.x, entry.reading) + step;
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

  _sawEntries(entries) {
    for (const { target, isIntersecting } of entries) {
      for (const entry of this.cards.values()) if (entry.box === target) entry.inView = isIntersecting;
    }
    this._schedule();
    if (this._next() === null) this._release();
  }

  _resized(entries) {
    for (const { target } of entries) {
      for (const entry of this.cards.values()) if (entry.box === target) this.dirty.add(entry.id);
    }
    this._schedule();
  }
}
