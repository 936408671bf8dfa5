"""Calibration measures against theory, a reference package, and mistakes they must reveal."""

import numpy as np
import pytest
import uncertainty_toolbox as uct

from trainer import calibration
from trainer.geodesy import Array

N = 20_000


def perfect(scale: float = 1.0, seed: int = 0, count: int = N) -> tuple[Array, Array, Array]:
    """Errors [N, 2] of circles with DRMS [N] of 10 to 1,000 m; m2 as if sigma were `scale` x."""
    rng = np.random.default_rng(seed)
    sigma = np.exp(rng.uniform(np.log(7), np.log(700), count))
    error = sigma[:, None] * rng.standard_normal((count, 2))
    m2 = (error**2).sum(axis=1) / (scale * sigma) ** 2
    return m2, np.sqrt(2) * scale * sigma, error


@pytest.mark.parametrize(
    ("radius", "share"), [(1.0, 0.3935), (np.sqrt(2), 0.6321), (1.5096, 0.68), (2.4477, 0.95)]
)
def test_within_probability_is_rayleigh(radius: float, share: float) -> None:
    assert calibration.within_probability(np.array(radius**2)) == pytest.approx(share, abs=1e-4)


def test_perfect_predictions_are_within_the_sampling_floor() -> None:
    m2, _, _ = perfect(count=2048)
    ece, signed = calibration.expected_calibration_error(m2)
    assert ece < 0.0138  # 95 % of perfect models with 2,048 scenes
    assert abs(signed) <= ece
    assert calibration.z_std(m2) == pytest.approx(1, abs=0.03)
    assert calibration.z_std_robust(m2) == pytest.approx(1, abs=0.03)
    assert calibration.coverage(m2, 0.68) == pytest.approx(0.68, abs=0.03)


@pytest.mark.parametrize(
    ("scale", "expected", "sign"),
    [(0.5, 0.294, -1), (0.9, 0.044, -1), (1.1, 0.056, 1), (2, 0.308, 1)],
)
def test_wrong_scale_has_the_known_error_and_sign(scale: float, expected: float, sign: int) -> None:
    m2, _, _ = perfect(scale)
    ece, signed = calibration.expected_calibration_error(m2)
    assert ece == pytest.approx(expected, abs=0.01)
    assert np.sign(signed) == sign
    assert calibration.z_std(m2) == pytest.approx(1 / scale, rel=0.03)


def test_reliability_has_19_rising_shares() -> None:
    observed = calibration.reliability(perfect()[0])
    assert len(observed) == len(calibration.RELIABILITY_LEVELS) == 19
    np.testing.assert_allclose(observed, calibration.RELIABILITY_LEVELS, atol=0.015)
    assert observed == sorted(observed)


def test_one_dimensional_calibration_agrees_with_uncertainty_toolbox() -> None:
    """A whitened component is a 1-D prediction; its central intervals are the toolbox's."""
    z = np.random.default_rng(3).standard_normal((4000, 2)) * 1.4
    for component in z.T:
        ma_cal = uct.mean_absolute_calibration_error(
            np.zeros(4000), np.ones(4000), component, num_bins=99, prop_type="interval"
        )
        # |z| of one dimension as the m2 that holds the same probability in two
        share = np.vectorize(lambda v: float(uct.viz.stats.norm.cdf(v)))(np.abs(component))
        m2 = -2 * np.log1p(-(2 * share - 1))
        assert calibration.expected_calibration_error(m2)[0] == pytest.approx(ma_cal, abs=0.011)


@pytest.mark.parametrize("scale", [0.5, 0.95, 1.0, 1.4])
def test_miscalibration_area_is_that_of_uncertainty_toolbox(scale: float) -> None:
    m2 = perfect()[0] * scale
    expected = np.linspace(0, 1, 101)
    observed = [calibration.coverage(m2, level) if level < 1 else 1.0 for level in expected]
    theirs = uct.metrics_calibration.miscalibration_area_from_proportions(
        expected, np.array(observed)
    )
    assert calibration.miscalibration_area(m2) == pytest.approx(theirs, abs=1e-9)


def test_shuffled_sigmas_are_revealed() -> None:
    """The mean of the sigmas stays the same; a measure of averages would not notice."""
    _, drms, error = perfect(count=4096)
    shuffled = np.random.default_rng(1).permutation(drms)
    distance = np.linalg.norm(error, axis=1)
    normals = np.random.default_rng(2).standard_normal((32, 4096, 2)) / np.sqrt(2)

    def in_metres(sigma: Array) -> float:
        drawn = np.linalg.norm(sigma[:, None] * normals, axis=-1)
        value = calibration.uncertainty_calibration_error_m(sigma, drawn, distance)
        assert value is not None
        return value

    assert in_metres(shuffled) > 5 * in_metres(drms)
    m2 = 2 * distance**2 / shuffled**2
    assert calibration.expected_calibration_error(m2)[0] > 0.08
    assert calibration.z_std(m2) > 3
    ence, wrong_ence = calibration.ence(drms, distance), calibration.ence(shuffled, distance)
    assert ence is not None
    assert wrong_ence is not None
    assert ence < 0.06 < wrong_ence


def test_calibration_error_in_metres_of_hand_made_bins() -> None:
    """Two bins; all errors 10 m too large in one and 20 m too small in the other: 15 m."""
    drms = np.array([1.0, 1.0, 100.0, 100.0])
    predicted = np.array([[30.0, 30.0, 90.0, 90.0]])
    actual = np.array([40.0, 40.0, 70.0, 70.0])
    value = calibration.uncertainty_calibration_error_m(drms, predicted, actual, bins=2)
    assert value == pytest.approx(15.0)


def test_binned_measures_of_too_few_scenes_are_unknown() -> None:
    few = np.ones(5)
    assert calibration.ence(few, few) is None
    assert calibration.uncertainty_calibration_error_m(few, np.ones((2, 5)), few) is None


def test_one_lost_scene_moves_z_std_but_not_the_robust_one() -> None:
    m2, _, _ = perfect(count=1000)
    m2[0] = 1e6
    assert calibration.z_std(m2) > 20
    assert calibration.z_std_robust(m2) == pytest.approx(1, abs=0.05)


def test_energy_score_of_a_perfect_circle_has_its_closed_form() -> None:
    """E|X - y| - E|X - X'| / 2 with all three from N(0, I): sqrt(pi) - sqrt(pi) / 2."""
    rng = np.random.default_rng(0)
    error, draws = rng.standard_normal((N, 2)), rng.standard_normal((32, N, 2))
    value = calibration.energy_score_m(error, draws)
    assert value == pytest.approx(np.sqrt(np.pi) / 2, rel=0.01)
    assert calibration.energy_score_m(error, 0.5 * draws) > value
    assert calibration.energy_score_m(error, 2.0 * draws) > value


def test_sampling_floor_is_small_beside_the_errors() -> None:
    factor = 10 * np.broadcast_to(np.eye(2), (2048, 2, 2))
    normals = np.random.default_rng(0).standard_normal((32, 2048, 2))
    floor = calibration.sampling_floor_m(np.full(2048, 14.1), factor, normals)
    assert floor is not None
    assert 0 < floor < 1.5
