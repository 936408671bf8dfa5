"""Left-out receivers in training: seeded, never too many, and as if they had never heard."""

import numpy as np

from trainer.config import TrainingConfig
from trainer.outages import with_outages, without
from trainer.scene import simulator


def test_outages_follow_from_seed_and_epoch() -> None:
    config = TrainingConfig()
    scenes = simulator(config).train(300)
    one = with_outages(scenes, config, 1)
    assert one.fingerprint() == with_outages(scenes, config, 1).fingerprint()
    assert one.fingerprint() != with_outages(scenes, config, 2).fingerprint()


def test_outages_leave_every_scene_solvable() -> None:
    config = TrainingConfig(outage=0.6)
    scenes = simulator(config).train(1000)
    less = with_outages(scenes, config, 1)
    assert less.present.sum(axis=1).min() >= config.min_receivers
    assert not np.any(less.present & ~scenes.present)
    assert less.present.sum() < scenes.present.sum()
    np.testing.assert_allclose(less.range_km.sum(axis=1), 0, atol=1e-9)


def test_no_outage_changes_nothing() -> None:
    config = TrainingConfig(outage=0)
    scenes = simulator(config).train(100)
    assert with_outages(scenes, config, 1) is scenes


def test_left_out_receiver_does_not_shift_the_differences_of_the_others() -> None:
    scenes = simulator(TrainingConfig(min_receivers=7)).train(50)
    present = scenes.present.copy()
    present[:, 2] = False
    less = without(scenes, present)
    np.testing.assert_allclose(
        less.range_km[:, 5] - less.range_km[:, 0], scenes.range_km[:, 5] - scenes.range_km[:, 0]
    )
    assert np.all(less.snr_db[:, 2] == 0)
    assert np.isnan(less.sigma_ns[:, 2]).all()
