"""The Cramér-Rao bound against a solver that should reach it, and against closed forms."""

import numpy as np
import pytest

from trainer.bounds import bound, fisher, timing_information
from trainer.config import TrainingConfig
from trainer.geodesy import AIR_KM_PER_NS, Array, on_ground
from trainer.observables import Scenario
from trainer.scene import simulator
from trainer.scenes import Scenes, directions


def weighted_gauss_newton(scenes: Scenes) -> Array:
    """Positions [N, 2] by weighted least squares with the true noise, started at the truth."""
    position = scenes.emitter_km.copy()
    weight = np.where(scenes.present, (AIR_KM_PER_NS * scenes.sigma_ns) ** -2.0, 0.0)
    share = weight / weight.sum(axis=1, keepdims=True)
    for _ in range(8):
        q, distance = directions(on_ground(position), scenes.receiver_km, scenes.present, weight)
        residual = scenes.range_km - distance
        residual -= (share * residual).sum(axis=1, keepdims=True)
        normal = np.einsum("nr,nri,nrj->nij", weight, q, q)
        right = np.einsum("nr,nri,nr->ni", weight, q, residual)
        position += np.linalg.solve(normal, right[..., None])[..., 0]
    return position


def test_bound_is_reached_by_weighted_gauss_newton() -> None:
    """8,192 scenes of 30 ns: mean m2 is 2 within 1.1 % (1 sigma), p68 within about 1.5 %."""
    config = TrainingConfig(scenario="ideal")
    scenes = simulator(config).train(8192)
    scenario = Scenario.of(config)
    error = weighted_gauss_newton(scenes) - scenes.emitter_km
    m2 = np.einsum("ni,nij,nj->n", error, fisher(scenes, scenario), error)
    assert np.median(m2) == pytest.approx(2 * np.log(2), rel=0.04)
    best = bound(scenes, scenario)
    assert best is not None
    p68 = 1e3 * np.quantile(np.linalg.norm(error, axis=1), 0.68)
    assert p68 == pytest.approx(best.p68_m, rel=0.04)


def test_bound_at_30_ns_is_25_m() -> None:
    scenes = simulator(TrainingConfig(scenario="ideal")).validation(4096)
    best = bound(scenes, Scenario.of(TrainingConfig(scenario="ideal")))
    assert best is not None
    assert best.p68_m == pytest.approx(25.0, rel=0.05)
    assert best.p50_m < best.p68_m < best.p95_m


def test_bound_of_power_only_is_tens_of_kilometres() -> None:
    config = TrainingConfig(scenario="power")
    best = bound(simulator(config).validation(2048), Scenario.of(config))
    assert best is not None
    assert best.p68_m == pytest.approx(39_800, rel=0.05)


def test_oracle_nll_is_the_entropy_of_the_bound() -> None:
    config = TrainingConfig(scenario="ideal")
    scenes, scenario = simulator(config).validation(500), Scenario.of(config)
    covariance = np.linalg.inv(fisher(scenes, scenario))
    entropy = 0.5 * np.log(np.linalg.det(2 * np.pi * np.e * covariance)).mean()
    best = bound(scenes, scenario)
    assert best is not None
    assert best.oracle_nll == pytest.approx(entropy, abs=1e-9)


def test_bound_is_unknown_without_timing_noise() -> None:
    config = TrainingConfig()
    scenes = simulator(config).validation(100)
    blind = Scenes(**{**scenes.__dict__, "sigma_ns": np.full_like(scenes.sigma_ns, np.nan)})
    assert bound(blind, Scenario.of(config)) is None


def test_information_of_normal_noise_is_inverse_variance() -> None:
    plain = Scenario.of(TrainingConfig(scenario="pps"))
    np.testing.assert_allclose(timing_information(np.array([50.0]), plain), 1 / 2500)


def test_information_with_echoes_lies_between_limits() -> None:
    """Always echoes of 1 µs: an edge smeared by the noise tells less than the noise alone."""
    nlos = Scenario.of(TrainingConfig(scenario="nlos"))
    sigma = np.array([20.0, 50.0, 200.0])
    share = timing_information(sigma, nlos) * sigma**2
    assert np.all((share > 0.5) & (share < 1.0))
    rare = Scenario.of(TrainingConfig(scenario="nlos", nlos_prob=1e-6))
    np.testing.assert_allclose(timing_information(sigma, rare) * sigma**2, 1.0, rtol=1e-3)
