/* Runs in groups: by their group, a tag, or a value of their configuration. The charts then show each
   group's mean and how far its runs lie apart. */

import { meanOf } from "../series/grouped.js";
import { runLook } from "./palette.js";

const CONFIG = "config:";
const MOST_CHOICES = 200;

/**
 * What the runs can be grouped by: what differs between them. Pure.
 * @param {{job: Job|null}[]} runs
 * @returns {string[]}  group, tag, config:NAME
 */
export function groupings(runs) {
  const jobs = runs.flatMap(({ job }) => job ?? []);
  const differs = (/** @type {(job: Job) => any} */ of) => new Set(jobs.map((job) => JSON.stringify(of(job) ?? null))).size > 1;
  const names = [...new Set(jobs.flatMap((job) => Object.keys(job.config || {})))].sort();
  return [
    ...(jobs.some((job) => job.group) ? ["group"] : []),
    ...(jobs.some((job) => job.tags?.length) ? ["tag"] : []),
    ...names.filter((name) => differs((job) => (job.config || {})[name])).slice(0, MOST_CHOICES).map((name) => CONFIG + name),
  ];
}

/**
 * The names of the groups that a run belongs to: one; of tags, each. Pure.
 * @param {{job: Job|null}} run
 * @param {string} by
 * @param {string} without  what a run without one is called
 * @returns {string[]}
 */
export function groupsOf({ job }, by, without) {
  if (!job) return [];
  if (by === "tag") return job.tags?.length ? job.tags : [without];
  const value = by === "group" ? job.group : (job.config || {})[by.slice(CONFIG.length)];
  if (value === null || value === undefined || value === "") return [without];
  return [typeof value === "string" ? value : JSON.stringify(value)];
}

/**
 * Runs by the names of their groups, naturally sorted. Pure.
 * @template {{job: Job|null}} T
 * @param {T[]} runs
 * @param {string} by
 * @param {string} without
 * @returns {[string, T[]][]}
 */
export function grouped(runs, by, without) {
  /** @type {Map<string, T[]>} */
  const groups = new Map();
  for (const run of runs) {
    for (const name of groupsOf(run, by, without)) groups.set(name, [...(groups.get(name) ?? []), run]);
  }
  return [...groups].sort(([a], [b]) => Number(a) - Number(b) || a.localeCompare(b, undefined, { numeric: true }));
}

export class Groups {
  /** @param {{view: ViewFields, picked: import("./picked.js").Picked, setProps: Show, config: {texts: Texts}}} page */
  constructor(page) {
    this.page = page;
    this.key = "";
  }

  /** @returns {boolean} whether there are means to show */
  isOn() {
    return this.page.view.group !== "none" && this.page.picked.ids().length > 1;
  }

  /**
   * Offer what the runs differ in; a choice of a link stays, also before the runs are known.
   */
  offer() {
    const { view, picked, setProps, config: { texts } } = this.page;
    const isMany = picked.ids().length > 1;
    const box = document.getElementById("grouping");
    if (box) box.hidden = !isMany;
    const found = isMany ? groupings(picked.runs()) : [];
    const choices = ["none", ...new Set(view.group === "none" ? found : [view.group, ...found])];
    const key = JSON.stringify([choices, view.group]);
    if (key === this.key) return;
    this.key = key;
    const label = (/** @type {string} */ by) => (by.startsWith(CONFIG) ? texts.group_config.replace("{name}", by.slice(CONFIG.length)) : texts[`group_${by}`] ?? by);
    setProps("group-by", { data: choices.map((value) => ({ value, label: label(value) })), value: view.group });
  }

  /** The view was set from outside. */
  forget() {
    this.key = "";
  }

  /**
   * One source per group, with the means of these metrics.
   * @param {Run[]} runs
   * @param {string[]} metrics
   * @param {string[]} colors   of the theme, for runs
   * @returns {Source[]}
   */
  sources(runs, metrics, colors) {
    const { view, config: { texts } } = this.page;
    return grouped(runs, view.group, texts.group_without).map(([name, members], i) => {
      const stores = members.map(({ store }) => store);
      return { ...this._mean(stores, metrics), id: `group:${name}`, name: `${name} (${members.length})`, job: null, facts: {}, notes: [], ...runLook(i, colors), bandKind: view.band };
    });
  }

  /** @param {{columns: Columns, notFinite: NotFinite}[]} stores  @param {string[]} metrics  @returns {{columns: Columns, bands: Record<string, any>}} */
  _mean(stores, metrics) {
    const found = metrics.flatMap((metric) => {
      const { epochs, mean, band } = meanOf(stores, metric, this.page.view.band);
      return epochs.length ? [{ metric, epochs, mean, band }] : [];
    });
    const epoch = [...new Set(found.flatMap(({ epochs }) => epochs))].sort((a, b) => a - b);
    /** @type {Columns} */
    const columns = { epoch };
    /** @type {Record<string, any>} */
    const bands = {};
    for (const { metric, epochs, mean, band } of found) {
      const at = new Map(epochs.map((one, i) => [one, i]));
      const spread = (/** @type {Column} */ values) => epoch.map((one) => values[at.get(one) ?? -1] ?? null);
      columns[metric] = spread(mean);
      bands[metric] = { low: spread(band.low), high: spread(band.high), counts: spread(band.counts) };
    }
    return { columns, bands };
  }
}
