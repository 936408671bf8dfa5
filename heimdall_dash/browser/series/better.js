/* Which way a metric is better, and what was best of it. Where nobody can know, nothing is claimed. */

const LOWER_WORDS = new Set(["loss", "objective", "error", "err", "rmse", "mse", "mae", "mape", "nll", "crps", "ece",
  "ence", "perplexity", "ppl", "wer", "cer", "fid", "lpips", "seconds"]);
const HIGHER_WORDS = new Set(["accuracy", "acc", "auc", "auroc", "auprc", "f1", "r2", "map", "ap", "bleu", "rouge", "iou",
  "miou", "dice", "precision", "recall", "sensitivity", "specificity", "psnr", "ssim", "ndcg", "mrr", "mcc", "reward"]);
const NEITHER_WORDS = new Set(["scale", "scaler", "weight", "weights", "coefficient", "factor", "norm", "lr"]);

/**
 * @typedef {{way: "lower"|"higher"|"target"|"unknown", target?: number}} Direction
 * @param {string} metric  `val_loss`, `coverage_68`, `eval/top5_accuracy`
 * @param {Object<string, "lower"|"higher"|number>} [told]  of metrics whose names do not tell; a number
 *   is the aim. By the last part of a name
 * @returns {Direction}
 */
export function direction(metric, told = {}) {
  const own = metric.slice(metric.lastIndexOf("/") + 1);
  if (Object.hasOwn(told, own)) return saidOf(told[own]);
  const words = wordsOf(metric);
  const has = (/** @type {Set<string>} */ known) => words.some((word) => known.has(word));
  if (has(NEITHER_WORDS)) return { way: "unknown" };
  if (has(LOWER_WORDS)) return { way: "lower" }; // before higher: `dice_loss`, `precision_error`
  return { way: has(HIGHER_WORDS) ? "higher" : "unknown" };
}

/** @param {"lower"|"higher"|number} way  @returns {Direction} */
function saidOf(way) {
  return typeof way === "number" ? { way: "target", target: way } : { way };
}

/**
 * Whole words only, with and without a number behind: `valAcc` → val, acc; `map50` → map50, map.
 * @param {string} metric
 * @returns {string[]}
 */
function wordsOf(metric) {
  const words = new Set();
  for (const part of metric.split(/[^A-Za-z0-9]+/)) {
    for (const word of [part, ...part.split(/(?<=[a-z0-9])(?=[A-Z])/)]) {
      words.add(word.toLowerCase());
      words.add(word.toLowerCase().replace(/\d+$/, ""));
    }
  }
  return [...words];
}

/**
 * How far a value is from the best imaginable one; smaller is better.
 * @param {number} value
 * @param {Direction} known
 * @returns {number}
 */
function cost(value, { way, target = 0 }) {
  if (way === "higher") return -value;
  return way === "target" ? Math.abs(value - target) : value;
}

/**
 * The best value and the first epoch that had it; what is no number is passed over.
 * @param {number[]} epochs  @param {Column} values  of equal length
 * @param {Direction} known  its way may not be "unknown"
 * @returns {{value: number, epoch: number}|null}
 */
export function bestOf(epochs, values, known) {
  let best = -1;
  for (let i = 0; i < values.length; i += 1) {
    if (typeof values[i] !== "number") continue;
    if (best < 0 || cost(values[i], known) < cost(values[best], known)) best = i;
  }
  return best < 0 ? null : { value: values[best], epoch: epochs[best] };
}

/**
 * Which of several jobs' best values are the best of all: none when only one job has a value or
 * all are equal.
 * @param {({value: number}|null)[]} bests  @returns {boolean[]}
 * @param {Direction} known
 */
export function winners(bests, known) {
  const costs = bests.map((best) => (best ? cost(best.value, known) : null));
  const given = costs.filter((one) => one !== null);
  const least = Math.min(...given);
  const isContest = given.some((one) => one > least);
  return costs.map((one) => isContest && one === least);
}
