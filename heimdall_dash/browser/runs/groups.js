/* Runs in groups: by their group, a tag, or a value of their configuration. The charts then show each
   group's mean and how far its runs lie apart. */

import { meanOf } from "../series/grouped.js";
import { runLook } from "./palette.js";

export const CONFIG = "config:";
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

/**
 * One source per group, with the means of these metrics. Pure.
 * @param {Run[]} runs
 * @param {string[]} metrics
 * @param {{group: string, band: BandKind}} view
 * @param {{without: string, colors: string[]}} words   what the group of those without a value is called
 * @returns {Source[]}
 */
export function groupSources(runs, metrics, { group, band }, { without, colors }) {
  return grouped(runs, group, without).map(([name, members], i) => ({
    ...meansOf(members.map(({ store }) => store), metrics, band), id: `group:${name}`, name: `${name} (${members.length})`,
    job: null, facts: {}, notes: [], ...runLook(i, colors), bandKind: band,
  }));
}

/** @param {{columns: Columns, notFinite: NotFinite}[]} stores  @param {string[]} metrics  @param {BandKind} kind  @returns {{columns: Columns, bands: Record<string, any>}} */
function meansOf(stores, metrics, kind) {
  const found = metrics.flatMap((metric) => {
    const { epochs, mean, band } = meanOf(stores, metric, kind);
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
