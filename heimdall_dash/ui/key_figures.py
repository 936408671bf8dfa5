"""The few numbers above the charts: a metric's newest value, and what it is to be held against."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from heimdall_dash.ui.charts import OUR_TRAINER, TARGET_M


@dataclass(frozen=True)
class KeyFigure:
    """Shown for jobs that have the metric. What is None is not said. `proof` and `unproven` as in
    `charts.Chart`."""

    metric: str
    label: str
    unit: str
    target: float | None = None  # at most this is the aim
    expected: float | None = None  # exactly this is the aim
    partner: str | None = None  # a metric that should be equal
    floor: str | None = None  # a fact: nothing can be lower
    with_best: bool = False  # the job's best epoch is of this metric
    proof: str | None = None
    unproven: Mapping[str, str] = field(default_factory=dict)


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


def key_figures_json() -> list[dict[str, Any]]:
    return [asdict(figure) for figure in KEY_FIGURES]
