"""Simulated scenes: seeded, filtered, physical."""

import numpy as np
import pytest

from trainer.config import TrainingConfig
from trainer.errors import TrainerError
from trainer.geodesy import AIR_KM_PER_NS, on_ground
from trainer.observables import Scenario
from trainer.scene import RECEIVERS, Simulator, centred, simulator


def test_simulator_gives_the_same_scenes_for_the_same_seed_only() -> None:
    first = simulator(TrainingConfig(seed=5)).train(200)
    again = simulator(TrainingConfig(seed=5)).train(200)
    other = simulator(TrainingConfig(seed=6)).train(200)
    assert first.fingerprint() == again.fingerprint() != other.fingerprint()


def test_simulator_never_shares_scenes_between_train_and_validation() -> None:
    source = simulator(TrainingConfig())
    train, validation = source.train(300), source.validation(300)
    assert not set(train.emitter_km[:, 0]) & set(validation.emitter_km[:, 0])


def test_scenes_have_enough_receivers_and_good_geometry() -> None:
    scenes = simulator(TrainingConfig(min_receivers=5, max_gdop=6.0)).train(500)
    assert len(scenes) == 500
    assert scenes.present.sum(axis=1).min() >= 5
    assert scenes.gdop().max() <= 6.0 * 1.01  # the kept height is the assumed one


def test_scenes_are_silent_where_no_receiver_hears() -> None:
    scenes = simulator(TrainingConfig()).train(300)
    assert np.all(scenes.range_km[~scenes.present] == 0)
    assert np.all(scenes.snr_db[~scenes.present] == 0)
    np.testing.assert_allclose(scenes.range_km.sum(axis=1), 0, atol=1e-9)


def test_ideal_ranges_have_the_stated_noise() -> None:
    config = TrainingConfig(scenario="ideal", train_samples=4000)
    scenes = simulator(config).train(4000)
    distance = np.linalg.norm(on_ground(scenes.emitter_km)[:, None] - scenes.receiver_km, axis=-1)
    late_ns = (scenes.range_km - centred(distance, scenes.present)) / AIR_KM_PER_NS
    # centring takes one of n degrees of freedom; noise differs between receivers
    full = scenes.present.all(axis=1)
    expected = np.mean(scenes.sigma_ns[full] ** 2) * 6 / 7
    assert np.mean(late_ns[full] ** 2) == pytest.approx(expected, rel=0.05)


def test_echoes_make_arrivals_late() -> None:
    late = Simulator(Scenario.of(TrainingConfig(scenario="nlos", nlos_prob=0.9)), 1).train(500)
    plain = Simulator(Scenario.of(TrainingConfig(scenario="pps")), 1).train(500)
    assert late.range_km.std() != plain.range_km.std()
    np.testing.assert_array_equal(late.present, plain.present)


def test_impossible_filter_says_so() -> None:
    config = TrainingConfig(max_gdop=1.0, path_loss_exponent=6, shadow_db=0.1)
    with pytest.raises(TrainerError, match="max_gdop 1"):
        simulator(config).train(64)


def test_simulator_has_the_seven_receivers() -> None:
    assert len(RECEIVERS) == 7
    assert simulator(TrainingConfig()).receiver_km.shape == (7, 3)
