"""Scenes as the tensors the network reads, made once; and the closed-form first guess."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import torch
from torch import Tensor

from trainer.geodesy import Array
from trainer.scenes import Scenes

REACH_KM = 250.0
"""No position further out than this is believed or predicted."""
_RIDGE = 1e-6


@dataclass(frozen=True)
class Batch:
    """B scenes of R receivers, float32, absent receivers 0 in every field.

    range_km:  [B, R] centred over the present receivers
    snr:       [B, R] (dB - 20) / 15
    present:   [B, R] 1 or 0
    guess_km:  [B, 2] closed-form least squares, within REACH_KM
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


def closed_form(scenes: Scenes) -> tuple[Array, Array]:
    """A position from range differences by one linear solution, with no start and no noise model.

    |x - r_i| = d_i + t squared is linear in (x, t) once the mean over receivers is removed.
    returns: guess [N, 2] km and log rms residual [N] (log km)
    source:  Smith and Abel 1987 (spherical interpolation), all receivers treated alike
    """
    m = scenes.present.astype(float)
    count = m.sum(axis=1, keepdims=True)
    r = scenes.receiver_km
    d = scenes.range_km

    def centre(values: Array) -> Array:
        return m * (values - (m * values).sum(axis=1, keepdims=True) / count)

    rows = np.stack(
        [
            centre(np.broadcast_to(r[:, 0], d.shape)),
            centre(np.broadcast_to(r[:, 1], d.shape)),
            centre(d),
        ],
        axis=-1,
    )
    right = 0.5 * (centre(np.broadcast_to((r**2).sum(axis=1), d.shape)) - centre(d**2))
    normal = np.einsum("nri,nrj->nij", rows, rows)
    normal += _RIDGE * np.trace(normal, axis1=1, axis2=2)[:, None, None] * np.eye(
        3
    ) + 1e-9 * np.eye(3)
    solution = np.linalg.solve(normal, np.einsum("nri,nr->ni", rows, right)[..., None])[..., 0]
    guess = solution[:, :2]
    guess = (
        guess * np.minimum(1, REACH_KM / np.maximum(np.linalg.norm(guess, axis=1), 1e-9))[:, None]
    )
    offset = guess[:, None] - r[:, :2]
    predicted = centre(np.linalg.norm(offset, axis=-1))
    rms = np.sqrt(((predicted - d) ** 2 * m).sum(axis=1) / count[:, 0])
    return guess, np.log(rms + 1e-2)
