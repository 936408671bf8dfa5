"""The closed-form first guess: exact without noise, on the right branch with it."""

from dataclasses import replace

import numpy as np
import pytest

from trainer.closed_form import REACH_KM, closed_form, roots
from trainer.config import TrainingConfig
from trainer.geodesy import Array, on_ground
from trainer.outages import without
from trainer.scene import centred, simulator
from trainer.scenes import Scenes


@pytest.fixture(scope="module")
def scenes() -> Scenes:
    return simulator(TrainingConfig()).train(3000)


def noiseless(scenes: Scenes) -> Scenes:
    offset = on_ground(scenes.emitter_km)[:, None] - scenes.receiver_km
    return replace(scenes, range_km=centred(np.linalg.norm(offset, axis=-1), scenes.present))


def error_m(position: Array, scenes: Scenes) -> Array:
    return np.asarray(1e3 * np.linalg.norm(position - scenes.emitter_km, axis=1))


def test_it_finds_noiseless_emitters(scenes: Scenes) -> None:
    exact = noiseless(scenes)
    guess, misfit = closed_form(exact)
    assert np.median(error_m(guess, exact)) < 0.1
    assert np.quantile(error_m(guess, exact), 0.99) < 10
    assert np.median(misfit) < -4


def test_one_of_the_roots_is_near_the_emitter_without_noise(scenes: Scenes) -> None:
    exact = noiseless(scenes)
    nearest = np.minimum(*(error_m(root, exact) for root in roots(exact)))
    assert np.median(nearest) < 500  # the flat solution leaves out the receivers' heights
    assert np.median(np.maximum(*(error_m(root, exact) for root in roots(exact)))) > 5_000


def test_no_scene_ends_on_a_wrong_branch(scenes: Scenes) -> None:
    """A linear solution, blind to the second root, put 0.2 % of scenes more than 10 km off."""
    guess, _ = closed_form(scenes)
    assert error_m(guess, scenes).max() < 10_000
    assert np.mean(error_m(guess, scenes) > 2_000) < 2e-3


def test_four_receivers_are_enough(scenes: Scenes) -> None:
    few = scenes.take(np.flatnonzero(scenes.present.sum(axis=1) == 7))
    few = without(few, few.present & (np.arange(7) % 2 == 0))
    guess, _ = closed_form(few)
    assert np.quantile(error_m(guess, few), 0.95) < 3_000
    assert np.mean(error_m(guess, few) > 10_000) < 5e-3


def test_it_does_not_depend_on_absent_receivers(scenes: Scenes) -> None:
    loud = replace(scenes, snr_db=np.where(scenes.present, scenes.snr_db, 99.0))
    np.testing.assert_array_equal(closed_form(loud)[0], closed_form(scenes)[0])


def test_it_stays_within_reach_for_any_numbers(scenes: Scenes) -> None:
    rng = np.random.default_rng(0)
    wild = centred(rng.normal(0, 1e4, scenes.range_km.shape), scenes.present)
    guess, misfit = closed_form(replace(scenes, range_km=wild))
    assert np.linalg.norm(guess, axis=1).max() <= REACH_KM * (1 + 1e-12)
    assert np.isfinite(misfit).all()


def test_scenes_without_arrival_times_have_no_guess() -> None:
    guess, misfit = closed_form(simulator(TrainingConfig(scenario="power")).train(64))
    assert not guess.any()
    assert not misfit.any()
