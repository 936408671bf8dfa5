"""Predicted numbers, or points, with their uncertainty: one call, the figures that the page reads.

Normal distributions are assumed: one sigma per sample, or a covariance.
"""

from typing import Any

import numpy as np

from heimdall_dash.calibration import binned, shares
from heimdall_dash.calibration.normal import (
    LOG_TWO_PI,
    Array,
    chi_squared_cdf,
    normal_cdf,
    normal_density,
)
from heimdall_dash.calibration.samples import expect_shape, known, numbers
from heimdall_dash.errors import InvalidPrediction

DRAWS = 32
MOST_NORMALS = 2_000_000  # random numbers in memory at a time; fewer draws of many samples

ERRORS = ("rmse", "mae", "distance_p50", "distance_p68", "distance_p95")
SIZES = ("mean_predicted_uncertainty", "sharpness", "sharpness_p10", "sharpness_p90")
AGAINST = ("predicted_distance_p68", "uncertainty_ratio_p68", "uncertainty_calibration_error",
           "ence", "error_rank_correlation", "nll", "crps", "energy_score",
           "expected_calibration_error", "expected_calibration_error_signed",
           "miscalibration_area", *shares.COVERAGE_LEVELS, "z_std", "z_std_robust",
           "reliability_observed", "pit_histogram")  # fmt: skip
OF_ONE_AXIS, OF_MORE_AXES = "crps", "energy_score"
WITH_UNIT = frozenset({*ERRORS, *SIZES, "predicted_distance_p68", "crps", "energy_score"})


def regression_metrics(
    mean: Any, sigma: Any, target: Any, *, unit: str = "", split: str = "val"
) -> dict[str, Any]:
    """The figures of N predictions, ready for `Job.log`; None where there is none.

    mean, target: [N] or [N, D]
    sigma:        [N], the standard deviations; of [N, D] the covariances [N, D, D]
    unit:         of mean and target, such as "m": stands behind the names of what has a unit
    split:        stands before the figures of the errors alone: `val_rmse_m`
    returns:      also `calibration_samples`, and `calibration_invalid_samples`: how many had a NaN,
                  an infinity, a sigma that is not above 0, a covariance that is none. One such
                  sample, and what it would falsify is None: nothing is left out in silence.
    raises:       InvalidPrediction for shapes that do not fit. Nothing is broadcast.
    source:       per figure in `shares` and `binned`; nll, crps: Gneiting and Raftery 2007
    """
    mean, spread, target = _checked(mean, sigma, target)
    count, axes = mean.shape
    error = target - mean
    names = (*ERRORS, *SIZES, *AGAINST)
    figures: dict[str, Any] = dict.fromkeys(names)
    is_finite = np.isfinite(error).all(axis=1)
    is_spread = np.asarray(np.isfinite(spread).all(axis=(1, 2)))
    factor, is_positive = _factors(np.where(is_spread[:, None, None], spread, 0.0))
    is_valid = is_finite & is_spread & is_positive
    with np.errstate(all="ignore"):  # what overflows is None in the end
        if count and is_finite.all():
            figures |= _errors(error)
        if count and (is_spread & is_positive).all():
            figures |= _sizes(_drms(factor))
        if count > 1 and is_valid.all():
            figures |= _against(error, factor)
    figures.pop(OF_MORE_AXES if axes == 1 else OF_ONE_AXIS)
    named = {_name(name, unit, split): value for name, value in known(figures).items()}
    return named | {
        "calibration_samples": count,
        "calibration_invalid_samples": int(count - is_valid.sum()),
    }


def _checked(mean: Any, sigma: Any, target: Any) -> tuple[Array, Array, Array]:
    """Mean and target as [N, A], the covariances as [N, A, A]."""
    mean, sigma, target = numbers(mean, "mean"), numbers(sigma, "sigma"), numbers(target, "target")
    if mean.ndim not in (1, 2) or (mean.ndim == 2 and mean.shape[1] == 0):
        raise InvalidPrediction(f"mean has the shape [N] or [N, D], got {list(mean.shape)}")
    expect_shape(target, mean.shape, "target")
    if mean.ndim == 2:
        axes = mean.shape[1]
        expect_shape(sigma, (len(mean), axes, axes), "covariance")
        return mean, sigma, target
    expect_shape(sigma, mean.shape, "sigma")
    variance = np.where(sigma > 0, sigma, np.nan) ** 2
    return mean[:, None], variance[:, None, None], target[:, None]


