"""The closed-form first guess, and scenes as tensors."""

from dataclasses import replace

import numpy as np
import torch

from heimdall_dash.training import TrainingConfig
from trainer.features import REACH_KM, Batch, closed_form
from trainer.geodesy import on_ground
from trainer.scene import centred, simulator


def test_closed_form_finds_noiseless_emitters() -> None:
    scenes = simulator(TrainingConfig(min_receivers=7)).train(500)
    offset = on_ground(scenes.emitter_km)[:, None] - scenes.receiver_km
    exact = centred(np.linalg.norm(offset, axis=-1), scenes.present)
    guess, misfit = closed_form(replace(scenes, range_km=exact))
    error_m = 1e3 * np.linalg.norm(guess - scenes.emitter_km, axis=1)
    assert np.median(error_m) < 30  # the heights that the flat solution leaves out
    assert np.all(misfit < -2)


def test_closed_form_stays_within_reach_for_any_numbers() -> None:
    scenes = simulator(TrainingConfig()).train(500)
    rng = np.random.default_rng(0)
    wild = centred(rng.normal(0, 1e4, scenes.range_km.shape), scenes.present)
    guess, misfit = closed_form(replace(scenes, range_km=wild))
    assert np.linalg.norm(guess, axis=1).max() <= REACH_KM * (1 + 1e-12)
    assert np.isfinite(misfit).all()


def test_batch_rows_take_all_columns_alike() -> None:
    batch = Batch.of(simulator(TrainingConfig()).train(20))
    part = batch.rows(torch.tensor([3, 1]))
    assert len(part) == 2
    for name in ("range_km", "snr", "present", "guess_km", "misfit", "target_km"):
        torch.testing.assert_close(getattr(part, name), getattr(batch, name)[[3, 1]])
