"""Measures that look at samples of similar predicted uncertainty together, so that too large and
too small ones do not cancel; and what needs draws from the predictions."""

import numpy as np

from heimdall_dash.calibration.normal import Array

BINS = 20


def ence(sigma: Array, error: Array, bins: int = BINS) -> float | None:
    """Expected normalised calibration error: mean |RMV - RMSE| / RMV over equal-count bins.

    sigma: [N] predicted root mean square error of each sample; error: [N] what it was
    Unit-free, smaller is better; None with fewer samples than bins.
    source: Levi et al. 2019. Its floor for a perfect model is 0.04 with 2,048 samples.
    """
    gaps = []
    for rows in equal_count_bins(sigma, bins):
        rmv = np.sqrt(np.mean(sigma[rows] ** 2))
        gaps.append(abs(rmv - np.sqrt(np.mean(error[rows] ** 2))) / rmv)
    return float(np.mean(gaps)) if gaps else None


def uncertainty_calibration_error(
    sigma: Array, predicted: Array, error: Array, bins: int = BINS
) -> float | None:
    """Calibration error in the unit of the errors: never negative, and nothing cancels.

    The samples are sorted by predicted root mean square error into equal-count bins; in each bin
    stands |predicted 68-% distance - observed 68-% distance|; this is the mean over the bins.

    Smaller is better; None with fewer samples than bins.
    predicted: [D, N] distances drawn from each sample's predicted distribution
    """
    gaps = [
        abs(quantile(predicted[:, rows].ravel(), 0.68) - quantile(error[rows], 0.68))
        for rows in equal_count_bins(sigma, bins)
    ]
    return float(np.mean(gaps)) if gaps else None


def energy_score(errors: Array, draws: Array) -> float:
    """Mean E|X - y| - E|X - X'|/2: the CRPS of several dimensions. Smaller is better.

    errors: [N, A] truth less mean; draws: [D, N, A] from N(0, Cov), D even
    source: Gneiting and Raftery 2007
    """
    to_truth = np.linalg.norm(draws - errors, axis=-1).mean()
    half = len(draws) // 2
    apart = np.linalg.norm(draws[:half] - draws[half : 2 * half], axis=-1).mean()
    return float(to_truth - 0.5 * apart)


def calibration_error_floor(
    sigma: Array, factor: Array, normals: Array, seed: int = 0
) -> float | None:
    """The `uncertainty_calibration_error` of a perfect model with these covariances, by chance.

    factor: [N, A, A] covariance factors; normals: [D, N, A] the draws used for predictions
    """
    rng = np.random.default_rng(seed)
    predicted = np.linalg.norm(np.einsum("nij,dnj->dni", factor, normals), axis=-1)
    trials = []
    for _ in range(8):
        error = np.einsum("nij,nj->ni", factor, rng.standard_normal(factor.shape[:2]))
        gap = uncertainty_calibration_error(sigma, predicted, np.linalg.norm(error, axis=-1))
        if gap is None:
            return None
        trials.append(gap)
    return float(np.mean(trials))


def rank_correlation(first: Array, second: Array) -> float | None:
    """Spearman's rank correlation; equal values share a rank; None where one does not vary."""
    if len(first) < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    return float(np.corrcoef(_ranks(first), _ranks(second))[0, 1])


def quantile(values: Array, share: float) -> float:
    """numpy's default (linear) quantile of a flat array, without its overhead for small ones."""
    place = share * (len(values) - 1)
    below = int(place)
    above = min(below + 1, len(values) - 1)
    part = np.partition(values, (below, above))
    return float(part[below] + (place - below) * (part[above] - part[below]))


def equal_count_bins(sigma: Array, bins: int) -> list[np.ndarray]:
    """Rows by rising sigma in equal-count bins; none where there is less than one row each."""
    if len(sigma) < bins:
        return []
    return np.array_split(np.argsort(sigma, kind="stable"), bins)


def _ranks(values: Array) -> Array:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts + 1) / 2)[places]
