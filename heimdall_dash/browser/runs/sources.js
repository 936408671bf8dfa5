/* What the charts draw: the runs in sight, each in its colour, or the means of their groups. Made once
   for as long as nothing arrives and the choice stays. */

import { look } from "../charts/elements.js";
import { valuesAt } from "../charts/values.js";
import { groupSources, meansHere } from "./groups.js";

/** @typedef {{config: Config, view: ViewFields, feed: ShownJob, picked: import("./picked.js").Picked, groups: import("./group_by.js").GroupBy,
 *   watch: import("./watch.js").Watch, means: import("./means.js").Means, chartView: (spec: Spec) => ChartView}} SourcesPage */

export class Sources {
  /** @param {SourcesPage} page */
  constructor(page) {
    this.page = page;
    /** @type {Map<string, Source[]>} */
    this.known = new Map();
    /** @type {ShownJob|null} */
    this.all = null;
    /** @type {number|null} */
    this.readAt = null; // place of the axis whose exact values somebody reads
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
    const zoom = isMean ? this.page.chartView(spec).zoom : null;
    const closely = [...(zoom ? [zoom.x] : []), ...(isMean && this.readAt !== null && view.x === "epoch" ? [[this.readAt, this.readAt]] : [])];
    const key = isMean ? JSON.stringify([metrics, view.x, closely]) : "";
    const known = this.known.get(key) ?? (isMean ? this._means(metrics, closely) : this.runs());
    this.known.set(key, known);
    return known;
  }

  /** A line for each run. @returns {Source[]} */
  runs() {
    const { picked, config } = this.page;
    const colors = look(config, {}).colors.runs;
    const isMany = picked.ids().length > 1;
    return picked.shown().map((run) => ({
      id: run.id, name: picked.nameOf(run), columns: run.store.columns, notFinite: run.store.notFinite, isPartial: run.store.isPartial, means: run.store.means,
      job: run.job, facts: run.facts, notes: run.notes, ...(isMany ? picked.lookOf(run.id, colors) : {}),
    }));
  }

  /**
   * A line for each group. A mean of runs that were thinned each by itself would be one of those few
   * that happen to have kept an epoch: where any run of the group is, the server makes it.
   * @param {string[]} metrics  @param {number[][]} closely  stretches of the axis
   * @returns {Source[]}
   */
  _means(metrics, closely) {
    const { picked, view, config, means } = this.page;
    const words = { without: config.texts.group_without, colors: look(config, {}).colors.runs };
    const { band, x } = view;
    return groupSources(picked.runs(), view, words, (members) => {
      if (members.some(({ state }) => state === "loading")) return []; // a mean of those that came first is none
      if (x === "epoch" && members.every(({ store }) => isWhole(store))) return meansHere(members, metrics, band);
      const ids = members.filter(({ state }) => state === "ready").map(({ id }) => id);
      return ids.length ? means.of(ids, metrics, { band, x }, closely) : [];
    });
  }

  /**
   * Have what these charts say at a place of the axis: it may have been left out of a long history.
   * @param {Spec[]} specs
   * @param {(spec: Spec) => XMode} modeOf
   * @param {number} x
   * @returns {Promise<boolean>} whether it is here now, if anybody logged it
   */
  async exactly(specs, modeOf, x) {
    const { groups, watch, means } = this.page;
    if (groups.isOn()) {
      this.readAt = x;
      for (const spec of specs) this.of(spec);
      await means.settled();
      return true;
    }
    /** @type {Map<string, Set<string>>} */
    const missing = new Map(); // run → metrics
    for (const spec of specs) {
      const mode = modeOf(spec);
      for (const { line, source, isLeftOut } of valuesAt(spec, this.of(spec), mode, x)) {
        const isUnsure = isLeftOut || (mode !== "epoch" && source.isPartial); // a nearer one may be left out
        if (isUnsure && source.id) missing.set(source.id, (missing.get(source.id) ?? new Set()).add(line.metric));
      }
    }
    const mode = specs.length ? modeOf(specs[0]) : "epoch";
    const looks = [...missing].map(([id, metrics]) => watch.of(id)?.wanted.look([...metrics], mode, [x, x]));
    return (await Promise.all(looks)).every((isHere) => isHere !== false);
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
