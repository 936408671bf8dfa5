"""The normal distribution and the chi-squared one, in closed form for whole degrees of freedom."""

from functools import lru_cache
from math import erfc, lgamma, log, pi, sqrt

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LOG_TWO_PI = log(2 * pi)
_HALVINGS = 200  # of the interval in which a quantile is looked for: to the last bit


def normal_cdf(z: Array) -> Array:
    """Probability that a standard normal lies below each z [N]."""
    return 0.5 * _erfc(-z / sqrt(2))


def normal_density(z: Array) -> Array:
    return np.asarray(np.exp(-0.5 * z * z) / sqrt(2 * pi))


def chi_squared_cdf(m2: Array, dimensions: int) -> Array:
    """Probability content of the ellipsoid through each squared Mahalanobis distance m2 [N].

    source: Abramowitz and Stegun 26.4.4 and 26.4.5; of two dimensions 1 - exp(-m2 / 2), Rayleigh
    """
    m2 = np.asarray(m2, dtype=np.float64)
    if dimensions == 2:
        return np.asarray(-np.expm1(-0.5 * m2))
    half = 0.5 * m2
    if dimensions % 2 == 0:
        beyond, exponents = np.exp(-half), [float(k) for k in range(1, dimensions // 2)]
    else:
        beyond, exponents = _erfc(np.sqrt(half)), [k + 0.5 for k in range(dimensions // 2)]
    with np.errstate(divide="ignore", invalid="ignore"):
        for exponent in exponents:
            term = np.exp(exponent * np.log(half) - half - lgamma(exponent + 1))
            beyond = beyond + np.where(np.isfinite(half), term, 0.0)
    return np.clip(1.0 - beyond, 0.0, 1.0)


@lru_cache(maxsize=4096)
def chi_squared_quantile(level: float, dimensions: int) -> float:
    """The squared Mahalanobis distance that holds `level` (0 to below 1) of the probability."""
    if dimensions == 2:
        return float(-2 * np.log1p(-level))
    low, high = 0.0, 1.0
    while _content(high, dimensions) < level:
        high *= 2
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        low, high = (middle, high) if _content(middle, dimensions) < level else (low, middle)
    return high


def _content(m2: float, dimensions: int) -> float:
    return float(chi_squared_cdf(np.array([m2]), dimensions)[0])


def _erfc(values: Array) -> Array:
    """numpy has none; the standard library's is exact to the last bits."""
    flat = np.asarray(values, dtype=np.float64).ravel()
    return np.fromiter(map(erfc, flat.tolist()), np.float64, len(flat)).reshape(np.shape(values))
