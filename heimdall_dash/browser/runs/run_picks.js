/* The runs on the charts as entries beside the job's name: colour, eye, name, state, newest value of
   the key metric, and a cross. And the list of jobs to lay over them. */

import { fill, valueText } from "../figure/words.js";
import { valueUnitOf } from "../figure/names.js";
import { byId, el, look, setText, setAttribute } from "../charts/elements.js";
import { Hand } from "./hand.js";
import { arrange } from "./status.js";
import { dye, swatch } from "./swatch.js";

/**
 * The metric that tells how a run goes: what its owner named, else the cards' one, else a loss.
 * @param {Job} job
 * @param {Config["card"]} card
 * @returns {string|null}
 */
export function keyMetric(job, card) {
  const known = job.last_metrics || {};
  const wanted = [...Object.keys(job.key_metrics || {}), ...(card ? [card.metric] : []), "val_loss", "val/loss", "eval_loss", "loss", "train_loss"];
  return wanted.find((name) => typeof known[name] === "number")
    ?? Object.keys(known).find((name) => typeof known[name] === "number" && name !== "epoch") ?? null;
}

/**
 * @typedef {Object} PicksPage
 * @property {Config} config  @property {KeptView} view  @property {Show} setProps
 * @property {import("./picked.js").Picked} picked
 * @property {import("./group_by.js").GroupBy} groups
 * @property {{bring: (id: string|null) => void}} front
 * @property {{toggle: (id: string) => void, remove: (id: string) => void}} choice
 * @property {() => Map<string, Job>} jobs
 */

export class RunPicks {
  /** @param {PicksPage} page */
  constructor(page) {
    this.page = page;
    this.box = byId("run-picks");
    this.note = byId("run-picks-note");
    /** @type {Map<string, Record<string, any>>} */
    this.entries = new Map();
    this.offered = "";
    /** @type {string[]} */
    this.told = []; // what the select says, by our hand or the reader's
    this.hand = new Hand(byId("run-add"));
  }

  render() {
    const { page: { picked, groups, config: { texts } } } = this;
    const looks = groups.looksByRun();
    const runs = picked.runs();
    const ids = runs.map(({ id }) => id);
    for (const [id, { box }] of this.entries) {
      if (ids.includes(id)) continue;
      box.remove();
      this.entries.delete(id);
    }
    runs.forEach((run, i) => {
      const entry = this.entries.get(run.id) ?? this._entry(run.id);
      if (this.box.children[i] !== entry.box) this.box.insertBefore(entry.box, this.box.children[i] ?? null);
      this._fill(entry, run, runs.length > 1, looks.get(run.id));
    });
    setText(this.note, picked.left ? fill(texts.pick_most, { n: this.page.config.most_runs, left: picked.left }) : "");
    this.note.hidden = picked.left === 0;
  }

  /** @param {string} id  @returns {Record<string, any>} */
  _entry(id) {
    const { choice, front } = this.page;
    const { box, line } = swatch();
    const entry = {
      line, eye: el("button", { type: "button", class: "pick-eye", onclick: () => choice.toggle(id) }, box),
      name: el("span", { class: "pick-name" }), state: el("span", { class: "pick-state" }), value: el("span", { class: "pick-value" }),
      remove: el("button", { type: "button", class: "pick-remove", onclick: () => choice.remove(id) }, "×"),
      box: null,
    };
    entry.box = el("li", {
      class: "run-pick", "data-run": id, onpointerenter: () => front.bring(id), onpointerleave: () => front.bring(null),
      onfocusin: () => front.bring(id), onfocusout: () => front.bring(null),
    }, entry.eye, entry.name, entry.state, entry.value, entry.remove);
    this.entries.set(id, entry);
    return entry;
  }

  /** @param {Record<string, any>} entry  @param {Run} run  @param {boolean} isMany  @param {{color: string, round: number}} [ofGroup] */
  _fill(entry, run, isMany, ofGroup) {
    const { picked, view, config } = this.page;
    const { texts, status, card } = config;
    const { colors } = look(config, {});
    const { job } = run;
    const name = picked.nameOf(run);
    const own = ofGroup ?? picked.lookOf(run.id, colors.runs);
    dye(entry.line, own, isMany && own ? own.color : colors.muted);
    const isHidden = view.eyes.includes(run.id);
    entry.box.classList.toggle("is-hidden", isHidden);
    setAttribute(entry.eye, "aria-pressed", String(!isHidden));
    setAttribute(entry.eye, "aria-label", fill(texts.pick_eye, { job: name }));
    setAttribute(entry.remove, "aria-label", fill(texts.pick_remove, { job: name }));
    entry.remove.hidden = !isMany;
    setText(entry.name, name);
    setAttribute(entry.name, "title", name);
    setText(entry.state, job ? status[job.status] || job.status : run.state === "unknown" ? texts.pick_unknown : texts.pick_loading);
    setAttribute(entry.box, "data-status", job?.status ?? run.state);
    const metric = job && keyMetric(job, card);
    setText(entry.value, job && metric ? valueText(job.last_metrics[metric], valueUnitOf(metric)) : "");
    setAttribute(entry.value, "title", metric ?? "");
  }

  /**
   * The entry of the run that the pointer is at, on a chart or here.
   * @param {string|null} id
   */
  front(id) {
    for (const [known, { box }] of this.entries) box.classList.toggle("is-front", known === id);
    const entry = id ? this.entries.get(id) : null;
    if (entry && !this.box.matches(":hover")) keepInSight(this.box, entry.box);
  }

  /**
   * The list to add from, without epochs, so that it stands still while one chooses. Its value is
   * written only where somebody else than the reader's hand in this list changed the choice: written
   * with every news of a live job, it took away what was just picked.
   * @param {Job[]} jobs
   */
  offer(jobs) {
    const { picked, config: { status }, setProps } = this.page;
    const data = unique(arrange(jobs, { order: "status" }).map((job) => ({ value: job.id, label: `${job.job_name} (${status[job.status] || job.status})` })));
    const key = JSON.stringify(data);
    const value = picked.ids();
    const isNews = keyOf(value) !== keyOf(this.told);
    if (key === this.offered && !isNews) return;
    this.offered = key;
    if (isNews) {
      this.told = value;
      this.hand.told();
    }
    setProps("run-add", isNews ? { data, value } : { data });
  }

  /**
   * What the reader added and took away since the list last said something.
   * @param {string[]} ids
   * @returns {{added: string[], removed: string[]}}
   */
  chosen(ids) {
    const { told } = this;
    if (!this.hand.hasTouched) return { added: [], removed: [] };
    this.told = ids;
    return { added: ids.filter((id) => !told.includes(id)), removed: told.filter((id) => !ids.includes(id)) };
  }

  /** The controls were set from outside: write them again. */
  forget() {
    this.offered = "";
    this.told = ["?"];
  }
}

/** @param {string[]} ids  @returns {string} */
function keyOf(ids) {
  return [...ids].sort().join();
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

/** Scrolls the list alone, never the page. @param {HTMLElement} list  @param {HTMLElement} child */
function keepInSight(list, child) {
  const [outer, inner] = [list.getBoundingClientRect(), child.getBoundingClientRect()];
  if (inner.bottom > outer.bottom) list.scrollTop += inner.bottom - outer.bottom;
  else if (inner.top < outer.top) list.scrollTop -= outer.top - inner.top;
}
