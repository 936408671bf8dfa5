"""How often truths lie inside the regions that predictions claim. All take what is uniform on
[0, 1] when the predictions are right, or the squared Mahalanobis distances m2 [N] it comes from.
"""

import numpy as np

from heimdall_dash.calibration.normal import Array, chi_squared_quantile

RELIABILITY_LEVELS = tuple(round(0.05 * k, 2) for k in range(1, 20))
COVERAGE_LEVELS = {"coverage_50": 0.50, "coverage_68": 0.68, "coverage_95": 0.95}
PIT_BINS = 20
FINE_LEVELS = np.arange(1, 100) / 100
ALL_LEVELS = np.linspace(0, 1, 101)


def coverage(m2: Array, level: float, dimensions: int) -> float:
    """Share of truths inside the ellipsoid of this level, a fraction; best is `level` itself."""
    return float(np.mean(m2 <= chi_squared_quantile(level, dimensions)))


def reliability(
    m2: Array, dimensions: int, levels: tuple[float, ...] = RELIABILITY_LEVELS
) -> list[float]:
    """Observed coverage at each expected one, fractions; best are the levels themselves.

    source: reliability diagram of regression, Kuleshov et al., ICML 2018
    """
    return [coverage(m2, level, dimensions) for level in levels]


def expected_calibration_error(inside: Array) -> tuple[float, float]:
    """Mean |observed - expected| coverage over 1…99 %, and the same with sign.

    inside: [N] probability content of the region through each truth
    Unit-free, 0 to 0.5. Below zero: over-confident.  source: Kuleshov et al., ICML 2018
    """
    gap = observed_shares(inside, FINE_LEVELS) - FINE_LEVELS
    return float(np.abs(gap).mean()), float(gap.mean())


def miscalibration_area(inside: Array) -> float:
    """Area between the reliability curve and its diagonal, 0 to 0.5; smaller is better.

    source: Kuleshov et al., ICML 2018; as in uncertainty-toolbox 0.1.1 (Chung et al. 2021)
    """
    return float(area_beside_diagonal(observed_shares(inside, ALL_LEVELS) - ALL_LEVELS))


def area_beside_diagonal(gap: Array) -> Array:
    """The area of each curve [..., 101] of observed - expected at 0, 1, … 100 %.

    The points are joined by straight lines; where they cross the diagonal, the two triangles add
    up and do not cancel.
    """
    left, right = np.abs(gap[..., :-1]), np.abs(gap[..., 1:])
    is_crossing = gap[..., :-1] * gap[..., 1:] < 0
    width = np.where(
        is_crossing, (left**2 + right**2) / np.maximum(left + right, 1e-300), left + right
    )
    return np.asarray(width.sum(axis=-1) / 2 / (len(ALL_LEVELS) - 1))


def observed_shares(inside: Array, levels: Array) -> Array:
    """Share of `inside` [N] at or below each level."""
    return np.searchsorted(np.sort(inside), levels, side="right") / len(inside)


def pit_histogram(pit: Array, bins: int = PIT_BINS) -> list[float]:
    """The probability integral transform [N] in equal bins, as a density: 1 everywhere when right.

    A valley: over-confident; a hill: too cautious; a slope: biased.
    source: Gneiting, Balabdaoui and Raftery 2007
    """
    counts, _ = np.histogram(pit, bins=bins, range=(0.0, 1.0))
    return [float(share) for share in counts * bins / len(pit)]


def z_std(m2: Array, dimensions: int) -> float:
    """Root mean square of the standardised errors per axis; 1 when calibrated.

    source: Levi et al. 2022, sec. 4
    """
    return float(np.sqrt(np.mean(m2) / dimensions))


def z_std_robust(m2: Array, dimensions: int) -> float:
    """The same from the median: one lost sample in a hundred does not move it; 1 when calibrated.

    source: the median of the chi-squared distribution; of two dimensions it is 2 ln 2
    """
    return float(np.sqrt(np.median(m2) / chi_squared_quantile(0.5, dimensions)))
