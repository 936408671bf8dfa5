import assert from "node:assert/strict";
import { test } from "node:test";
import { direction } from "../../heimdall_dash/browser/series/better.js";
import { golden } from "./golden.mjs";

const { directions } = golden("rules.json");

test("the trainer's metrics have the direction that docs/trainer.md states", () => {
  const ways = (names) => Object.fromEntries(names.map((name) => [name, direction(name, directions).way]));
  for (const name of ["train_loss", "val_loss", "train_objective", "val_rmse_m", "val_rmse_good_geom_m", "val_distance_p68_m",
    "train_distance_p68_m", "uncertainty_calibration_error", "expected_calibration_error", "ence", "energy_score_m",
    "skipped_steps", "epoch_duration_seconds"]) assert.deepEqual(ways([name]), { [name]: "lower" });
  assert.equal(direction("error_rank_correlation", directions).way, "higher");
  for (const [name, target] of [["coverage_50", 0.5], ["coverage_68", 0.68], ["coverage_95", 0.95], ["eval/coverage_95", 0.95],
    ["uncertainty_ratio_p68", 1], ["z_std", 1], ["z_std_robust", 1], ["expected_calibration_error_signed", 0]]) {
    assert.deepEqual(direction(name, directions), { way: "target", target });
  }
  for (const name of ["mean_predicted_uncertainty_m", "predicted_distance_p68_m", "sharpness_m", "gradient_norm",
    "weight_norm", "learning_rate", "mean_gdop"]) assert.equal(direction(name, directions).way, "unknown", name);
});

test("foreign metrics are known by a whole word of their name, and nothing is guessed of others", () => {
  for (const name of ["accuracy", "val_acc", "eval/f1", "top5_accuracy", "valAccuracy", "test/mAP", "map50", "roc_auc", "R2",
    "bleu", "mean_iou", "precision", "recall", "psnr", "ssim"]) assert.equal(direction(name).way, "higher", name);
  for (const name of ["loss/train", "dice_loss", "trainLoss", "wer", "val_mae"]) assert.equal(direction(name).way, "lower", name);
  for (const name of ["loss_scale", "accident_rate", "mapping", "foo", "temperature_c", "lossless_bytes", "toString"]) {
    assert.equal(direction(name).way, "unknown", name);
  }
});
