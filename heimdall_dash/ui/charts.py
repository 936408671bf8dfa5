"""What each chart shows, declared once. The page draws its cards from this list and hands it to
the browser as JSON, so that every chart comes from one mechanism.

Metrics that stand in no chart get one of their own in the browser, grouped by prefix.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

TARGET_M = 30.0  # the key figure: 68 % of the positions within this distance
GDOP_LIMIT = 5.0  # geometry better than this counts as good
OUR_TRAINER = "oracle_nll"  # a fact that only our trainer publishes, as null where it is unknown

Scale = Literal["log", "linear"]
Dash = Literal["solid", "dash", "dot", "dashdot"]


@dataclass(frozen=True)
class Line:
    """One metric on one chart; `axis` 2 stands on the right."""

    metric: str
    name: str
    dash: Dash = "solid"
    axis: Literal[1, 2] = 1
    unit: str | None = None  # None: the chart's


@dataclass(frozen=True)
class Reference:
    """A horizontal line: a constant, or one of the job's static facts (absent: not drawn). With
    `of` it takes the colour of that metric's line and its value stands in the note below."""

    name: str
    value: float | None = None
    fact: str | None = None
    of: str | None = None


@dataclass(frozen=True)
class Chart:
    """`ticks`: preferred tick values on a log axis; the browser adds to them where they are few.

    `proof`: the fact without which some fields claim too much, because anybody may publish a
    metric of that name; a job that lacks it is shown with what `unproven` says in their place.
    """

    id: str
    title: str
    y_label: str
    unit: str
    lines: tuple[Line, ...]
    scale: Scale = "linear"
    references: tuple[Reference, ...] = ()
    ticks: tuple[float, ...] = ()
    y2_label: str | None = None
    y2_range: tuple[float, float] | None = None
    kind: Literal["lines", "reliability"] = "lines"
    hint: str = ""
    proof: str | None = None
    unproven: Mapping[str, str] = field(default_factory=dict)


_TARGET = Reference("Target 30 m", value=TARGET_M)
_BOUND_P68 = Reference("Cramér–Rao bound p68", fact="crlb_p68_m")

CHARTS: tuple[Chart, ...] = (
    Chart(
        "loss-chart",
        "Loss",
        "Loss (nats)",
        "nats",
        (
            Line("train_loss", "Training loss"),
            Line("val_loss", "Validation loss", "dash"),
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
            Line("mean_predicted_uncertainty_m", "Predicted uncertainty (σ)"),
            Line("uncertainty_calibration_error", "Calibration error", "dot"),
            Line("val_rmse_m", "Actual error (RMSE)", "dash"),
        ),
        scale="log",
        references=(Reference("Calibration floor", fact="calibration_error_floor_m"),),
        ticks=(0.05, 0.5, 1, 10, 100, 1_000, 2_500, 10_000),
        hint="Calibrated: predicted uncertainty and actual error lie on one another.",
    ),
    Chart(
        "rmse-chart",
        "RMSE",
        "Distance (m)",
        "m",
        (
            Line("train_rmse_m", "Training RMSE"),
            Line("val_rmse_m", "Validation RMSE", "dash"),
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
            Line("val_distance_p68_m", "68 % of positions within"),
            Line("val_rmse_good_geom_m", "RMSE, good geometry (GDOP < 5)", "dash"),
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
            Line("val_distance_p50_m", "p50"),
            Line("val_distance_p68_m", "p68", "dash"),
            Line("val_distance_p95_m", "p95", "dot"),
            Line("predicted_distance_p68_m", "p68, predicted", "dashdot"),
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

COMPARE = Chart("compare-chart", "Comparison", "Value", "", ())


def charts_json() -> list[dict[str, Any]]:
    """The list as the browser reads it: plain dictionaries, key for key the fields above."""
    return [asdict(chart) for chart in CHARTS]
