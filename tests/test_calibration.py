"""Calibration measures against uncertainty-toolbox, scikit-learn and scipy, closed forms, and what
must never pass for a figure."""

import json
from typing import Any

import numpy as np
import pytest
import scipy.stats
import sklearn.metrics
import torch
import uncertainty_toolbox as uct
from sklearn.calibration import calibration_curve

from heimdall_dash.calibration import (
    chance_floors,
    classification_floors,
    classification_metrics,
    regression_metrics,
)
from heimdall_dash.calibration.binned import rank_correlation
from heimdall_dash.calibration.normal import chi_squared_cdf, chi_squared_quantile
from heimdall_dash.errors import InvalidPrediction
from heimdall_dash.metrics import clean_cells

N = 3_000


def line(scale: float = 1.0, count: int = N, seed: int = 0) -> tuple[Any, Any, Any]:
    """Predictions [N] whose sigma is `scale` times the true one."""
    rng = np.random.default_rng(seed)
    mean, true = rng.normal(0, 5, count), np.exp(rng.uniform(-1, 2, count))
    return mean, scale * true, mean + true * rng.standard_normal(count)


def cloud(axes: int, scale: float = 1.0, count: int = N) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(axes)
    mean, factor = rng.normal(0, 5, (count, axes)), rng.standard_normal((count, axes, axes))
    covariance = factor @ factor.transpose(0, 2, 1) + 0.1 * np.eye(axes)
    root = np.linalg.cholesky(covariance)
    error = (root @ rng.standard_normal((count, axes, 1)))[..., 0]
    return mean, scale**2 * covariance, mean + error


def classes(kinds: int, count: int = N) -> tuple[Any, Any]:
    """Calibrated probabilities [N, K] and labels drawn from them."""
    rng = np.random.default_rng(kinds)
    chances = rng.dirichlet(np.ones(kinds), count)
    return chances, (chances.cumsum(axis=1) < rng.random((count, 1))).sum(axis=1)


# -- one dimension ---------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [0.5, 0.9, 1.0, 1.6])
@pytest.mark.slow
def test_regression_equals_uncertainty_toolbox(scale: float) -> None:
    mean, sigma, target = line(scale)
    ours = regression_metrics(mean, sigma, target)
    arguments = (mean, sigma, target)
    theirs = uct.metrics.get_all_metrics(*arguments, num_bins=101, verbose=False)
    assert ours["val_rmse"] == pytest.approx(theirs["accuracy"]["rmse"])
    assert ours["val_mae"] == pytest.approx(theirs["accuracy"]["mae"])
    assert ours["mean_predicted_uncertainty"] == pytest.approx(theirs["sharpness"]["sharp"])
    assert ours["nll"] == pytest.approx(theirs["scoring_rule"]["nll"])
    assert ours["crps"] == pytest.approx(theirs["scoring_rule"]["crps"])
    area = theirs["avg_calibration"]["miscal_area"]
    assert ours["miscalibration_area"] == pytest.approx(area, abs=1e-9)
    # theirs counts the levels 0 and 1, too, where nothing can be wrong
    mace = theirs["avg_calibration"]["ma_cal"] * 101 / 99
    assert ours["expected_calibration_error"] == pytest.approx(mace, abs=1e-12)
    levels = np.round(0.05 * np.arange(1, 20), 2)
    observed = [uct.get_proportion_in_interval(*arguments, level) for level in levels]
    assert ours["reliability_observed"] == pytest.approx(observed)


def test_regression_equals_scipy_and_scikit_learn() -> None:
    mean, sigma, target = line(0.8)
    ours = regression_metrics(mean, sigma, target)
    error = np.abs(target - mean)
    assert ours["val_rmse"] == pytest.approx(sklearn.metrics.root_mean_squared_error(target, mean))
    ranks = scipy.stats.spearmanr(sigma, error).statistic
    assert ours["error_rank_correlation"] == pytest.approx(ranks)
    pit = scipy.stats.norm.cdf((target - mean) / sigma)
    density, _ = np.histogram(pit, bins=20, range=(0, 1), density=True)
    assert ours["pit_histogram"] == pytest.approx(density)
    assert ours["nll"] == pytest.approx(-scipy.stats.norm.logpdf(target, mean, sigma).mean())


