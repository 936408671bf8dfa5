/* A chart's specification held against one job: what of its words the job's facts prove, and whether
   the job has anything for it. Pure. */

/**
 * A name such as `val_loss` is anybody's: units and hints that hold for one trainer only are shown
 * when a fact proves that the job is one of its; the fact's value does not matter.
 * @template {{proof: string|null, unproven: Object}} Described
 * @param {Described} spec  a chart or a key figure
 * @param {Facts|null} facts
 * @returns {Described} the specification, or one that claims less
 */
export function proven(spec, facts) {
  const isProven = !spec.proof || Object.hasOwn(facts || {}, spec.proof);
  return isProven ? spec : { ...spec, ...spec.unproven };
}

/**
 * Whether a job that has epochs has published none of the chart's metrics.
 * @param {{lines: {metric: string}[]}} spec
 * @param {Columns} columns
 * @returns {boolean}
 */
export function lacks(spec, columns) {
  return columns.epoch.length > 0 && !spec.lines.some((line) => Object.hasOwn(columns, line.metric));
}
