"""Are the predicted uncertainties right? The package's measures, for positions on a plane.

All take the squared Mahalanobis distance m2 [N] (chi-squared, 2 degrees of freedom, when
calibrated), predicted DRMS [N] in m, or errors [N] in m.
"""

from __future__ import annotations

from heimdall_dash.calibration import binned, shares
from heimdall_dash.calibration.normal import chi_squared_cdf
from heimdall_dash.calibration.shares import RELIABILITY_LEVELS
from trainer.geodesy import Array

AXES = 2

ence = binned.ence
uncertainty_calibration_error_m = binned.uncertainty_calibration_error
energy_score_m = binned.energy_score
sampling_floor_m = binned.calibration_error_floor


def within_probability(m2: Array) -> Array:
    """Probability content of the ellipse through each truth [N], uniform on [0, 1] when right."""
    return chi_squared_cdf(m2, AXES)


def coverage(m2: Array, level: float) -> float:
    """Share of truths inside the ellipse of this level, a fraction; best is `level` itself."""
    return shares.coverage(m2, level, AXES)


def reliability(m2: Array, levels: tuple[float, ...] = RELIABILITY_LEVELS) -> list[float]:
    """Observed coverage at each expected one, fractions; best are the levels themselves."""
    return shares.reliability(m2, AXES, levels)


def expected_calibration_error(m2: Array) -> tuple[float, float]:
    """Mean |observed - expected| coverage, and with sign: below zero is over-confident."""
    return shares.expected_calibration_error(within_probability(m2))


def pit_histogram(m2: Array) -> list[float]:
    """Where the truths fell in their predictions, 20 bins; 1 everywhere when right."""
    return shares.pit_histogram(within_probability(m2))


def miscalibration_area(m2: Array) -> float:
    """Area between the reliability curve and its diagonal, 0 to 0.5; smaller is better."""
    return shares.miscalibration_area(within_probability(m2))


def z_std(m2: Array) -> float:
    """Root mean square of the standardised errors per axis; 1 when calibrated."""
    return shares.z_std(m2, AXES)


def z_std_robust(m2: Array) -> float:
    """The same from the median: one lost scene in a hundred does not move it; 1 when calibrated."""
    return shares.z_std_robust(m2, AXES)