def test_rank_correlation_of_ties_is_spearmans() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 4, 200).astype(float), rng.integers(0, 9, 200).astype(float)
    expected = scipy.stats.spearmanr(first, second).statistic
    assert rank_correlation(first, second) == pytest.approx(expected)


# -- several dimensions ------------------------------------------------------------------------


@pytest.mark.parametrize("axes", range(1, 12))
def test_chi_squared_equals_scipy(axes: int) -> None:
    m2 = np.array([0.0, 1e-9, 0.1, 1.0, 5.0, 30.0, 200.0, 1e5, np.inf])
    expected = scipy.stats.chi2.cdf(m2, axes)
    np.testing.assert_allclose(chi_squared_cdf(m2, axes), expected, atol=1e-14)
    for level in (0.05, 0.5, 0.68, 0.95, 0.999):
        assert chi_squared_quantile(level, axes) == pytest.approx(
            scipy.stats.chi2.ppf(level, axes), rel=1e-12
        )


@pytest.mark.parametrize("axes", [1, 2, 3, 7])
def test_calibrated_predictions_stay_below_the_floors_and_wrong_ones_do_not(axes: int) -> None:
    floors = chance_floors(N)
    right = regression_metrics(*cloud(axes))
    assert right["expected_calibration_error"] < floors["expected_calibration_error_floor"]
    assert right["miscalibration_area"] < floors["miscalibration_area_floor"]
    assert right["z_std"] == pytest.approx(1, abs=0.04)
    assert right["z_std_robust"] == pytest.approx(1, abs=0.04)
    assert right["uncertainty_ratio_p68"] == pytest.approx(1, abs=0.05)
    for name in ("coverage_50", "coverage_68", "coverage_95"):
        low, high = floors[f"{name}_low"], floors[f"{name}_high"]
        # twice the band: of twelve comparisons one leaves the band itself every other time
        assert 1.5 * low - 0.5 * high <= right[name] <= 1.5 * high - 0.5 * low
    too_sure = regression_metrics(*cloud(axes, 0.6))
    assert too_sure["expected_calibration_error"] > 5 * floors["expected_calibration_error_floor"]
    assert too_sure["expected_calibration_error_signed"] < 0
    assert too_sure["z_std"] == pytest.approx(right["z_std"] / 0.6)
    assert too_sure["coverage_68"] < floors["coverage_68_low"]


@pytest.mark.parametrize("axes", [2, 3])
def test_nll_of_points_equals_scipy(axes: int) -> None:
    mean, covariance, target = cloud(axes, 1.3, 50)
    expected = -np.mean(
        [scipy.stats.multivariate_normal.logpdf(t, m, c)
         for t, m, c in zip(target, mean, covariance, strict=True)]
    )  # fmt: skip
    assert regression_metrics(mean, covariance, target)["nll"] == pytest.approx(expected)


def test_one_axis_is_the_same_as_a_covariance_of_one() -> None:
    mean, sigma, target = line()
    flat = regression_metrics(mean, sigma, target)
    deep = regression_metrics(mean[:, None], sigma[:, None, None] ** 2, target[:, None])
    assert flat.keys() == deep.keys()
    for name, value in flat.items():
        assert deep[name] == pytest.approx(value), name


def test_energy_score_of_one_axis_would_be_the_crps() -> None:
    """Two axes of which the second is nearly certain: what is left is one dimension."""
    mean, sigma, target = line(count=4000)
    nothing = np.zeros(4000)
    covariance = np.zeros((4000, 2, 2))
    covariance[:, 0, 0], covariance[:, 1, 1] = sigma**2, 1e-12
    deep = regression_metrics(
        np.stack([mean, nothing], 1), covariance, np.stack([target, nothing], 1)
    )
    crps = regression_metrics(mean, sigma, target)["crps"]
    assert deep["energy_score"] == pytest.approx(crps, rel=0.02)  # 32 draws a sample


