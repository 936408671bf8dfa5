/* How the reader looks at the page: tab, job, scales, zooms, filters. Kept in the address bar, so
   that a link, a reload and the back button show the same again. */

import { isDiagram } from "../figure/diagram_specs.js";
import { unarranged } from "../charts/arrangement.js";
import { toQuery, fromQuery } from "./url.js";

const WRITE_MS = 150; // browsers refuse an address bar that changes too often
const NOT_LINKED = new Set(["reliability-chart", "predictions-chart"]); // whose axis is no time

const isFree = (/** @type {string} */ id) => NOT_LINKED.has(id) || isDiagram(id);

/** Its fields are those of `defaultView` in url.js. */
/**
 * What a view needs: the address bar, a clock, and the page that shows it.
 * @typedef {Object} ViewWorld
 * @property {{search: string, pathname: string, href: string}} location  @property {any} history
 * @property {(f: () => void, ms: number) => any} later
 * @property {(id?: string) => void} redraw  @property {Show} show
 * @property {() => Map<string, Spec>} charts  @property {(id: string, scale: Scale) => void} showScale
 */

const Fields = /** @type {new () => ViewFields} */ (/** @type {unknown} */ (Object)); // which `read` sets

export class View extends Fields {
  /** @type {ViewWorld} */
  #world;
  #timer = null;
  arrangement = unarranged(); // of the charts; in the address bar stands the name that it is saved under

  /** @param {ViewWorld} world */
  constructor(world) {
    super();
    this.#world = world;
    this.read();
  }

  /** @param {string} id  of a chart that is there  @returns {Spec} */
  _spec(id) {
    return /** @type {Spec} */ (this.#world.charts().get(id));
  }

  read() {
    Object.assign(this, fromQuery(this.#world.location.search));
  }

  /** @param {{id: string, scale: Scale}} spec  @returns {ChartView} */
  chart(spec) {
    const zoom = this.zooms[spec.id] || null;
    const scale = this.scales[spec.id] || zoom?.scale || spec.scale;
    return { scale, smoothing: this.smoothing, x: this.x, zoom, hidden: this.off[spec.id] };
  }

  /**
   * The reader zoomed a chart, or (null) wants to follow the newest epoch again.
   * @param {string} id
   * @param {Zoom|null} zoom
   */
  zoomed(id, zoom) {
    this._zoom(id, zoom);
    if (this.linked && !isFree(id)) this._zoomOthers(id, zoom);
    this.#world.redraw();
    this.write();
  }

  /** @param {string} id  @param {Zoom|null} zoom */
  _zoom(id, zoom) {
    const spec = this._spec(id);
    if (!zoom) delete this.zooms[id];
    else this.zooms[id] = spec.isGuessed ? { ...zoom, scale: this.chart(spec).scale } : zoom; // heights mean nothing without
  }

  /**
   * The same stretch of time on every chart; the heights of each follow.
   * @param {string} id
   * @param {Zoom|null} zoom
   */
  _zoomOthers(id, zoom) {
    for (const other of this.#world.charts().keys()) {
      if (other === id || isFree(other)) continue;
      this._zoom(other, zoom && { x: zoom.x, y: null });
    }
  }

  /** @param {string} id  @param {Scale} scale */
  scaled(id, scale) {
    this._scale(id, scale);
    if (this._spec(id).isGuessed) this.scales[id] = scale; // the default may be another one tomorrow
    this.#world.redraw(id);
    this.write();
  }

  /** @param {"default"|"log"|"linear"} scale  for every chart of the job */
  scaleAll(scale) {
    for (const [id, spec] of this.#world.charts()) {
      this._scale(id, scale === "default" ? spec.scale : scale);
      this._showScale(spec);
    }
    this.#world.redraw();
  }

  /** @param {string} id  @param {Scale} scale */
  _scale(id, scale) {
    if (scale === this._spec(id).scale) delete this.scales[id];
    else this.scales[id] = scale;
    delete this.zooms[id];
  }

  /** Another job: what was zoomed belongs to the one before. */
  forgetZooms() {
    this.zooms = {};
    this.reliability = null;
    this.predicted = null;
  }

  /**
   * A line's name in a chart's legend: out, or back again. `isAlone`: all others out, or all back.
   * @param {string} id  @param {string} metric  @param {boolean} isAlone
   */
  toggleLine(id, metric, isAlone) {
    const out = this.off[id] ?? [];
    const others = this._spec(id).lines.map((line) => line.metric).filter((name) => name !== metric);
    const wasAlone = !out.includes(metric) && others.every((name) => out.includes(name));
    const toggled = out.includes(metric) ? out.filter((name) => name !== metric) : [...out, metric];
    const now = isAlone ? (wasAlone ? [] : others) : toggled;
    if (now.length) this.off[id] = now;
    else delete this.off[id];
    this.#world.redraw(id);
    this.write();
  }

  /* ---------------------------------------------------------------- address bar */

  /** Something changed that the back button does not undo by itself. */
  write() {
    if (this.#timer === null) this.#timer = this.#world.later(() => this._replace(), WRITE_MS);
  }

  /** @returns {string} a link to what is shown, also when the address bar is a moment behind */
  address() {
    return new URL(toQuery(this) || "?", this.#world.location.href).href;
  }

  _replace() {
    this.#timer = null;
    const { location, history } = this.#world;
    const wanted = location.pathname + toQuery(this);
    if (wanted !== location.pathname + location.search) history.replaceState(null, "", wanted);
  }

  /**
   * A step of the reader's: back returns to what was before it.
   * @param {() => void} change
   */
  step(change) {
    this._replace(); // what was not written yet belongs to the view that is left
    change();
    const { location, history } = this.#world;
    const wanted = location.pathname + toQuery(this);
    if (wanted !== location.pathname + location.search) history.pushState(null, "", wanted);
  }

  /* ---------------------------------------------------------------- controls */

  /** Set every control to what the view says. */
  showControls() {
    const { show } = this.#world;
    const values = {
      tabs: this.tab, smoothing: this.smoothing, "x-axis": this.x, "update-rate": this.rate, "jobs-search": this.search,
      "chart-search": this.find,
      "jobs-status": this.statuses, "jobs-sort": this.order, "group-band": this.band,
    };
    for (const [id, value] of Object.entries(values)) show(id, { value });
    show("linked-zoom", { checked: this.linked });
    for (const spec of this.#world.charts().values()) this._showScale(spec);
  }

  /** @param {Spec} spec */
  _showScale(spec) {
    const { scale } = this.chart(spec);
    this.#world.showScale(spec.id, scale);
  }
}
