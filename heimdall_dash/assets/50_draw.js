/* Draws figures: only charts in view, at most one per animation frame and each at most once, from
   the whole store. What arrives while a chart is out of view costs nothing until it is shown.

   dcc.Graph is not used: it writes the reader's zoom back into its `figure` prop, redraws from that
   stale prop, and turns every hover into a prop update. */
(function (root) {
  "use strict";
  const core = (root.heimdallCore = root.heimdallCore || {});

  const CONFIG = { displayModeBar: false, doubleClick: false, responsive: false, scrollZoom: false };
  const KEY_PAN = 0.15;
  const KEY_ZOOM = 0.7;

  /**
   * @typedef {Object} Card
   * @property {string} id
   * @property {HTMLElement} box     element that gets the plot; its size is the chart's
   * @property {(size: {width: number, height: number}) => Object} build  the figure, freshly
   * @property {(zoom: Object|null) => void} onZoom
   * @property {(figure: Object) => void} onDrawn
   */

  class Painter {
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
      const figure = entry.build({ width, height });
      entry.plot.classList.toggle("is-empty", figure.isEmpty);
      if (!figure.isEmpty || entry.hasPlot) {
        this.world.plotly().react(entry.plot, figure.data, figure.layout, CONFIG);
        if (!entry.hasPlot) this._listen(entry);
        entry.hasPlot = true;
      }
      entry.onDrawn(figure);
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

    /** + − ← → zoom and pan in time, 0 and Escape follow the newest epoch again. */
    _key(entry, event) {
      if (event.target !== entry.box || !entry.hasPlot || event.ctrlKey || event.metaKey) return;
      const zoom = zoomedBy(event.key, ranges(entry.plot));
      if (zoom === undefined) return;
      event.preventDefault();
      this._zoom(entry, zoom);
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

  /** Visible ranges in axis units; a date axis gives its texts, which become milliseconds. */
  function ranges(plot) {
    const number = (end) => (typeof end === "string" ? Date.parse(`${end.replace(" ", "T")}Z`) : Number(end));
    return { x: plot.layout.xaxis.range.map(number), y: plot.layout.yaxis.range.map(number) };
  }

  /** @returns {Object|null|undefined} new ranges; null: follow the newest; undefined: not our key */
  function zoomedBy(key, { x: [low, high], y }) {
    const span = high - low;
    switch (key) {
      case "ArrowLeft": return { x: [low - span * KEY_PAN, high - span * KEY_PAN], y };
      case "ArrowRight": return { x: [low + span * KEY_PAN, high + span * KEY_PAN], y };
      case "+": case "=": return { x: scaled(low, high, KEY_ZOOM), y };
      case "-": return { x: scaled(low, high, 1 / KEY_ZOOM), y };
      case "0": case "Escape": case "Home": return null;
      default: return undefined;
    }
  }

  function scaled(low, high, factor) {
    const middle = (low + high) / 2;
    const half = ((high - low) / 2) * factor;
    return [middle - half, middle + half];
  }

  core.draw = { Painter, zoomedBy };
})(typeof window === "undefined" ? globalThis : window);
