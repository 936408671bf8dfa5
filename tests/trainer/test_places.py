"""The places that a job shows: the same ones throughout, with ellipses that hold what they say."""

import numpy as np

from heimdall_dash.predictions import kept
from tests.trainer.test_metrics import CONFIG, Oracle
from trainer.material import Simulated
from trainer.metrics import Evaluator
from trainer.places import PLACES, Places, is_shown


def test_places_are_the_same_throughout_a_job_and_stand_among_the_receivers() -> None:
    source = Simulated(CONFIG)
    evaluator = Evaluator(source.validation, 0)
    places, again = Places(evaluator, 0), Places(evaluator, 0)
    assert places.rows.tolist() == again.rows.tolist()
    found = places.predictions(Oracle(source, 40.0, 30.0))
    sample = kept(3, **found)
    assert len(sample["labels"]) == min(PLACES, len(source.validation))
    assert sample["left_out"] == 0
    assert set(sample["places"]) == set(source.validation.receiver_names)
    assert np.allclose(found["truth"], source.validation.emitter_km[places.rows], atol=1e-4)
    assert np.allclose(np.array(sample["mean"]) - sample["truth"], [0.04, 0.0], atol=1e-4)
    assert np.allclose(sample["spread"], [0.03**2, 0.0, 0.03**2], rtol=1e-4)


def test_first_last_and_some_epochs_are_shown() -> None:
    shown = [epoch for epoch in range(501) if is_shown(epoch, 500)]
    assert shown[:8] == [0, 1, 2, 3, 4, 5, 10, 20]
    assert shown[-1] == 500
    assert all(is_shown(epoch, 30) for epoch in range(31))
    assert is_shown(999, 999)
