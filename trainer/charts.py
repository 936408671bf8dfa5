"""The demonstration's charts and key figures: nine presets, each for whatever job publishes its
metrics. What each metric means stands in docs/trainer.md.
"""

from typing import Literal

from heimdall_dash.charts import Chart, Line, Reference
from heimdall_dash.manifest import KeyFigure

TARGET_M = 30.0  # the key figure: 68 % of the positions within this distance
GDOP_LIMIT = 5.0  # geometry better than this counts as good
OUR_TRAINER = "oracle_nll"  # a fact that only this trainer publishes, as null where it is unknown

_TARGET = Reference("Target 30 m", value=TARGET_M)
_BOUND_P68 = Reference("Cramér–Rao bound p68", fact="crlb_p68_m")

KEY_METRICS: dict[str, Literal["min", "max"]] = {
    "val_distance_p68_m": "min",
    "val_loss": "min",
    "val_rmse_m": "min",
}

CHARTS: tuple[Chart, ...] = (
    Chart(
        "loss-chart",
        "Loss",
        "Loss (nats)",
        "nats",
        (
            Line("train_loss", "Training loss", "dash", color=0, role="train"),
            Line("val_loss", "Validation loss", color=1, role="val"),
        ),
        references=(Reference("Lowest possible", fact="oracle_nll"),),
        hint="Mean negative log-likelihood of the true positions; below zero is normal.",
        proof=OUR_TRAINER,
        unproven={"y_label": "Loss", "unit": "", "hint": ""},
    ),
    Chart(
        "uncertainty-chart",
        "Uncertainty Calibration",
        "Distance (m)",
        "m",
        (
            Line("mean_predicted_uncertainty_m", "Predicted uncertainty (σ)", color=0),
            Line("uncertainty_calibration_error", "Calibration error", "dot", color=2),
            Line("val_rmse_m", "Actual error (RMSE)", "dash", color=1),
        ),
        scale="log",
        references=(Reference("Calibration floor", fact="calibration_error_floor_m"),),
        ticks=(0.05, 0.5, 1, 10, 100, 1_000, 2_500, 10_000),
        hint="Calibrated: predicted uncertainty and actual error lie on one another.",
        says_scale=True,
    ),
    Chart(
        "rmse-chart",
        "RMSE",
        "Distance (m)",
        "m",
        (
            Line("train_rmse_m", "Training RMSE", "dash", color=0, role="train"),
            Line("val_rmse_m", "Validation RMSE", color=1, role="val"),
        ),
        scale="log",
        references=(Reference("Cramér–Rao bound RMSE", fact="crlb_rmse_m"),),
        hint="Ruled by the few largest errors; percentiles show the ordinary ones.",
    ),
    Chart(
        "distance-error-chart",
        "Distance Error",
        "Distance (m)",
        "m",
        (
            Line("val_distance_p68_m", "68 % of positions within", color=0),
            Line("val_rmse_good_geom_m", "RMSE, good geometry (GDOP < 5)", "dash", color=1),
        ),
        scale="log",
        references=(_TARGET, _BOUND_P68),
        hint="The 30 m hold for simulated timing of the quality that the job's facts state.",
        proof=OUR_TRAINER,
        unproven={"hint": ""},
    ),
    Chart(
        "percentiles-chart",
        "Error Percentiles",
        "Distance (m)",
        "m",
        (
            Line("val_distance_p50_m", "p50", color=2),
            Line("val_distance_p68_m", "p68", "dash", color=0),
            Line("val_distance_p95_m", "p95", "dot", color=3),
            Line("predicted_distance_p68_m", "p68, predicted", "dashdot", color=4),
        ),
        scale="log",
        references=(
            Reference("Key figure: p68 ≤ 30 m", value=TARGET_M),
            Reference("Cramér–Rao bound p50", fact="crlb_p50_m", of="val_distance_p50_m"),
            Reference("p68", fact="crlb_p68_m", of="val_distance_p68_m"),
            Reference("p95", fact="crlb_p95_m", of="val_distance_p95_m"),
        ),
        hint="Calibrated: the predicted p68 lies on the observed one.",
    ),
    Chart(
        "reliability-chart",
        "Reliability Diagram",
        "Observed coverage",
        "",
        (Line("reliability_observed", "Observed coverage"),),
        kind="reliability",
        hint="On the diagonal: calibrated. Below: over-confident, fewer truths inside the region "
        "than it says. Above: too cautious.",
    ),
    Chart(
        "learning-rate-chart",
        "Learning Rate",
        "Per step",
        "",
        (Line("learning_rate", "Learning Rate"),),
        scale="log",
        hint="Of the epoch's last step.",
        proof=OUR_TRAINER,
        unproven={"hint": ""},
    ),
    Chart(
        "gdop-chart",
        "Geometry (GDOP)",
        "Mean GDOP",
        "",
        (
            Line("mean_gdop", "Mean GDOP"),
            Line("gdop_below_5_percent", "Share below 5", "dash", 2, "%"),
        ),
        references=(Reference("Good geometry: below 5", value=GDOP_LIMIT),),
        y2_label="Share below 5 (%)",
        y2_range=(0, 105),
        hint="Geometry of the validation scenes: constant while they are. Lower is better. "
        "The share, on the right, is of scenes with good geometry.",
        proof=OUR_TRAINER,
        unproven={"hint": "Lower is better."},
    ),
    Chart(
        "gradient-chart",
        "Gradient and Weight Norms",
        "L2 norm",
        "",
        (
            Line("gradient_norm", "Gradient norm"),
            Line("weight_norm", "Weight norm", "dash"),
        ),
        scale="log",
        hint="Gradient: mean of the epoch, before clipping. It may rise while the loss falls: "
        "it scales with 1/σ.",
        proof=OUR_TRAINER,
        unproven={"y_label": "Norm", "hint": ""},
    ),
)

KEY_FIGURES: tuple[KeyFigure, ...] = (
    KeyFigure("val_distance_p68_m", "68 % within", "m", target=TARGET_M, floor="crlb_p68_m"),
    KeyFigure(
        "val_rmse_m",
        "Actual error (RMSE)",
        "m",
        partner="mean_predicted_uncertainty_m",
        floor="crlb_rmse_m",
    ),
    KeyFigure("coverage_68", "Coverage at 68 %", "", expected=0.68),
    KeyFigure(
        "val_loss",
        "Validation loss",
        "nats",
        floor="oracle_nll",
        with_best=True,
        proof=OUR_TRAINER,
        unproven={"unit": ""},
    ),
)
