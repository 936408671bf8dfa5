"""Words for the metrics of this trainer that stand in no chart of `charts`, and which way each is
better where its name does not tell."""

from heimdall_dash.manifest import Direction, KnownMetric
from trainer.charts import OUR_TRAINER


def _ours(title: str, unit: str, hint: str, ideal: float | None = None) -> KnownMetric:
    """Of a name that anybody may use: said only of this trainer's jobs."""
    return KnownMetric(title, unit, hint, ideal, OUR_TRAINER)


_COVERAGE = "Share of truths inside the region of this level."

KNOWN_METRICS = {
    "train_objective": _ours("Training objective", "nats", "What the epoch's steps minimised."),
    "train_distance_p68_m": _ours("Training p68", "m", "68 % of the training scenes within."),
    "uncertainty_ratio_p68": KnownMetric(
        "Predicted p68 / observed p68", "1", "1: calibrated. Below: over-confident.", 1
    ),
    "expected_calibration_error": KnownMetric(
        "Expected calibration error", "1", "Mean distance from the reliability diagonal.", 0
    ),
    "expected_calibration_error_signed": KnownMetric(
        "Signed calibration error", "1", "Below 0: over-confident. Above: too cautious.", 0
    ),
    "coverage_50": KnownMetric("Coverage at 50 %", "fraction", _COVERAGE, 0.5),
    "coverage_68": KnownMetric("Coverage at 68 %", "fraction", _COVERAGE, 0.68),
    "coverage_95": KnownMetric("Coverage at 95 %", "fraction", _COVERAGE, 0.95),
    "z_std": _ours("Error / predicted uncertainty", "1", "Root mean square; 1: calibrated.", 1),
    "z_std_robust": _ours(
        "Error / predicted uncertainty, robust",
        "1",
        "From the median; lost scenes do not count.",
        1,
    ),
    "ence": _ours("ENCE", "1", "Normalised calibration error over 20 bins of uncertainty.", 0),
    "energy_score_m": _ours("Energy score", "m", "The CRPS in two dimensions. Lower is better."),
    "sharpness_m": _ours(
        "Sharpness", "m", "Median predicted uncertainty. Small and spread is good when calibrated."
    ),
    "sharpness_p10_m": _ours("Sharpness p10", "m", "The surest tenth of the scenes."),
    "sharpness_p90_m": _ours("Sharpness p90", "m", "The least sure tenth of the scenes."),
    "error_rank_correlation": _ours(
        "Rank correlation of uncertainty and error", "1", "Spearman's. About 0.7 when calibrated."
    ),
    "gradient_norm_max": _ours("Largest gradient norm", "1", "Of the epoch, before clipping."),
    "clipped_fraction": _ours("Clipped steps", "fraction", "Share of steps that were clipped."),
    "skipped_steps": _ours("Skipped steps", "steps", "Left out for a loss that was not finite."),
    "train_seconds": _ours("Training time", "s", "Wall time of the epoch's steps."),
    "eval_seconds": _ours("Evaluation time", "s", "Wall time of the epoch's evaluation."),
    "epoch_duration_seconds": _ours("Epoch duration", "s", "Wall time of training and evaluation."),
    "cpu_seconds": _ours("CPU time", "s", "Of the process, per epoch."),
}

DIRECTIONS: dict[str, Direction] = {
    **{f"coverage_{percent}": percent / 100 for percent in (50, 68, 95)},
    "uncertainty_ratio_p68": 1,
    "z_std": 1,
    "z_std_robust": 1,
    "expected_calibration_error_signed": 0,
    **{f"{part}_distance_p{q}_m": "lower" for part in ("train", "val") for q in (50, 68, 95)},
    "energy_score_m": "lower",
    "skipped_steps": "lower",
    "error_rank_correlation": "higher",
}
