"""How close each scenario's network comes to the limit of its own scenes.

HEIMDALL_BENCH_EPOCHS (default 500, as the demonstration) sets the epochs.
HEIMDALL_BENCH_SCENARIOS ("ideal,pps") chooses some presets; the others' figures stay as they are
in the file. All of it takes about half an hour.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from bench.report import keep, table
from heimdall_dash.records import Row
from trainer.checkpoint import CheckpointFolder
from trainer.config import Scenario, TrainingConfig
from trainer.loop import fit

NAME = "scenarios"
DEFAULT_EPOCHS = 500
QUICK_EPOCHS = 3
SHOWN_EPOCHS = (0, 1, 2, 3, 5, 10, 20, 50, 100, 150, 200, 300, 400, 500)
KEPT = (
    "val_loss",
    "val_rmse_m",
    "val_distance_p50_m",
    "val_distance_p68_m",
    "val_distance_p95_m",
    "mean_predicted_uncertainty_m",
    "predicted_distance_p68_m",
    "uncertainty_calibration_error",
    "expected_calibration_error",
    "expected_calibration_error_signed",
    "coverage_50",
    "coverage_68",
    "coverage_95",
    "z_std",
    "z_std_robust",
)
FLOORS = ("crlb_p50_m", "crlb_p68_m", "crlb_p95_m", "crlb_rmse_m", "oracle_nll")
HEAD = (
    "scenario", "epochs", "p68 m", "floor m", "p68 / floor", "RMSE m", "floor m ", "predicted m",
    "coverage 68 %", "ECE", "NLL", "oracle NLL", "CPU s/epoch",
)  # fmt: skip


class Figures:
    """A publisher that keeps what is published."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.facts: dict[str, Any] = {}

    def log(self, epoch: int, /, **metrics: Any) -> None:
        self.rows.append({"epoch": epoch, **metrics})

    def describe(self, facts: Mapping[str, Any]) -> None:
        self.facts = dict(facts)

    def predictions(self, epoch: int, /, **_: Any) -> None:
        """Pictures are no figures."""

    def warn(self, message: str) -> None:
        print(f"warning: {message}")


def run(results: Path, *, quick: bool = False) -> str:
    path = results / f"{NAME}.json"
    figures: dict[str, Any] = {}
    if path.exists() and not quick:
        figures = json.loads(path.read_text(encoding="utf-8"))["figures"]
    for scenario in _chosen():
        figures[scenario] = trained(scenario, _epochs(quick))
        if not quick:
            keep(results, NAME, figures)  # at once: a long run may be broken off
    return table(HEAD, [_line(name, figures[name]) for name in figures])


def trained(scenario: Scenario, epochs: int) -> dict[str, Any]:
    """Final figures of one preset, their floors, and how they came about."""
    figures = Figures()
    config = TrainingConfig(scenario=scenario, epochs=epochs)
    with tempfile.TemporaryDirectory() as folder:
        outcome = fit(
            config,
            publisher=figures,
            checkpoints=CheckpointFolder(Path(folder)),
            wanted=lambda: "running",
        )
    if outcome.status != "completed":
        raise RuntimeError(f"{scenario}: {outcome.reason}")
    return summary(figures.rows, figures.facts, epochs)


def summary(rows: list[Row], facts: Mapping[str, Any], epochs: int) -> dict[str, Any]:
    """What is kept of a finished training."""
    return {
        "epochs": epochs,
        "parameters": facts["parameters"],
        "cpu_s_per_epoch": statistics.median(row["cpu_seconds"] for row in rows[1:]),
        "final": {name: rows[-1][name] for name in KEPT},
        "floor": {name: facts[name] for name in FLOORS},
        "curve": [
            {"epoch": row["epoch"]} | {name: row[name] for name in KEPT}
            for row in rows
            if row["epoch"] in SHOWN_EPOCHS
        ],
    }


def _chosen() -> list[Scenario]:
    wanted = os.environ.get("HEIMDALL_BENCH_SCENARIOS", "")
    names: tuple[Scenario, ...] = get_args(Scenario)
    return [name for name in names if not wanted or name in wanted.split(",")]


def _epochs(quick: bool) -> int:
    if quick:
        return QUICK_EPOCHS
    return int(os.environ.get("HEIMDALL_BENCH_EPOCHS", DEFAULT_EPOCHS))


def _line(name: str, figures: Mapping[str, Any]) -> list[Any]:
    final, floor = figures["final"], figures["floor"]
    return [
        name,
        figures["epochs"],
        final["val_distance_p68_m"],
        floor["crlb_p68_m"],
        round(final["val_distance_p68_m"] / floor["crlb_p68_m"], 2),
        final["val_rmse_m"],
        floor["crlb_rmse_m"],
        final["mean_predicted_uncertainty_m"],
        round(final["coverage_68"], 3),
        round(final["expected_calibration_error"], 3),
        round(final["val_loss"], 2),
        round(floor["oracle_nll"], 2),
        round(figures["cpu_s_per_epoch"], 2),
    ]