def _factors(covariance: Array) -> tuple[Array, np.ndarray]:
    """Lower factors L with L Lᵀ = covariance [N, A, A], and for which there is one.

    A covariance that is not symmetric is none: its lower half alone would pass for another one.
    """
    count, axes = covariance.shape[:2]
    if axes == 1:
        return np.sqrt(covariance), covariance[:, 0, 0] > 0
    scale = np.abs(covariance).max(axis=(1, 2), initial=0.0)
    skew = np.abs(covariance - covariance.transpose(0, 2, 1)).max(axis=(1, 2), initial=0.0)
    is_positive = (scale > 0) & (skew <= 1e-5 * scale)  # float32 leaves so much
    safe = np.where(is_positive[:, None, None], covariance, np.eye(axes))
    try:
        return np.linalg.cholesky(safe), is_positive
    except np.linalg.LinAlgError:
        factor = np.broadcast_to(np.eye(axes), covariance.shape).copy()
        for row in range(count):
            try:
                factor[row] = np.linalg.cholesky(safe[row])
            except np.linalg.LinAlgError:
                is_positive[row] = False
        return factor, is_positive


def _errors(error: Array) -> dict[str, float]:
    distance = np.linalg.norm(error, axis=1)
    p50, p68, p95 = np.quantile(distance, [0.50, 0.68, 0.95])
    return {
        "rmse": float(np.sqrt(np.mean(distance**2))),
        "mae": float(np.mean(distance)),
        "distance_p50": float(p50), "distance_p68": float(p68), "distance_p95": float(p95),
    }  # fmt: skip


def _drms(factor: Array) -> Array:
    """Predicted root mean square error of each sample: sigma, or the root of the trace."""
    return np.asarray(np.sqrt((factor**2).sum(axis=(1, 2))))


def _sizes(drms: Array) -> dict[str, float]:
    """Sharpness alone: as small as calibration allows (Gneiting et al. 2007)."""
    p10, p50, p90 = np.quantile(drms, [0.1, 0.5, 0.9])
    return {
        "mean_predicted_uncertainty": float(np.sqrt(np.mean(drms**2))),
        "sharpness": float(p50), "sharpness_p10": float(p10), "sharpness_p90": float(p90),
    }  # fmt: skip


def _against(error: Array, factor: Array) -> dict[str, Any]:
    """What was predicted against what happened."""
    axes = error.shape[1]
    whitened: np.ndarray = np.linalg.solve(factor, error[..., None])[..., 0]
    m2 = (whitened**2).sum(axis=1)
    if not np.isfinite(m2).all():
        return {}
    inside = chi_squared_cdf(m2, axes)
    distance, drms = np.linalg.norm(error, axis=1), _drms(factor)
    draws = _draws(factor)
    drawn = np.linalg.norm(draws, axis=-1)
    drawn_p68 = float(np.quantile(drawn, 0.68))
    ece, signed = shares.expected_calibration_error(inside)
    log_det = np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)
    figures = {
        "predicted_distance_p68": drawn_p68,
        "uncertainty_ratio_p68": _ratio(drawn_p68, float(np.quantile(distance, 0.68))),
        "uncertainty_calibration_error": binned.uncertainty_calibration_error(
            drms, drawn, distance
        ),
        "ence": binned.ence(drms, distance),
        "error_rank_correlation": binned.rank_correlation(drms, distance),
        "nll": float(np.mean(0.5 * m2 + log_det + 0.5 * axes * LOG_TWO_PI)),
        "expected_calibration_error": ece,
        "expected_calibration_error_signed": signed,
        "miscalibration_area": shares.miscalibration_area(inside),
        "z_std": shares.z_std(m2, axes),
        "z_std_robust": shares.z_std_robust(m2, axes),
        "reliability_observed": shares.reliability(m2, axes),
        "pit_histogram": shares.pit_histogram(normal_cdf(whitened[:, 0]) if axes == 1 else inside),
    }
    for name, level in shares.COVERAGE_LEVELS.items():
        figures[name] = shares.coverage(m2, level, axes)
    if axes == 1:
        return figures | {"crps": _crps(whitened[:, 0], drms)}
    return figures | {"energy_score": binned.energy_score(error, draws)}


def _draws(factor: Array) -> Array:
    """Errors [D, N, A] from the predicted distributions, always from the same random numbers."""
    count, axes = factor.shape[:2]
    draws = max(2, min(DRAWS, MOST_NORMALS // max(1, count * axes)) // 2 * 2)
    normals = np.random.default_rng(0).standard_normal((draws, count, axes))
    return np.asarray(np.einsum("nij,dnj->dni", factor, normals))


def _crps(z: Array, sigma: Array) -> float:
    """Continuous ranked probability score of normal distributions. Smaller is better."""
    score = sigma * (z * (2 * normal_cdf(z) - 1) + 2 * normal_density(z) - 1 / np.sqrt(np.pi))
    return float(np.mean(score))


def _ratio(predicted: float, observed: float) -> float | None:
    return predicted / observed if observed > 0 else None


def _name(name: str, unit: str, split: str) -> str:
    if name in ERRORS and split:
        name = f"{split}_{name}"
    has_unit = unit and name.removeprefix(f"{split}_") in WITH_UNIT
    return f"{name}_{unit}" if has_unit else name
