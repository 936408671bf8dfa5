/* Runs in groups: by their group, a tag, or a value of their configuration. The charts then show each
   group's mean and how far its runs lie apart. */

/** @import { Band } from "../series/grouped.js" */

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
 * Of one metric: rising epochs, or places of an axis of time, and what the runs say there together.
 * @typedef {{metric: string, epochs: number[], mean: Column, band: Band, total: number}} Mean
 *   `total`: of the places, before the server thinned them
 */

/**
 * One source per group that is in sight, with the means of its runs. Pure.
 * @param {Run[]} runs
 * @param {{group: string, band: BandKind, x: XMode, eyes?: string[]}} view
 * @param {{without: string, colors: string[]}} words   what the group of those without a value is called
 * @param {(members: Run[]) => Mean[]} meansOf   of a group; none: not known yet
 * @returns {Source[]}
 */
export function groupSources(runs, { group, band, x, eyes }, { without, colors }, meansOf) {
  return looksOf(runs, group, { without, colors }, eyes).filter(({ members }) => members.length > 0).map(({ members, all: _, ...look }) => ({
    ...tableOf(meansOf(members)), ...look, job: null, facts: {}, notes: [], bandKind: band, isByTime: x !== "epoch",
  }));
}

/**
 * The groups as every part of the page calls and colours them: a group keeps its colour when another
 * is put out of sight. Pure.
 * @template {{id: string, job: Job|null}} T
 * @param {T[]} runs  @param {string} by  @param {{without: string, colors: string[]}} words
 * @param {string[]} [hidden]  runs that are out of sight
 * @returns {{id: string, name: string, color: string, round: number, members: T[], all: T[]}[]} members: those in sight
 */
export function looksOf(runs, by, { without, colors }, hidden = []) {
  return grouped(runs, by, without).map(([name, all], i) => {
    const members = all.filter(({ id }) => !hidden.includes(id));
    return { id: `group:${name}`, name: `${name} (${members.length})`, ...runLook(i, colors), members, all };
  });
}

/**
 * By epoch, of runs that are here as a whole. Pure.
 * @param {Run[]} members  @param {string[]} metrics  @param {BandKind} kind
 * @returns {Mean[]}
 */
export function meansHere(members, metrics, kind) {
  return metrics.flatMap((metric) => {
    const { epochs, mean, band } = meanOf(members.map(({ store }) => store), metric, kind);
    return epochs.length ? [{ metric, epochs, mean, band, total: epochs.length }] : [];
  });
}

/** @param {Mean[]} found  @returns {{columns: Columns, bands: Record<string, any>, thinned: Record<string, {returned: number, total: number}>}} */
function tableOf(found) {
  const epoch = [...new Set(found.flatMap(({ epochs }) => epochs))].sort((a, b) => a - b);
  /** @type {Columns} */
  const columns = { epoch };
  /** @type {Record<string, any>} */
  const bands = {};
  /** @type {Record<string, {returned: number, total: number}>} */
  const thinned = {};
  for (const { metric, epochs, mean, band, total } of found) {
    const at = new Map(epochs.map((one, i) => [one, i]));
    const spread = (/** @type {Column} */ values) => epoch.map((one) => values[at.get(one) ?? -1] ?? null);
    columns[metric] = spread(mean);
    bands[metric] = { low: spread(band.low), high: spread(band.high), counts: spread(band.counts) };
    if (epochs.length < total) thinned[metric] = { returned: epochs.length, total };
  }
  return { columns, bands, thinned };
}
