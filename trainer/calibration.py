"""Are the predicted uncertainties right? Measures from predicted covariances and actual errors.

All take the squared Mahalanobis distance m2 [N] (chi-squared, 2 degrees of freedom, when
calibrated), predicted DRMS [N] in m, or errors [N] in m.
"""

from __future__ import annotations

import numpy as np

from trainer.geodesy import Array

BINS = 20
RELIABILITY_LEVELS = tuple(round(0.05 * k, 2) for k in range(1, 20))
_FINE_LEVELS = np.arange(1, 100) / 100
_ALL_LEVELS = np.linspace(0, 1, 101)


def within_probability(m2: Array) -> Array:
    """Probability content of the ellipse through each truth [N], uniform on [0, 1] when right.

    source: Rayleigh's distribution, 1 - exp(-m2 / 2)
    """
    return np.asarray(-np.expm1(-0.5 * m2))


def coverage(m2: Array, level: float) -> float:
    """Share of truths inside the ellipse of this level, a fraction; best is `level` itself."""
    return float(np.mean(m2 <= -2 * np.log1p(-level)))


def reliability(m2: Array, levels: tuple[float, ...] = RELIABILITY_LEVELS) -> list[float]:
    """Observed coverage at each expected one, fractions; best are the levels themselves.

    source: reliability diagram of regression, Kuleshov et al., ICML 2018
    """
    return [coverage(m2, level) for level in levels]


def expected_calibration_error(m2: Array) -> tuple[float, float]:
    """Mean |observed - expected| coverage over 1…99 %, and the same with sign.

    Unit-free, 0 to 0.5. Below zero: over-confident.  source: Kuleshov et al., ICML 2018
    """
    inside = np.sort(within_probability(m2))
    observed = np.searchsorted(inside, _FINE_LEVELS, side="right") / len(m2)
    gap = observed - _FINE_LEVELS
    return float(np.abs(gap).mean()), float(gap.mean())


def miscalibration_area(m2: Array) -> float:
    """Area between the reliability curve and its diagonal, 0 to 0.5; smaller is better.

    The curve's points at 0, 1, … 100 % are joined by straight lines; where they cross the diagonal,
    the two triangles add up and do not cancel.
    source: Kuleshov et al., ICML 2018; as in uncertainty-toolbox 0.1.1 (Chung et al. 2021)
    """
    inside = np.sort(within_probability(m2))
    gap = np.searchsorted(inside, _ALL_LEVELS, side="right") / len(m2) - _ALL_LEVELS
    left, right = np.abs(gap[:-1]), np.abs(gap[1:])
    is_crossing = gap[:-1] * gap[1:] < 0
    width = np.where(
        is_crossing, (left**2 + right**2) / np.maximum(left + right, 1e-300), left + right
    )
    return float(width.sum() / 2 / (len(_ALL_LEVELS) - 1))


def z_std(m2: Array) -> float:
    """Root mean square of the standardised errors per axis; 1 when calibrated.

    source: Levi et al. 2022, sec. 4; with m2 of two axes, sqrt(mean m2 / 2)
    """
    return float(np.sqrt(np.mean(m2) / 2))


def z_std_robust(m2: Array) -> float:
    """The same from the median: one lost scene in a hundred does not move it; 1 when calibrated.

    source: the median of a chi-squared of 2 degrees of freedom is 2 ln 2
    """
    return float(np.sqrt(np.median(m2) / (2 * np.log(2))))


def ence(drms_m: Array, error_m: Array, bins: int = BINS) -> float | None:
    """Expected normalised calibration error: mean |RMV - RMSE| / RMV over equal-count bins.

    Unit-free, smaller is better; None with fewer scenes than bins.
    source: Levi et al. 2019. Its floor for a perfect model is 0.04 with 2,048 scenes.
    """
    gaps = []
    for rows in _bins(drms_m, bins):
        rmv = np.sqrt(np.mean(drms_m[rows] ** 2))
        gaps.append(abs(rmv - np.sqrt(np.mean(error_m[rows] ** 2))) / rmv)
    return float(np.mean(gaps)) if gaps else None


def uncertainty_calibration_error_m(
    drms_m: Array, predicted_m: Array, error_m: Array, bins: int = BINS
) -> float | None:
    """Calibration error in metres: never negative, and scenes do not cancel each other.

    The scenes are sorted by predicted DRMS into equal-count bins; in each bin stands
    |predicted 68-% distance - observed 68-% distance|; this is the mean over the bins.

    In metres, smaller is better; None with fewer scenes than bins.
    predicted_m: [D, N] distances drawn from each scene's predicted distribution
    """
    gaps = [
        abs(_quantile(predicted_m[:, rows].ravel(), 0.68) - _quantile(error_m[rows], 0.68))
        for rows in _bins(drms_m, bins)
    ]
    return float(np.mean(gaps)) if gaps else None


def energy_score_m(error_vectors_m: Array, draws_m: Array) -> float:
    """Mean E|X - y| - E|X - X'|/2: the two-dimensional CRPS, in m. Smaller is better.

    error_vectors_m: [N, 2] truth less mean; draws_m: [D, N, 2] from N(0, Cov), D even
    source: Gneiting and Raftery 2007
    """
    to_truth = np.linalg.norm(draws_m - error_vectors_m, axis=-1).mean()
    half = len(draws_m) // 2
    apart = np.linalg.norm(draws_m[:half] - draws_m[half : 2 * half], axis=-1).mean()
    return float(to_truth - 0.5 * apart)


def sampling_floor_m(drms_m: Array, factor_m: Array, normals: Array, seed: int = 0) -> float | None:
    """The calibration error a perfect model shows on scenes of these covariances, by chance.

    factor_m: [N, 2, 2] covariance factors; normals: [D, N, 2] the draws used for predictions
    """
    rng = np.random.default_rng(seed)
    predicted = np.linalg.norm(np.einsum("nij,dnj->dni", factor_m, normals), axis=-1)
    trials = []
    for _ in range(8):
        error = np.einsum("nij,nj->ni", factor_m, rng.standard_normal((len(drms_m), 2)))
        gap = uncertainty_calibration_error_m(drms_m, predicted, np.linalg.norm(error, axis=-1))
        if gap is None:
            return None
        trials.append(gap)
    return float(np.mean(trials))


def _quantile(values: Array, share: float) -> float:
    """numpy's default (linear) quantile of a flat array, without its overhead for small ones."""
    place = share * (len(values) - 1)
    below = int(place)
    above = min(below + 1, len(values) - 1)
    part = np.partition(values, (below, above))
    return float(part[below] + (place - below) * (part[above] - part[below]))


def _bins(drms_m: Array, bins: int) -> list[np.ndarray]:
    """Rows by rising DRMS in equal-count bins; none where there is less than one row each."""
    if len(drms_m) < bins:
        return []
    return np.array_split(np.argsort(drms_m, kind="stable"), bins)
