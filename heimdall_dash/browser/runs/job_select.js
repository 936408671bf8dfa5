/* The two lists to choose jobs from: the chosen job's, whose label counts its epochs, and that of
   the jobs to compare. */

import { byId } from "../charts/elements.js";
import { label } from "./job_texts.js";
import { arrange } from "./status.js";

/** @import { Words } from "./job_texts.js" */

export class JobSelect {
  /** @param {{words: Words, show: Show}} world */
  constructor(world) {
    this.world = world;
    /** @type {HTMLInputElement} */
    this.input = byId("job-select");
    this.label = "";
    new MutationObserver(() => this._keepLabel()).observe(this.input, { attributeFilter: ["value", "data-expanded"] });
    this.input.addEventListener("click", () => this.input.select()); // typing replaces the label
    /** @type {Record<string, string>} */
    this.shown = {};
    this.compared = ""; // what the list of jobs to compare says, by our hand or the reader's
  }

  /**
   * @param {Job[]|null} jobs  null: not known yet
   * @param {Job|null} chosen  the chosen one as everything else on the page sees it: a label
   *   from the list of all jobs would be ahead of its charts, or behind
   * @param {{job: string|null, compare: string[]}} view
   */
  render(jobs, chosen, view) {
    if (this._isOpen()) return; // a new label would wipe out what the reader types
    const arranged = arrange(jobs || [], { order: "status" }).map((job) => (chosen && job.id === chosen.id ? chosen : job));
    if (chosen && !arranged.includes(chosen)) arranged.unshift(chosen);
    const data = arranged.map((job) => ({ value: job.id, label: label(job, this.world.words) }));
    const isThere = data.some((choice) => choice.value === view.job);
    this._show("job-select", { data, value: isThere ? view.job : null });
    if (jobs) this._offer(arranged, view.compare);
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

  /**
   * Label and progress are to agree whenever one looks, but the component writes its text late, from
   * an effect, and until then the old one again with every rendering.
   */
  _keepLabel() {
    if (!this.label || this._isOpen() || this.input.value === this.label) return;
    this.input.value = this.label;
    this.input.setAttribute("value", this.label); // then a rendering that undoes this is noticed
  }

  /**
   * Jobs to compare: without epochs, so that the list stands still while one chooses.
   * @param {Job[]} jobs
   * @param {string[]} chosen
   */
  _offer(jobs, chosen) {
    const { status } = this.world.words;
    const known = new Set(jobs.map((job) => job.id));
    const data = unique(jobs.map((job) => ({ value: job.id, label: `${job.job_name} (${status[job.status] || job.status})` })));
    const value = chosen.filter((id) => known.has(id));
    this.compared = value.join();
    this._show("compare-select", { data, value });
  }

  /**
   * @param {string[]} ids
   * @returns {boolean} whether the reader changed the choice: a job that a store lost for a moment
   *   leaves the list, and stays chosen
   */
  hasChosen(ids) {
    const isNews = ids.join() !== this.compared;
    this.compared = ids.join();
    return isNews;
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
  }
}

/**
 * Two jobs may carry one label; a choice needs labels that differ.
 * @param {{value: string, label: string}[]} data
 * @returns {{value: string, label: string}[]}
 */
function unique(data) {
  const seen = new Map();
  for (const { label: text } of data) seen.set(text, (seen.get(text) || 0) + 1);
  return data.map((choice) => (seen.get(choice.label) > 1
    ? { ...choice, label: `${choice.label} · ${choice.value.slice(0, 8)}` } : choice));
}
