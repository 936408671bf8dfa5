/* Which way a metric is better. Where nobody can know, nothing is claimed. */

const LOWER_WORDS = new Set(["loss", "objective", "error", "err", "rmse", "mse", "mae", "mape", "nll", "crps", "ece",
  "ence", "perplexity", "ppl", "wer", "cer", "fid", "lpips", "seconds"]);
const HIGHER_WORDS = new Set(["accuracy", "acc", "auc", "auroc", "auprc", "f1", "r2", "map", "ap", "bleu", "rouge", "iou",
  "miou", "dice", "precision", "recall", "sensitivity", "specificity", "psnr", "ssim", "ndcg", "mrr", "mcc", "reward", "top1", "top5"]);
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
