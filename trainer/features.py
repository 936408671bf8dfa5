"""Scenes as the tensors the network reads, made once."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import torch
from torch import Tensor

from trainer.closed_form import closed_form
from trainer.scenes import Scenes


@dataclass(frozen=True)
class Batch:
    """B scenes of R receivers, float32, absent receivers 0 in every field.

    range_km:  [B, R] centred over the present receivers
    snr:       [B, R] (dB - 20) / 15
    present:   [B, R] 1 or 0
    guess_km:  [B, 2] closed-form solution, the better of two roots
    misfit:    [B] natural log of the guess's rms range residual in km
    target_km: [B, 2] the truth
    """

    range_km: Tensor
    snr: Tensor
    present: Tensor
    guess_km: Tensor
    misfit: Tensor
    target_km: Tensor

    @classmethod
    def of(cls, scenes: Scenes, device: str = "cpu") -> Self:
        guess, misfit = closed_form(scenes)
        snr = np.where(scenes.present, (scenes.snr_db - 20) / 15, 0.0)
        columns = (scenes.range_km, snr, scenes.present, guess, misfit, scenes.emitter_km)
        return cls(*(torch.tensor(c, dtype=torch.float32, device=device) for c in columns))

    def rows(self, index: Tensor | slice) -> Self:
        return type(self)(*(getattr(self, field.name)[index] for field in fields(self)))

    def __len__(self) -> int:
        return len(self.target_km)
