"""Words for metrics that stand in no chart of `charts` and are nevertheless known: title, unit,
what they mean. Any other metric gets its title and unit from its name, in the browser."""

from dataclasses import asdict, dataclass
from typing import Any

from heimdall_dash.ui.charts import OUR_TRAINER


@dataclass(frozen=True)
class Known:
    """`ideal`: a constant to draw, where the perfect value is one. `proof`: the fact without which
    neither unit nor hint is claimed, as in `charts.Chart`; None: true whoever published it."""

    title: str
    unit: str
    hint: str
    ideal: float | None = None
    proof: str | None = OUR_TRAINER


_COVERAGE = "Share of truths inside the region of this level."

KNOWN: dict[str, Known] = {
    "train_objective": Known("Training objective", "nats", "What the epoch's steps minimised."),
    "train_distance_p68_m": Known("Training p68", "m", "68 % of the training scenes within."),
    "uncertainty_ratio_p68": Known(
        "Predicted p68 / observed p68", "1", "1: calibrated. Below: over-confident.", 1, None
    ),
    "expected_calibration_error": Known(
        "Expected calibration error", "1", "Mean distance from the reliability diagonal.", 0, None
    ),
    "expected_calibration_error_signed": Known(
        "Signed calibration error", "1", "Below 0: over-confident. Above: too cautious.", 0, None
    ),
    "coverage_50": Known("Coverage at 50 %", "fraction", _COVERAGE, 0.5, None),
    "coverage_68": Known("Coverage at 68 %", "fraction", _COVERAGE, 0.68, None),
    "coverage_95": Known("Coverage at 95 %", "fraction", _COVERAGE, 0.95, None),
    "z_std": Known("Error / predicted uncertainty", "1", "Root mean square; 1: calibrated.", 1),
    "z_std_robust": Known(
        "Error / predicted uncertainty, robust",
        "1",
        "From the median; lost scenes do not count.",
        1,
    ),
    "ence": Known("ENCE", "1", "Normalised calibration error over 20 bins of uncertainty.", 0),
    "energy_score_m": Known("Energy score", "m", "The CRPS in two dimensions. Lower is better."),
    "sharpness_m": Known(
        "Sharpness", "m", "Median predicted uncertainty. Small and spread is good when calibrated."
    ),
    "sharpness_p10_m": Known("Sharpness p10", "m", "The surest tenth of the scenes."),
    "sharpness_p90_m": Known("Sharpness p90", "m", "The least sure tenth of the scenes."),
    "error_rank_correlation": Known(
        "Rank correlation of uncertainty and error", "1", "Spearman's. About 0.7 when calibrated."
    ),
    "gradient_norm_max": Known("Largest gradient norm", "1", "Of the epoch, before clipping."),
    "clipped_fraction": Known("Clipped steps", "fraction", "Share of steps that were clipped."),
    "skipped_steps": Known("Skipped steps", "steps", "Left out for a loss that was not finite."),
    "train_seconds": Known("Training time", "s", "Wall time of the epoch's steps."),
    "eval_seconds": Known("Evaluation time", "s", "Wall time of the epoch's evaluation."),
    "epoch_duration_seconds": Known("Epoch duration", "s", "Wall time of training and evaluation."),
    "cpu_seconds": Known("CPU time", "s", "Of the process, per epoch."),
}


def known_metrics_json() -> dict[str, dict[str, Any]]:
    return {metric: asdict(known) for metric, known in KNOWN.items()}
