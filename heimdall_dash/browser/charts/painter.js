/* Draws figures: only charts in view, in one animation frame as many as are done in time and each at
   most once, from the whole store. One just outside the window, which a turn of the wheel would show, is
   drawn now and then; what arrives while a chart is further away costs nothing until it is shown.

   dcc.Graph is not used: it writes the reader's zoom back into its `figure` prop, redraws from that
   stale prop, and turns every hover into a prop update. */

import { ranges, zoomedBy, dragged } from "./ranges.js";

const FRAME_MS = 24; // that charts of one frame may take together: with layout and paint it stays a short task
const NEAR_MS = 1_000; // between two drawings of a chart that nobody sees yet
const DEAR_MS = 50; // a draw that takes longer is repeated less often,
const REST = 3; // so that the page is free for so many times as long

const CONFIG = { displayModeBar: false, doubleClick: false, responsive: false, scrollZoom: false };

/**
 * @typedef {Object} Card
 * @property {string} id
 * @property {HTMLElement} box     element that gets the plot; its size is the chart's
 * @property {(size: Size) => Figure} build  the figure, freshly
 * @property {(zoom: Zoom|null) => void} onZoom
 * @property {(figure: Figure) => void} onDrawn
 * @property {(metric: string, isAlone: boolean) => void} onLegend   a name in the legend was clicked, once or twice
 *
 * @typedef {{width: number, height: number, area?: Area|null}} Size   pixels; the area of the lines,
 *   as Plotly measured it at this size
 * @typedef {Card & {plot: any, inView: boolean, isSeen: boolean, costMs: number, isDragging: boolean, hasPlot: boolean, isEmpty: boolean,
 *   restUntil: number, zoom?: Zoom|null, size?: {width: number, height: number, area: Area}}} Entry
 */

export class Painter {
  /**
   * @param {{plotly: () => any, frame: (f: () => void) => void, isHidden: () => boolean,
   *   now: () => number, later: (f: () => void, ms: number) => any, Observer: typeof IntersectionObserver, Resize: typeof ResizeObserver}} world
   */
  constructor(world) {
    this.world = world;
    /** @type {Map<string, Entry>} */
    this.cards = new Map();
    /** @type {Set<string>} */
    this.dirty = new Set();
    /** @type {(() => void)[]} */
    this.waiters = [];
    /** @type {Set<string>} */
    this.held = new Set(); // charts that have news while the reader paused the updates
    /** @type {((entry: Entry) => void)[]} */
    this.watchers = []; // told of each drawing
    /** @type {((entry: Entry, event: KeyboardEvent) => boolean)[]} */
    this.keys = []; // who takes a key before the zoom does
    /** @type {((run: string|null) => void)} */
    this.hovered = () => {};
    this.isScheduled = false;
    this.isResting = false;
    this.isPaused = false;
    this.near = new world.Observer((entries) => this._sawEntries(entries, "inView"), { rootMargin: "120px" });
    this.seen = new world.Observer((entries) => this._sawEntries(entries, "isSeen"));
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
    const entry = { ...card, plot, inView: false, isSeen: false, costMs: DEAR_MS, isDragging: false, hasPlot: false, isEmpty: true, restUntil: 0 };
    this.cards.set(card.id, entry);
    entry.box.addEventListener("keydown", (event) => this._key(entry, event));
    plot.addEventListener("pointerdown", () => { entry.isDragging = true; });
    this.near.observe(card.box);
    this.seen.observe(card.box);
    this.resized.observe(card.box);
    this.invalidate(card.id);
  }

  /** @param {string} id */
  remove(id) {
    const entry = this.cards.get(id);
    if (!entry) return;
    this.near.unobserve(entry.box);
    this.seen.unobserve(entry.box);
    this.resized.unobserve(entry.box);
    if (entry.hasPlot) this.world.plotly().purge(entry.plot);
    entry.plot.remove();
    this.cards.delete(id);
    this.dirty.delete(id);
    this.held.delete(id);
  }

