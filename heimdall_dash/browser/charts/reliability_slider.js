/* The sliders under the calibration diagrams: the epoch that is laid beside the newest, the same for
   all of them. The preset's is Dash's, those of a job's own diagrams are the browser's. */

import { el, setText } from "./elements.js";

const STEP = 500; // when nobody said how many epochs there will be

export class ReliabilitySlider {
  /** @param {{show: Show, texts: Texts, chosen: (epoch: number) => void}} world */
  constructor(world) {
    this.world = world;
    this.ends = "";
    /** @type {number|null} */
    this.max = null;
    this.min = 0;
    /** @type {number|null} */
    this.shown = null;
    /** @type {Map<string, {input: HTMLInputElement, said: HTMLElement}>} */
    this.others = new Map();
  }

  /**
   * A slider for the card of a diagram.
   * @param {string} id  the diagram's
   * @returns {HTMLElement}
   */
  for(id) {
    const { texts, chosen } = this.world;
    const said = el("output", { class: "epoch-said" });
    const input = el("input", { type: "range", step: 1, oninput: () => chosen(Number(input.value)) });
    this.others.set(id, { input, said });
    this._set(input, said);
    return el("label", { class: "control epoch-slider" }, el("span", { class: "control-label" }, texts.diagram_epoch), input, said);
  }

  /** @param {string} id */
  drop(id) {
    this.others.delete(id);
  }

  /**
   * Its range is the whole job's, so that it stands still while epochs arrive.
   * @param {ShownJob} feed
   * @param {ViewFields} view
   */
  render(feed, view) {
    const { epoch } = feed.store.columns;
    if (!epoch.length) return;
    const newest = epoch[epoch.length - 1];
    const total = feed.job?.total_epochs ?? 0;
    const max = total >= newest && total > epoch[0] ? total : Math.ceil((newest + 1) / STEP) * STEP;
    const ends = `${feed.jobId} ${epoch[0]} ${max}`;
    if (ends === this.ends) return;
    this.ends = ends;
    this.max = max;
    this.min = epoch[0];
    this.shown = view.reliability ?? max;
    this._show();
  }

  /**
   * @param {number} epoch
   * @param {ViewFields} view
   * @returns {boolean} whether the reader moved it; at its end no epoch is chosen
   */
  moved(epoch, view) {
    if (epoch === this.shown || this.max === null) return false;
    this.shown = epoch;
    view.reliability = epoch >= this.max ? null : epoch;
    this._show();
    return true;
  }

  /** The view was set from outside. */
  forget() {
    this.ends = "";
  }

  _show() {
    this.world.show("reliability-epoch", { min: this.min, max: this.max, value: this.shown });
    for (const { input, said } of this.others.values()) this._set(input, said);
  }

  /** @param {HTMLInputElement} input  @param {HTMLElement} said */
  _set(input, said) {
    if (this.max === null || this.shown === null) return;
    Object.assign(input, { min: String(this.min), max: String(this.max) });
    input.value = String(this.shown); // after the ends, which would bound it
    setText(said, this.shown >= this.max ? this.world.texts.diagram_newest : String(this.shown));
  }
}
