/* Which columns the table of all runs opens with: what most of its runs have in common, and what
   tells them apart. Forty columns of which each run fills three tell nobody which run was best. Pure. */

import { isHigherBetter } from "./run_rows.js";

const LEAST_SHARE = 0.2; // of the runs that must have a metric or a setting, for a column by itself
const MOST_METRICS = 3;
const MOST_SETTINGS = 8;

/**
 * @typedef {{job: Job, config: Record<string, any>}} Run  config: flat
 * @typedef {{all: string[], differing: string[], counts: Map<string, number>}} Settings
 */

/**
 * The settings of runs; those that differ also by themselves. The ones that most runs have come
 * first, else in natural order.
 * @param {Record<string, any>[]} configs  flat  @returns {Settings}
 */
export function settingsOf(configs) {
  /** @type {Map<string, {first: any, count: number, differs: boolean}>} */
  const seen = new Map();
  for (const config of configs) {
    for (const name in config) {
      const known = seen.get(name);
      if (!known) seen.set(name, { first: config[name], count: 1, differs: false });
      else {
        known.count += 1;
        if (known.first !== config[name]) known.differs = true;
      }
    }
  }
  const counts = new Map([...seen].map(([name, { count }]) => [name, count]));
  const all = [...seen.keys()].sort((a, b) => Number(counts.get(b)) - Number(counts.get(a)) || a.localeCompare(b, undefined, { numeric: true }));
  return { all, differing: all.filter((name) => seen.get(name)?.differs || Number(counts.get(name)) < configs.length), counts };
}

/**
 * The metrics that runs are judged by, the first of them the table's key metric: what a run calls
 * its key metric, then validation's losses and scores, then others of either kind.
 * @param {Job[]} jobs  the runs shown
 * @param {(job: Job) => Iterable<string>} namesOf  the metrics that a run has, as far as known
 * @param {Config["directions"]} told
 * @returns {string[]} at least one, if there is any metric
 */
export function metricsOf(jobs, namesOf, told) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  /** @type {Set<string>} */
  const declared = new Set();
  for (const job of jobs) {
    const own = Object.keys(job.key_metrics || {});
    for (const name of own) declared.add(name);
    for (const name of new Set([...own, ...namesOf(job)])) counts.set(name, (counts.get(name) || 0) + 1);
  }
  const kind = (/** @type {string} */ name) => {
    if (declared.has(name)) return 0;
    const isHigher = isHigherBetter(name, [], told);
    if (isHigher === null || /(^|[/_.])(lr|learning_rate)([/_.]|$)/i.test(name)) return 5;
    const isLoss = /loss/i.test(name);
    return (/(^|[/_.])(val|valid|validation|eval|test)([/_.]|$)/i.test(name) ? 1 : 3) + (isLoss ? 0 : 1);
  };
  const ranked = [...counts].map(([name, count]) => ({ name, count, kind: kind(name) }))
    .sort((a, b) => a.kind - b.kind || b.count - a.count || a.name.localeCompare(b.name, undefined, { numeric: true }));
  const common = ranked.filter(({ count, kind: one }) => one < 5 && count >= LEAST_SHARE * jobs.length);
  const judged = common.filter(({ kind: one }) => one < 3);
  /** @type {Map<number, number>} */
  const taken = new Map(); // one loss is enough, several scores may say different things
  const chosen = (judged.length ? judged : common).filter(({ kind: one }) => {
    taken.set(one, (taken.get(one) || 0) + 1);
    return one % 2 === 0 || taken.get(one) === 1;
  });
  const found = chosen.slice(0, MOST_METRICS).map(({ name }) => name);
  if (found.length) return found;
  const most = [...ranked].sort((a, b) => b.count - a.count || a.kind - b.kind)[0];
  return most ? [most.name] : [];
}

/**
 * @param {Run[]} shown  @param {Settings} settings  of these  @param {string[]} metrics  of `metricsOf`
 * @param {(metric: string) => boolean|null} higher  @param {boolean} isDifferingAlone
 * @returns {string[]} ids of columns beside the job's own: `best:val_loss`, `config:lr`
 */
export function standardColumns(shown, settings, metrics, higher, isDifferingAlone) {
  const least = Math.max(Math.min(2, shown.length), LEAST_SHARE * shown.length);
  const names = isDifferingAlone ? settings.differing : settings.all;
  const common = names.filter((name) => Number(settings.counts.get(name)) >= least);
  return [
    ...metrics.flatMap((name, i) => [...(higher(name) === null ? [] : [`best:${name}`]), ...(i === 0 || higher(name) === null ? [`last:${name}`] : [])]),
    ...(common.length ? common : names).slice(0, MOST_SETTINGS).map((name) => `config:${name}`),
  ];
}

/** The job's own columns that stand first; tags and groups once there are any. @param {Job[]} jobs  @returns {string[]} */
export function jobColumns(jobs) {
  const has = (/** @type {(job: Job) => any} */ field) => jobs.some(field);
  return ["job_name", "status", "progress", ...(has((job) => job.tags?.length) ? ["tags"] : []), ...(has((job) => job.group) ? ["group"] : [])];
}
