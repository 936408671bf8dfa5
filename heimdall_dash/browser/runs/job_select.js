/* The list to choose the job from, whose label counts its epochs. */

import { byId } from "../charts/elements.js";
import { Hand } from "./hand.js";
import { label } from "./job_texts.js";
import { arrange } from "./status.js";

/** @import { Words } from "./job_texts.js" */

const TOLD_MS = 300; // a list that is written while Dash still takes up a choice undoes it

export class JobSelect {
  /** @param {{words: Words, show: Show}} world */
  constructor(world) {
    this.world = world;
    /** @type {HTMLInputElement} */
    this.input = byId("job-select");
    this.hand = new Hand(this.input);
    /** @type {string|null|undefined} */
    this.told = undefined; // the job that it says
    this.label = "";
    /** @type {[Job[]|null, Job|null, {job: string|null}]|null} */
    this.later = null; // what came while the list was open
    new MutationObserver(() => this._turned()).observe(this.input, { attributeFilter: ["value", "data-expanded"] });
    this.input.addEventListener("click", () => this.input.select()); // typing replaces the label
    /** @type {Record<string, string>} */
    this.shown = {};
    this.isFilled = false;
  }

  /**
   * @param {Job[]|null} jobs  null: not known yet
   * @param {Job|null} chosen  the chosen one as everything else on the page sees it: a label
   *   from the list of all jobs would be ahead of its charts, or behind
   * @param {{job: string|null}} view
   */
  render(jobs, chosen, view) {
    // a new label would wipe out what the reader types; a list that was opened before it had anything
    // gets what comes
    this.later = this._isOpen() && this.isFilled ? [jobs, chosen, view] : null;
    if (this.later) return;
    this.isFilled = jobs !== null;
    const arranged = arrange(jobs || [], { order: "status" }).map((job) => (chosen && job.id === chosen.id ? chosen : job));
    if (chosen && !arranged.includes(chosen)) arranged.unshift(chosen);
    const data = arranged.map((job) => ({ value: job.id, label: label(job, this.world.words) }));
    const isThere = data.some((choice) => choice.value === view.job);
    const value = isThere ? view.job : null;
    const isNews = this.told !== value;
    if (isNews) this.hand.told();
    this.told = value;
    // written with every list, the value would undo a choice that Dash has not told of yet
    this._show("job-select", isNews ? { data, value } : { data });
  }

  /**
   * The chosen job's label, with every epoch: cheap, unlike a new list.
   * @param {Job|null} chosen
   * @param {{job: string|null}} view
   */
  renderLabel(chosen, view) {
    this.label = chosen && chosen.id === view.job ? label(chosen, this.world.words) : "";
    this._keepLabel();
  }

  /** The list was opened or closed, or its text was written. */
  _turned() {
    if (this.later && !this._isOpen()) setTimeout(() => this._catchUp(), TOLD_MS);
    this._keepLabel();
  }

  /** What came while it was open. */
  _catchUp() {
    if (this.later && !this._isOpen()) this.render(...this.later);
  }

  /**
   * Label and progress are to agree whenever one looks, but the component writes its text late, from
   * an effect, and until then the old one again with every rendering.
   */
  _keepLabel() {
    if (!this.label || this._isOpen() || this.input.value === this.label) return;
    this.input.value = this.label;
    this.input.setAttribute("value", this.label); // then a rendering that undoes this is noticed
  }

  /** @param {string} id  @param {Record<string, any>} props */
  _show(id, props) {
    const key = JSON.stringify(props);
    if (this.shown[id] === key) return;
    this.shown[id] = key;
    this.world.show(id, props);
  }

  /** @returns {boolean} */
  _isOpen() {
    return this.input.dataset.expanded === "true";
  }

  /** The controls were set from outside: write them again. */
  forget() {
    this.shown = {};
    this.told = undefined;
  }
}
