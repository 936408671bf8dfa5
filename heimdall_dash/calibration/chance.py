"""What a perfect model shows by chance: no measure of N samples is exactly at its ideal.

Facts for `Job.describe`. What a figure says begins where it leaves these.
"""

from functools import lru_cache
from typing import Any

import numpy as np

from heimdall_dash.calibration import shares
from heimdall_dash.calibration.classification import BINS, bins_of, distributions, is_distribution
from heimdall_dash.errors import InvalidPrediction

TRIALS = 1_000
ONE_IN_TWENTY = 0.95  # of perfect models lie below a floor, and within a band
MOST_DRAWS = 4_000_000  # random numbers in memory at a time


def chance_floors(samples: int, *, seed: int = 0) -> dict[str, Any]:
    """Floors and bands of `regression_metrics` for N samples, in whatever dimensions.

    `…_floor`: 95 % of perfect models lie below. `…_low`, `…_high`: 95 % of them lie between, per
    level. Raises InvalidPrediction for fewer than 2 samples.
    source: simulated, from the multinomial counts of N uniform numbers in whole percents
    """
    if isinstance(samples, bool) or int(samples) != samples or samples < 2:
        raise InvalidPrediction(f"chance needs 2 samples or more, got {samples!r:.40}")
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in _floors(int(samples), seed).items()
    }


def classification_floors(probabilities: Any, *, seed: int = 0) -> dict[str, Any]:
    """The same for `classification_metrics` of these probabilities, [N, K] or [N]: labels are
    drawn from them, as if they were right. None of fewer than 2 samples or of such as are none."""
    chances = distributions(probabilities)
    if len(chances) < 2 or not is_distribution(chances).all():
        return {"expected_calibration_error_floor": None}
    confidence = (chances / chances.sum(axis=1, keepdims=True)).max(axis=1)
    place, rng = bins_of(confidence), np.random.default_rng(seed)
    order = np.argsort(place, kind="stable")
    confidence, starts = confidence[order], np.searchsorted(place[order], np.arange(BINS))
    filled = np.bincount(place, minlength=BINS) > 0
    errors: list[float] = []
    while len(errors) < TRIALS:
        trials = min(TRIALS - len(errors), max(1, MOST_DRAWS // len(confidence)))
        gap = (rng.random((trials, len(confidence))) < confidence) - confidence
        summed = np.add.reduceat(gap, starts[filled], axis=1)
        errors += (np.abs(summed).sum(axis=1) / len(confidence)).tolist()
    return {"expected_calibration_error_floor": float(np.quantile(errors, ONE_IN_TWENTY))}


@lru_cache(maxsize=64)
def _floors(samples: int, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(samples, np.full(100, 0.01), size=TRIALS)
    observed = np.zeros((TRIALS, 101))
    observed[:, 1:] = np.cumsum(counts, axis=1) / samples
    gap = observed - shares.ALL_LEVELS
    figures: dict[str, Any] = {
        "expected_calibration_error_floor": _floor(np.abs(gap[:, 1:100]).mean(axis=1)),
        "miscalibration_area_floor": _floor(shares.area_beside_diagonal(gap)),
        "reliability_expected": shares.RELIABILITY_LEVELS,
    }
    levels = [round(100 * level) for level in shares.RELIABILITY_LEVELS]
    figures |= _band("reliability", observed[:, levels])
    for name, level in shares.COVERAGE_LEVELS.items():
        low, high = np.quantile(observed[:, round(100 * level)], _ENDS)
        figures |= {f"{name}_low": float(low), f"{name}_high": float(high)}
    bins = counts.reshape(TRIALS, shares.PIT_BINS, -1).sum(axis=2)
    return figures | _band("pit_histogram", bins * shares.PIT_BINS / samples)


_ENDS = ((1 - ONE_IN_TWENTY) / 2, (1 + ONE_IN_TWENTY) / 2)


def _floor(values: np.ndarray) -> float:
    return float(np.quantile(values, ONE_IN_TWENTY))


def _band(name: str, values: np.ndarray) -> dict[str, tuple[float, ...]]:
    """Of values [trials, places]."""
    low, high = np.quantile(values, _ENDS, axis=0)
    return {f"{name}_low": tuple(low.tolist()), f"{name}_high": tuple(high.tolist())}