  /**
   * A chart, or all of them, is to look different: drawn also while the updates are paused.
   * @param {string} [id]
   */
  invalidate(id) {
    for (const entry of this._some(id)) {
      entry.restUntil = 0;
      this.dirty.add(entry.id);
    }
    this._schedule();
  }

  /**
   * A chart, or all of them, is older than the columns. While the reader has paused the updates, a
   * chart that shows something stands still.
   * @param {string} [id]
   */
  news(id) {
    for (const entry of this._some(id)) (this.isPaused && !entry.isEmpty ? this.held : this.dirty).add(entry.id);
    this._schedule();
  }

  /** @param {string} [id]  @returns {Entry[]} */
  _some(id) {
    if (id === undefined) return [...this.cards.values()];
    const entry = this.cards.get(id);
    return entry ? [entry] : [];
  }

  /**
   * Resolves once no chart that is seen is older than the columns; at once when nobody looks.
   * @returns {Promise<void>}
   */
  drawn() {
    this._schedule();
    if (this.world.isHidden() || !this._next()?.isSeen) return Promise.resolve();
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
    if (isPaused) return this._release();
    for (const id of this.held) this.dirty.add(id);
    this.held.clear();
    this._schedule();
  }

  /** The tab was hidden or shown. */
  looked() {
    if (this.world.isHidden()) this._release();
    else this._schedule();
  }

  /**
   * @param {string} id  @param {string} format
   * @param {(drawn: {data: any[], layout: any}, size: {width: number, height: number, area: Area}) => {data: any[], layout: any, width: number, height: number}} [pictureOf]
   * @returns {Promise<string>} a data URL
   */
  async image(id, format, pictureOf = (drawn, { width, height }) => ({ ...drawn, width, height })) {
    const entry = /** @type {Entry} */ (this.cards.get(id));
    if (this.dirty.delete(id)) this._draw(entry);
    const { plot: { data, layout }, box: { offsetWidth, offsetHeight } } = entry;
    const { width, height, ...picture } = pictureOf({ data, layout }, { width: offsetWidth, height: offsetHeight, area: entry.size?.area ?? { w: offsetWidth, h: offsetHeight } });
    return this.world.plotly().toImage(picture, { format, width, height, scale: format === "png" ? 2 : 1 });
  }

  _schedule() {
    if (this.isScheduled || this._next() === null) return;
    this.isScheduled = true;
    this.world.frame(() => {
      this.isScheduled = false;
      this._drawFrame();
    });
  }

  /** @returns {Entry|null} that is to be drawn; one that is seen before others */
  _next() {
    if (!this.world.plotly()) return null;
    const now = this.world.now();
    let soonest = Infinity;
    let near = null;
    for (const id of this.dirty) {
      const entry = this.cards.get(id);
      if (!entry || !entry.inView || entry.isDragging) continue;
      if (entry.restUntil > now) soonest = Math.min(soonest, entry.restUntil);
      else if (entry.isSeen) return entry;
      else near ??= entry;
    }
    if (near) return near;
    if (soonest < Infinity) this._rest(soonest - now);
    return null;
  }

  /** Charts that are dear to draw wait; nothing else waits for them. @param {number} ms */
  _rest(ms) {
    if (this.isResting) return;
    this.isResting = true;
    this.world.later(() => {
      this.isResting = false;
      this._schedule();
    }, ms);
  }

  _drawFrame() {
    const until = this.world.now() + FRAME_MS;
    let entry = this._next();
    if (entry !== null) this._drawOne(entry);
    for (entry = this._next(); entry?.isSeen && this.world.now() + entry.costMs <= until; entry = this._next()) this._drawOne(entry);
    if (!entry?.isSeen) this._release();
    this._schedule();
  }

