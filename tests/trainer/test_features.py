"""Scenes as tensors."""

import torch

from trainer.config import TrainingConfig
from trainer.features import Batch
from trainer.scene import simulator


def test_batch_rows_take_all_columns_alike() -> None:
    batch = Batch.of(simulator(TrainingConfig()).train(20))
    part = batch.rows(torch.tensor([3, 1]))
    assert len(part) == 2
    for name in ("range_km", "snr", "present", "guess_km", "misfit", "target_km"):
        torch.testing.assert_close(getattr(part, name), getattr(batch, name)[[3, 1]])
