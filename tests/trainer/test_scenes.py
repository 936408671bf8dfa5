"""Geometry of scenes: GDOP against closed forms; rows and fingerprints."""

import numpy as np
import pytest

from trainer.config import TrainingConfig
from trainer.geodesy import on_ground
from trainer.scene import simulator
from trainer.scenes import gdop


@pytest.mark.parametrize("count", [3, 4, 7, 12])
def test_gdop_of_a_regular_polygon_is_two_over_root_n(count: int) -> None:
    """source: Levanon 2000: the lowest that n receivers can give"""
    angle = 2 * np.pi * np.arange(count) / count
    receivers = np.stack([50 * np.cos(angle), 50 * np.sin(angle), np.zeros(count)], axis=1)
    value = gdop(np.zeros((1, 3)), receivers, np.ones((1, count), dtype=bool))
    np.testing.assert_allclose(value, 2 / np.sqrt(count), rtol=1e-9)


def test_one_receiver_more_never_raises_gdop() -> None:
    scenes = simulator(TrainingConfig()).train(500)
    less = scenes.present.copy()
    lost = np.argmax(scenes.present, axis=1)
    less[np.arange(500), lost] = False
    emitter = on_ground(scenes.emitter_km)
    before = gdop(emitter, scenes.receiver_km, less)
    assert np.all(gdop(emitter, scenes.receiver_km, scenes.present) <= before + 1e-9)


def test_gdop_of_receivers_in_one_direction_is_infinite() -> None:
    receivers = np.array([[10.0, 0, 0], [20.0, 0, 0], [30.0, 0, 0]])
    assert gdop(np.zeros((1, 3)), receivers, np.ones((1, 3), dtype=bool))[0] == np.inf


def test_fingerprint_sees_every_change() -> None:
    scenes = simulator(TrainingConfig()).train(50)
    before = scenes.fingerprint()
    scenes.range_km[3, 2] += 1e-4  # 10 cm
    assert scenes.fingerprint() != before


def test_fingerprint_does_not_see_the_last_bits_of_another_cpu() -> None:
    scenes = simulator(TrainingConfig()).train(50)
    before = scenes.fingerprint()
    scenes.range_km[:] = np.nextafter(scenes.range_km, np.inf)
    assert scenes.fingerprint() == before


def test_taken_rows_keep_their_receivers() -> None:
    scenes = simulator(TrainingConfig()).train(50)
    part = scenes.take(np.array([7, 3]))
    assert len(part) == 2
    np.testing.assert_array_equal(part.range_km[1], scenes.range_km[3])
    np.testing.assert_array_equal(part.receiver_km, scenes.receiver_km)