  /** @param {Entry} entry */
  _drawOne(entry) {
    this.dirty.delete(entry.id);
    const began = this.world.now();
    try {
      this._draw(entry);
    } catch (error) {
      console.error(`chart ${entry.id} could not be drawn`, error);
    }
    const ended = this.world.now();
    entry.costMs = ended - began;
    if (entry.costMs > DEAR_MS) entry.restUntil = ended + REST * entry.costMs;
    else if (!entry.isSeen && !this.dirty.has(entry.id)) entry.restUntil = ended + NEAR_MS; // but not for its new measure
  }

  /** @param {Entry} entry */
  _draw(entry) {
    const width = entry.box.clientWidth;
    const height = entry.box.clientHeight;
    if (width === 0 || height === 0) return;
    const { size } = entry;
    const area = size && size.width === width && size.height === height ? size.area : null;
    const figure = entry.build({ width, height, area });
    entry.isEmpty = figure.isEmpty;
    entry.zoom = figure.zoom;
    entry.plot.classList.toggle("is-empty", figure.isEmpty);
    if (!figure.isEmpty || entry.hasPlot) {
      this.world.plotly().react(entry.plot, figure.data, figure.layout, CONFIG);
      if (!entry.hasPlot) this._listen(entry);
      entry.hasPlot = true;
      this._measure(entry, { width, height });
    }
    entry.onDrawn(figure);
    for (const watch of this.watchers) watch(entry);
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
      const zoom = dragged(Object.keys(change || {}), ranges(entry.plot), entry.zoom);
      if (zoom !== undefined) this._zoom(entry, zoom);
    });
    entry.plot.on("plotly_doubleclick", () => this._zoom(entry, null));
    entry.plot.on("plotly_hover", (/** @type {any} */ { points }) => this.hovered(points[0]?.data?.run ?? null));
    entry.plot.on("plotly_unhover", () => this.hovered(null));
    // Plotly would forget with the next drawing what a click put out: the view remembers it
    for (const [event, isAlone] of /** @type {[string, boolean][]} */ ([["plotly_legendclick", false], ["plotly_legenddoubleclick", true]])) {
      entry.plot.on(event, (/** @type {any} */ { data, curveNumber }) => {
        const metric = data[curveNumber].meta;
        if (metric) entry.onLegend(metric, isAlone);
        return false;
      });
    }
  }

  /** @param {Entry} entry  @param {Zoom|null} zoom */
  _zoom(entry, zoom) {
    entry.onZoom(zoom);
    this.invalidate(entry.id);
  }

  /**
   * + and − zoom, < and > and the vertical arrows move, F lets the heights follow, 0 and Escape follow
   * the newest epoch again; what others take comes first.
   * @param {Entry} entry
   * @param {KeyboardEvent} event
   */
  _key(entry, event) {
    if (event.target !== entry.box || !entry.hasPlot || event.ctrlKey || event.metaKey || event.altKey) return;
    if (this.keys.some((take) => take(entry, event))) return event.preventDefault();
    const zoom = zoomedBy(event.key, ranges(entry.plot), entry.zoom?.y ?? null);
    if (zoom === undefined) return;
    event.preventDefault();
    this._zoom(entry, zoom);
  }

  _release() {
    const waiters = this.waiters;
    this.waiters = [];
    for (const resolve of waiters) resolve();
  }

  /** @param {IntersectionObserverEntry[]} entries  @param {"inView"|"isSeen"} what */
  _sawEntries(entries, what) {
    for (const { target, isIntersecting } of entries) {
      for (const entry of this.cards.values()) {
        if (entry.box !== target) continue;
        entry[what] = isIntersecting;
        if (entry.isSeen && entry.costMs <= DEAR_MS) entry.restUntil = 0; // it rested for being out of sight
      }
    }
    this._schedule();
    if (!this._next()?.isSeen) this._release();
  }

  /** @param {ResizeObserverEntry[]} entries */
  _resized(entries) {
    for (const { target } of entries) {
      for (const entry of this.cards.values()) if (entry.box === target) this.dirty.add(entry.id);
    }
    this._schedule();
  }
}
