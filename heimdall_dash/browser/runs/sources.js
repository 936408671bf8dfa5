/* What the charts draw: the runs in sight, each in its colour, or the means of their groups. Made once
   for as long as nothing arrives and the choice stays. */

import { look } from "../charts/elements.js";
import { groupSources } from "./groups.js";

/** @typedef {{config: Config, view: ViewFields, feed: ShownJob, picked: import("./picked.js").Picked, groups: import("./group_by.js").GroupBy}} SourcesPage */

export class Sources {
  /** @param {SourcesPage} page */
  constructor(page) {
    this.page = page;
    /** @type {Map<string, Source[]>} */
    this.known = new Map();
    /** @type {ShownJob|null} */
    this.all = null;
  }

  /** Epochs arrived, or the reader chose other runs, colours or groups. */
  forget() {
    this.known.clear();
    this.all = null;
  }

  /** @param {Spec} spec  @returns {Source[]} */
  of(spec) {
    const { groups } = this.page;
    const metrics = groups.isOn() && spec.kind === "lines" ? spec.lines.map(({ metric }) => metric) : null;
    const key = metrics ? JSON.stringify(metrics) : "";
    const known = this.known.get(key) ?? this._make(metrics);
    this.known.set(key, known);
    return known;
  }

  /** @param {string[]|null} metrics  of means; null: a line for each run  @returns {Source[]} */
  _make(metrics) {
    const { picked, view, config } = this.page;
    const colors = look(config, {}).colors.runs;
    const shown = picked.shown();
    if (metrics) return groupSources(shown, metrics, view, { without: config.texts.group_without, colors });
    const isMany = picked.ids().length > 1;
    return shown.map((run) => ({
      id: run.id, name: picked.nameOf(run), columns: run.store.columns, notFinite: run.store.notFinite, isPartial: run.store.isPartial,
      job: run.job, facts: run.facts, notes: run.notes, ...(isMany ? picked.lookOf(run.id, colors) : {}),
    }));
  }

  /**
   * All runs as one, for what asks which metrics there are: of each metric the first run's column.
   * @returns {ShownJob}
   */
  charted() {
    const { feed, picked } = this.page;
    const runs = picked.runs();
    if (runs.length < 2) return feed;
    if (this.all === null) {
      const columns = Object.assign({}, ...runs.map(({ store }) => store.columns).reverse());
      const longest = runs.map(({ store }) => store.columns.epoch).reduce((a, b) => (b.length > a.length ? b : a));
      const { jobId, job, facts, notes } = feed;
      const state = runs.some((run) => run.state === "ready") ? "ready" : feed.state;
      const names = [...new Set(runs.flatMap((run) => run.names ?? Object.keys(run.store.columns)))];
      this.all = { jobId, job, facts, notes, state, names, store: { columns: { ...columns, epoch: longest }, notFinite: {}, total: longest.length } };
    }
    return this.all;
  }
}