# -- names, and what enters --------------------------------------------------------------------


def test_names_are_those_that_the_page_reads() -> None:
    figures = regression_metrics(*cloud(2), unit="m")
    assert figures.keys() >= {
        "mean_predicted_uncertainty_m", "uncertainty_calibration_error", "val_rmse_m",
        "val_distance_p50_m", "val_distance_p68_m", "val_distance_p95_m",
        "predicted_distance_p68_m", "reliability_observed", "coverage_68", "sharpness_m",
        "expected_calibration_error_signed", "ence", "energy_score_m", "pit_histogram", "z_std",
    }  # fmt: skip
    assert "test_rmse" in regression_metrics(*line(), split="test")
    cells, not_finite, left_out = clean_cells(figures | classification_metrics(*classes(4)))
    assert (not_finite, left_out) == ({}, {})
    json.dumps(cells | chance_floors(50), allow_nan=False)


@pytest.mark.parametrize(
    ("mean", "sigma", "target"),
    [
        (np.zeros(5), np.ones(5), np.zeros((5, 1))),  # would be broadcast to [5, 5]
        (np.zeros(5), np.ones((5, 1)), np.zeros(5)),
        (np.zeros(5), 1.0, np.zeros(5)),
        (np.zeros(5), np.ones(4), np.zeros(5)),
        (np.zeros((5, 2)), np.ones((5, 2)), np.zeros((5, 2))),  # sigmas where covariances belong
        (np.zeros((5, 2)), np.ones((5, 3, 3)), np.zeros((5, 2))),
        (np.zeros((5, 0)), np.ones((5, 0, 0)), np.zeros((5, 0))),
        (0.0, 1.0, 0.0),
        (["a"], [1.0], [0.0]),
        ([0j], [1.0], [0.0]),
        (None, [1.0], [0.0]),
        ([[1.0], [1.0, 2.0]], [1.0], [0.0]),
    ],
)
def test_shapes_that_do_not_fit_are_an_error(mean: Any, sigma: Any, target: Any) -> None:
    with pytest.raises(InvalidPrediction):
        regression_metrics(mean, sigma, target)


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
def test_a_sigma_that_is_none_leaves_the_errors_alone(bad: float) -> None:
    mean, sigma, target = line()
    rmse = regression_metrics(mean, sigma, target)["val_rmse"]
    sigma[7] = bad
    figures = regression_metrics(mean, sigma, target)
    assert figures.pop("calibration_invalid_samples") == 1
    assert figures.pop("calibration_samples") == N
    known = {name for name, value in figures.items() if value is not None}
    assert known == {"val_rmse", "val_mae", "val_distance_p50", "val_distance_p68",
                     "val_distance_p95"}  # fmt: skip
    assert figures["val_rmse"] == rmse


@pytest.mark.parametrize("place", [0, 2])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_mean_or_target_that_is_none_leaves_the_sizes_alone(place: int, bad: float) -> None:
    given = line()
    given[place][3] = bad
    figures = regression_metrics(*given)
    assert figures.pop("calibration_invalid_samples") == 1
    figures.pop("calibration_samples")
    known = {name for name, value in figures.items() if value is not None}
    assert known == {"mean_predicted_uncertainty", "sharpness", "sharpness_p10", "sharpness_p90"}


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros((2, 2)),
        -np.eye(2),
        np.array([[1.0, 2.0], [2.0, 1.0]]),  # not positive definite
        np.array([[1.0, 0.9], [0.0, 1.0]]),  # a factor, not a covariance
        np.full((2, 2), np.nan),
    ],
)
def test_a_covariance_that_is_none_is_counted(bad: Any) -> None:
    mean, covariance, target = cloud(2)
    covariance[5] = bad
    figures = regression_metrics(mean, covariance, target)
    assert figures["calibration_invalid_samples"] == 1
    assert figures["coverage_68"] is figures["nll"] is figures["sharpness"] is None
    assert figures["val_rmse"] > 0


