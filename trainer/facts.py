"""What is true of a whole job, published once: bounds, floors, geometry, sizes, versions."""

from __future__ import annotations

import platform
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from heimdall_dash.calibration.shares import RELIABILITY_LEVELS
from trainer import calibration
from trainer.bounds import bound, fisher
from trainer.config import TrainingConfig
from trainer.geodesy import Array
from trainer.metrics import DRAWS, GOOD_GDOP, Evaluator
from trainer.model import Locator
from trainer.observables import Scenario
from trainer.scenes import Scenes

GDOP_BANDS = (0.0, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, np.inf)


def facts(
    config: TrainingConfig,
    scenario: Scenario,
    model: Locator,
    evaluator: Evaluator,
    train_scenes: int,
    world_size: int,
) -> dict[str, Any]:
    """Numbers, texts and short lists, ready for JSON; None where a value is not known."""
    scenes = evaluator.scenes
    is_simulated = config.dataset is None
    return {
        **_bounds(scenes, scenario, evaluator),
        "scenario": scenario.name if is_simulated else "dataset",
        "timing": _timing(scenario) if is_simulated else f"measured: {config.dataset}",
        "timing_is_simulated": is_simulated,
        "resample": config.resample,
        "outage": config.outage,
        "gdop_bands": _bands(evaluator.gdop),
        "mean_gdop": float(evaluator.gdop[np.isfinite(evaluator.gdop)].mean()),
        "gdop_below_5_percent": float(100 * np.mean(evaluator.gdop < GOOD_GDOP)),
        "reliability_expected": list(RELIABILITY_LEVELS),
        "expected_calibration_error_floor": dict(expected_calibration_floor(len(scenes))),
        "receivers": list(scenes.receiver_names),
        "train_scenes": train_scenes,
        "validation_scenes": len(scenes),
        "calibration_samples": len(scenes),
        "parameters": sum(p.numel() for p in model.parameters()),
        "threads": config.threads,
        "world_size": world_size,
        "device": config.device,
        "epoch_delay_s": config.epoch_delay_s,
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__.split("+")[0],
            "numpy": np.__version__,
        },
    }


def _bounds(scenes: Scenes, scenario: Scenario, evaluator: Evaluator) -> dict[str, Any]:
    best = bound(scenes, scenario)
    if best is None:
        names = ("crlb_p50_m", "crlb_p68_m", "crlb_p95_m", "crlb_rmse_m", "oracle_nll")
        return dict.fromkeys((*names, "calibration_error_floor_m"))
    factor = 1e3 * np.linalg.cholesky(np.linalg.inv(fisher(scenes, scenario)))
    drms = np.sqrt((factor**2).sum(axis=(1, 2)))
    return {
        "crlb_p50_m": best.p50_m,
        "crlb_p68_m": best.p68_m,
        "crlb_p95_m": best.p95_m,
        "crlb_rmse_m": best.rmse_m,
        "oracle_nll": best.oracle_nll,
        "calibration_error_floor_m": calibration.sampling_floor_m(
            drms, factor, evaluator.normals[:DRAWS]
        ),
    }


def _timing(scenario: Scenario) -> str:
    if not scenario.has_timing:
        return "simulated, power only: expect tens of kilometres"
    text = f"simulated: {scenario.sync_ns:g} ns rms, site biases {scenario.bias_ns:g} ns"
    if scenario.nlos_prob:
        text += f", echoes {scenario.nlos_prob:g} x {scenario.nlos_ns:g} ns"
    return text


def _bands(gdop: Array) -> list[dict[str, float | int | None]]:
    """Scenes per band of GDOP; `below` is None in the open last one."""
    pairs = pairwise(GDOP_BANDS)
    return [
        {
            "from": low,
            "below": high if np.isfinite(high) else None,
            "scenes": int(np.sum((gdop >= low) & (gdop < high))),
        }
        for low, high in pairs
    ]


@cache
def expected_calibration_floor(scenes: int, trials: int = 200) -> dict[str, float]:
    """The expected calibration error of a perfect model by chance alone: its mean and 95 %."""
    rng = np.random.default_rng(0)
    errors = [
        calibration.expected_calibration_error(rng.chisquare(2, scenes))[0] for _ in range(trials)
    ]
    return {"mean": float(np.mean(errors)), "p95": float(np.quantile(errors, 0.95))}
