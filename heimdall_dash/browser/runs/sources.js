/* What the charts draw: the runs in sight, each in its colour, or the means of their groups. Made once
   for as long as nothing arrives and the choice stays. */

import { look } from "../charts/elements.js";
import { groupSources, meansHere } from "./groups.js";

/** @typedef {{config: Config, view: ViewFields, feed: ShownJob, picked: import("./picked.js").Picked, groups: import("./group_by.js").GroupBy,
 *   means: import("./means.js").Means, chartView: (spec: Spec) => ChartView}} SourcesPage */

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
    const { groups, view } = this.page;
    const isMean = groups.isOn() && spec.kind === "lines";
    const metrics = spec.lines.map(({ metric }) => metric);
    const zoom = isMean ? this.page.chartView(spec).zoom ?? null : null;
    const key = isMean ? JSON.stringify([metrics, view.x, zoom?.x]) : "";
    const known = this.known.get(key) ?? (isMean ? this._means(metrics, zoom) : this._runs());
    this.known.set(key, known);
    return known;
  }

  /** A line for each run. @returns {Source[]} */
  _runs() {
    const { picked, config } = this.page;
    const colors = look(config, {}).colors.runs;
    const isMany = picked.ids().length > 1;
    return picked.shown().map((run) => ({
      id: run.id, name: picked.nameOf(run), columns: run.store.columns, notFinite: run.store.notFinite, isPartial: run.store.isPartial,
      job: run.job, facts: run.facts, notes: run.notes, ...(isMany ? picked.lookOf(run.id, colors) : {}),
    }));
  }

  /**
   * A line for each group. A mean of runs that were thinned each by itself would be one of those few
   * that happen to have kept an epoch: where any run of the group is, the server makes it.
   * @param {string[]} metrics  @param {Zoom|null} zoom
   * @returns {Source[]}
   */
  _means(metrics, zoom) {
    const { picked, view, config, means } = this.page;
    const words = { without: config.texts.group_without, colors: look(config, {}).colors.runs };
    const { band, x } = view;
    return groupSources(picked.shown(), view, words, (members) => {
      if (x === "epoch" && members.every(({ store }) => isWhole(store))) return meansHere(members, metrics, band);
      if (members.some(({ state }) => state === "loading")) return [];
      const ids = members.filter(({ state }) => state === "ready").map(({ id }) => id);
      return ids.length ? means.of(ids, metrics, { band, x, zoom }) : [];
    });
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

/** @param {Run["store"]} store  @returns {boolean} whether all that was logged is here */
function isWhole({ isPartial, total, columns }) {
  return !isPartial && total <= columns.epoch.length;
}