def test_one_sample_and_none_have_no_calibration() -> None:
    one = regression_metrics([1.0], [1.0], [2.0])
    assert (one["val_rmse"], one["sharpness"], one["coverage_68"]) == (1.0, 1.0, None)
    assert one["reliability_observed"] is one["z_std"] is one["nll"] is None
    empty = regression_metrics([], [], [])
    assert empty.pop("calibration_samples") == empty.pop("calibration_invalid_samples") == 0
    assert set(empty.values()) == {None}


def test_few_samples_have_no_bins() -> None:
    few = regression_metrics(*line(count=19))
    assert few["ence"] is few["uncertainty_calibration_error"] is None
    assert few["coverage_68"] is not None


def test_numbers_beyond_floats_are_none_and_warn_nobody() -> None:
    figures = regression_metrics(np.zeros(30), np.full(30, 1e-300), np.full(30, 1e300))
    assert figures["nll"] is figures["z_std"] is figures["coverage_68"] is None
    json.dumps(figures, allow_nan=False)


def test_tensors_of_any_kind_are_taken() -> None:
    mean, sigma, target = (torch.tensor(part, dtype=torch.float32) for part in line())
    expected = regression_metrics(mean.numpy(), sigma.numpy(), target.numpy())
    assert regression_metrics(mean.requires_grad_(), sigma, target) == expected
    half = regression_metrics(mean.bfloat16(), sigma.bfloat16(), target.bfloat16())
    assert half["val_rmse"] == pytest.approx(expected["val_rmse"], rel=0.02)


def test_many_samples_take_bounded_memory_and_time() -> None:
    figures = regression_metrics(*line(count=400_000))
    assert figures["coverage_68"] == pytest.approx(0.68, abs=0.003)


# -- classification ----------------------------------------------------------------------------


@pytest.mark.parametrize("kinds", [2, 3, 10])
def test_classification_equals_scikit_learn(kinds: int) -> None:
    chances, labels = classes(kinds)
    ours = classification_metrics(chances, labels)
    every = list(range(kinds))
    assert ours["log_loss"] == pytest.approx(
        sklearn.metrics.log_loss(labels, chances, labels=every)
    )
    brier = sklearn.metrics.brier_score_loss(
        labels, chances if kinds > 2 else chances[:, 1], labels=every
    )
    assert ours["brier_score"] == pytest.approx(brier)
    guess = chances.argmax(axis=1)
    assert ours["accuracy"] == sklearn.metrics.accuracy_score(labels, guess)
    entropy = scipy.stats.entropy(chances, axis=1).mean()
    assert ours["mean_entropy"] == pytest.approx(entropy)
    right, sure = calibration_curve(guess == labels, chances.max(axis=1), n_bins=15)
    filled = [value for value in ours["reliability_accuracy"] if value is not None]
    assert filled == pytest.approx(right)
    assert [v for v in ours["reliability_confidence"] if v is not None] == pytest.approx(sure)
    assert sum(ours["reliability_share"]) == pytest.approx(1)


def test_calibration_error_of_classes_is_the_weighted_gap() -> None:
    """Hand values: two bins, one sample in four wrong where 0.9 was said, half where 0.6 was."""
    chances = np.array([0.9] * 4 + [0.6] * 4)
    figures = classification_metrics(chances, [1, 1, 1, 0, 1, 1, 0, 0])
    assert figures["expected_calibration_error"] == pytest.approx((0.15 + 0.1) / 2)
    assert figures["expected_calibration_error_signed"] == pytest.approx(-0.125)
    assert figures["maximum_calibration_error"] == pytest.approx(0.15)
    assert figures["reliability_accuracy"].count(None) == 13


def test_calibrated_classes_stay_below_their_floor() -> None:
    chances, labels = classes(5)
    floor = classification_floors(chances)["expected_calibration_error_floor"]
    assert classification_metrics(chances, labels)["expected_calibration_error"] < floor < 0.04
    sharper = chances**2 / (chances**2).sum(axis=1, keepdims=True)
    assert classification_metrics(sharper, labels)["expected_calibration_error"] > 3 * floor


