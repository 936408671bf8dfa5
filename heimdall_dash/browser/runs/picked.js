/* The runs on the charts: the chosen one, which its feed keeps, and those laid over it. Who looks at
   runs asks here and nowhere else; where their epochs come from is decided here alone. */

import { emptyStore } from "../series/columns.js";
import { placed, runLook, without } from "./palette.js";

/**
 * @typedef {Object} PickedWorld
 * @property {ShownJob} feed    the chosen job
 * @property {ViewFields} view  says which runs there are
 * @property {() => Map<string, Job>} jobs  @property {() => boolean} isListKnown
 * @property {number} most      runs on the charts
 * @property {import("./watch.js").Watch} watch   holds what is known of each run
 */

export class Picked {
  /** @param {PickedWorld} world */
  constructor(world) {
    this.world = world;
    /** @type {number} */
    this.left = 0; // runs for which there was no room
    this.followed = "";
    this.cap();
  }

  /** @returns {string[]} ids, the chosen one first */
  ids() {
    const { job, runs } = this.world.view;
    if (!job) return [];
    return [job, ...runs.filter((id) => id && id !== job)];
  }

  /** @returns {Run[]} the chosen one first */
  runs() {
    const { feed, jobs } = this.world;
    return this.ids().map((id) => (id === feed.jobId
      ? { id, job: feed.job ?? jobs().get(id) ?? null, store: feed.store, facts: feed.facts, notes: feed.notes, state: feed.state } : this._other(id)));
  }

  /** @param {string} id  @returns {Run} */
  _other(id) {
    const { jobs, isListKnown, watch } = this.world;
    const job = jobs().get(id) ?? null;
    const run = watch.of(id);
    const state = !job && isListKnown() ? "unknown" : run?.state ?? "loading";
    return { id, job, store: run?.store ?? emptyStore(id), facts: run?.facts ?? {}, notes: run?.notes ?? [], names: run?.names ?? [], state };
  }

  /** @returns {Run[]} those in sight */
  shown() {
    return this.runs().filter(({ id }) => !this.world.view.eyes.includes(id));
  }

  /**
   * The colour of a run on the charts, for whoever shows it elsewhere.
   * @param {string} id
   * @param {string[]} colors   of the theme, for runs
   * @returns {{color: string, round: number}|null}  null: it is not on the charts
   */
  lookOf(id, colors) {
    const { job, runs } = this.world.view;
    const slot = runs.length ? runs.indexOf(id) : id === job ? 0 : -1;
    return slot < 0 ? null : runLook(slot, colors);
  }

  /**
   * What the reader calls a run: its name, with a part of the id where two have one name.
   * @param {Run} run
   * @returns {string}
   */
  nameOf({ id, job }) {
    const name = job ? job.job_name : id.slice(0, 8);
    const isAlone = this.runs().every((other) => other.id === id || other.job?.job_name !== name);
    return isAlone || !job ? name : `${name} ${id.slice(0, 8)}`;
  }

  /** The choice may be another one: watch what is new, and no longer what is gone. */
  follow() {
    const { feed, watch } = this.world;
    const others = this.ids().filter((id) => id !== feed.jobId);
    if (others.join() !== this.followed) void watch.follow(others);
    this.followed = others.join();
  }

  /* ---------------------------------------------------------------- which runs; they change the view alone */

  /**
   * These and no others; the first becomes the chosen one.
   * @param {string[]} ids
   */
  set(ids) {
    const { view, most } = this.world;
    const { slots, left } = placed([], ids, most);
    view.job = slots[0] ?? null;
    view.runs = slots.length > 1 ? slots : [];
    view.eyes = [];
    this.left = left.length;
  }

  /** @param {string[]} ids */
  add(ids) {
    const { view, most } = this.world;
    if (!view.job) return this.set(ids);
    const { slots, left } = placed(view.runs.length ? view.runs : [view.job], ids, most);
    view.runs = slots.filter(Boolean).length > 1 ? slots : [];
    view.eyes = view.eyes.filter((id) => !ids.includes(id));
    this.left = left.length;
  }

  /**
   * When the chosen one goes, the next one is chosen.
   * @param {string} id
   */
  remove(id) {
    const { view } = this.world;
    const rest = without(view.runs, id);
    if (view.job === id) view.job = rest.find(Boolean) ?? null;
    view.runs = rest.filter(Boolean).length > 1 ? rest : [];
    view.eyes = view.eyes.filter((one) => one !== id);
    this.left = 0;
  }

  /**
   * Another chosen run: in place of the one before, or, where it stands there already, before it.
   * @param {string|null} id
   */
  choose(id) {
    const { view } = this.world;
    if (id && view.runs.length && !view.runs.includes(id)) view.runs = view.runs.map((one) => (one === view.job ? id : one));
    view.job = id;
    if (!id) view.runs = [];
  }

  /** @param {string} id */
  toggle(id) {
    const { view } = this.world;
    view.eyes = view.eyes.includes(id) ? view.eyes.filter((one) => one !== id) : [...view.eyes, id];
  }

  /** The view was read from a link, which may name more than there is room for. */
  cap() {
    const { view, most } = this.world;
    const named = view.runs.filter(Boolean);
    this.left = Math.max(0, named.length - most);
    if (this.left === 0) return;
    const kept = new Set([view.job, ...named.filter((id) => id !== view.job).slice(0, most - 1)]);
    view.runs = view.runs.map((id) => (kept.has(id) ? id : ""));
    while (view.runs.length && !view.runs[view.runs.length - 1]) view.runs.pop();
  }
}
