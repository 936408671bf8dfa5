"""What receivers measure, against the figures it is meant to have."""

import numpy as np
import pytest

from trainer.config import TrainingConfig
from trainer.observables import Scenario, SiteBiases, timing_sigma_ns
from trainer.scene import simulator


def test_snr_and_presence_look_like_the_stated_receivers() -> None:
    scenes = simulator(TrainingConfig()).train(4000)
    snr = scenes.snr_db[scenes.present]
    np.testing.assert_allclose(np.quantile(snr, [0.05, 0.5, 0.95]), [6.4, 21, 42], atol=2.5)
    assert 5.9 < scenes.present.sum(axis=1).mean() < 6.4


def test_timing_sigma_at_20_db_is_28_ns_and_sync() -> None:
    assert timing_sigma_ns(np.array(20.0), 0.0) == pytest.approx(28, abs=0.5)
    assert timing_sigma_ns(np.array(60.0), 20.0) == pytest.approx(20, abs=0.1)


def test_site_biases_have_the_stated_rms_over_sites_and_azimuths() -> None:
    biases = SiteBiases.draw(4000, 100.0, np.random.default_rng(0))
    for azimuth in (0.0, 1.0, 2.5):
        drawn = biases.at(np.full((1, 4000), azimuth))
        assert drawn.std() == pytest.approx(100, rel=0.04)


def test_scenario_takes_presets_and_own_values() -> None:
    assert Scenario.of(TrainingConfig(scenario="nlos")).nlos_prob == 0.2
    assert Scenario.of(TrainingConfig(scenario="pps", sync_ns=75)).sync_ns == 75
    assert not Scenario.of(TrainingConfig(scenario="power")).has_timing