def test_a_certain_mistake_is_finite_as_with_scikit_learn() -> None:
    chances, labels = np.array([[1.0, 0.0], [0.0, 1.0]]), [1, 1]
    expected = sklearn.metrics.log_loss(labels, chances, labels=[0, 1])
    assert classification_metrics(chances, labels)["log_loss"] == pytest.approx(expected)


@pytest.mark.parametrize(
    "bad", [[np.nan, 0.5], [0.7, 0.7], [1.2, -0.2], [2.3, -1.0], [np.inf, 0.0], [0.2, 0.2]]
)
def test_what_is_no_probability_gives_no_figure(bad: list[float]) -> None:
    chances, labels = classes(2)
    chances[4] = bad
    figures = classification_metrics(chances, labels)
    assert figures.pop("calibration_invalid_samples") == 1
    figures.pop("calibration_samples")
    assert set(figures.values()) == {None}
    assert classification_floors(chances) == {"expected_calibration_error_floor": None}


@pytest.mark.parametrize(
    ("chances", "labels"),
    [
        (np.full((4, 2), 0.5), [0, 1, 2, 0]),
        (np.full((4, 2), 0.5), [0, 1, -1, 0]),
        (np.full((4, 2), 0.5), [0, 1, 0.5, 0]),
        (np.full((4, 2), 0.5), [0, 1, np.nan, 0]),
        (np.full((4, 2), 0.5), [0, 1, 0]),
        (np.full((4, 2), 0.5), np.eye(2)[[0, 1, 0, 1]]),  # one-hot
        (np.full((4, 1), 0.5), [0, 1, 0, 0]),
        (np.full((4, 2, 2), 0.5), [0, 1, 0, 0]),
        (np.full(4, 0.5), ["a", "b", "a", "b"]),
    ],
)
def test_labels_and_probabilities_that_do_not_fit_are_an_error(chances: Any, labels: Any) -> None:
    with pytest.raises(InvalidPrediction):
        classification_metrics(chances, labels)


def test_one_sample_of_classes_has_no_figure() -> None:
    figures = classification_metrics([0.9], [1])
    assert figures["calibration_samples"] == 1
    assert figures["accuracy"] is figures["expected_calibration_error"] is None


# -- chance ------------------------------------------------------------------------------------


@pytest.mark.parametrize("samples", [50, 2048])
def test_floors_are_passed_by_one_perfect_model_in_twenty(samples: int) -> None:
    floors = chance_floors(samples)
    rows = [regression_metrics(*line(count=samples, seed=seed)) for seed in range(200)]
    above = np.mean(
        [row["expected_calibration_error"] > floors["expected_calibration_error_floor"]
         for row in rows]
    )  # fmt: skip
    assert above == pytest.approx(0.05, abs=0.05)  # three deviations of 200 runs
    within = np.mean(
        [floors["reliability_low"][9] <= row["reliability_observed"][9]
         <= floors["reliability_high"][9] for row in rows]
    )  # fmt: skip
    assert within == pytest.approx(0.95, abs=0.05)
    assert len(floors["pit_histogram_low"]) == len(floors["pit_histogram_high"]) == 20


def test_floors_shrink_with_the_root_of_the_samples() -> None:
    few, many = (chance_floors(n)["expected_calibration_error_floor"] for n in (2_000, 200_000))
    assert few / many == pytest.approx(10, rel=0.1)


@pytest.mark.parametrize("samples", [0, 1, -5, 2.5, True])
def test_floors_of_no_number_of_samples_are_an_error(samples: Any) -> None:
    with pytest.raises(InvalidPrediction):
        chance_floors(samples)


def test_floors_can_be_changed_by_their_owner_alone() -> None:
    chance_floors(100)["reliability_low"].clear()
    assert len(chance_floors(100)["reliability_low"]) == 19
