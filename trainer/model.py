"""The network: a first guess from the whole set, then refinement steps, all with the same weights.

Each step sees range residuals divided by their own rms and gives a step times that rms, in a
frame whitened by the geometry: the same small network corrects 30 km and 30 m. Regressing the
position directly needs a relative accuracy of 3e-4 and stalls near 1 km.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from trainer.blocks import SetHead
from trainer.closed_form import REACH_KM
from trainer.config import TrainingConfig
from trainer.features import Batch
from trainer.geodesy import MEAN_RADIUS_KM
from trainer.plane_algebra import inverse_root, pack

SCALE_KM = 100.0
STEP_LIMIT_KM = 150.0
RESIDUAL_FLOOR_KM = 0.01
"""10 m, about 30 ns: residuals below it are noise, also where four receivers fit exactly."""
BIAS_SCALE_KM = 0.03
EMITTER_HEIGHT_KM = 0.3
LOG_SIGMA = (-9.0, 8.0)
RATIO_LIMIT = 4.0
GUESS_SIGMA_KM = 30.0
HARMONICS = 4


class Prediction(NamedTuple):
    """A normal distribution per scene: mean [B, 2] km and factor F [B, 2, 2] km, Cov = F F^T."""

    mean: Tensor
    factor: Tensor


class Locator(nn.Module):
    """Batch in, one prediction per stage out; the last is the answer.

    Guarantees: absent receivers do not matter, whatever their numbers; no hidden randomness.
    """

    receiver_km: Tensor

    def __init__(self, receiver_km: Tensor, config: TrainingConfig, has_timing: bool) -> None:
        super().__init__()
        self.register_buffer("receiver_km", receiver_km.to(torch.float32), persistent=False)
        receivers = len(receiver_km)
        self.full = config.covariance == "full"
        self.starts_from_guess = config.init == "ls"
        self.steps = config.refine_steps if has_timing else 0
        outputs = 5 if self.full else 3
        self.first: SetHead | None = None
        if not self.starts_from_guess:
            self.first = SetHead(receivers, 5, 3, config.width, config.heads, outputs)
        self.refine: SetHead | None = None
        if self.steps:
            features = 8 + 2 * (1 + 2 * HARMONICS)
            self.refine = SetHead(receivers, features, 5, config.width, config.heads, outputs)

    def forward(self, batch: Batch) -> list[Prediction]:
        stages: list[Prediction] = []
        position = batch.guess_km
        if self.first is not None:
            stages.append(self._first_guess(batch, self.first))
            position = stages[-1].mean.detach()
        if self.refine is not None:
            for _ in range(self.steps):
                stages.append(self._step(batch, position, self.refine))
                position = stages[-1].mean.detach()
        return stages

    def _first_guess(self, batch: Batch, head: SetHead) -> Prediction:
        present = batch.present.T[..., None]
        place = (self.receiver_km / SCALE_KM)[:, None].expand(-1, len(batch), -1)
        seen = torch.stack([batch.range_km.T / SCALE_KM, batch.snr.T], dim=-1)
        features = torch.cat([seen, place], dim=-1) * present
        context = torch.cat([batch.guess_km / SCALE_KM, batch.misfit[:, None] / 5], dim=-1)
        out = head(features, present, context)
        mean = _within(SCALE_KM * out[:, :2], REACH_KM)
        frame = torch.eye(2, device=out.device).expand(len(batch), 2, 2)
        scale = torch.full_like(out[:, 0], GUESS_SIGMA_KM)
        return Prediction(mean, self._factor(out[:, 2:], frame, scale))

    def _step(self, batch: Batch, position: Tensor, head: SetHead) -> Prediction:
        present = batch.present.T[..., None]
        with torch.no_grad():
            view = _look(batch, position, self.receiver_km)
        out = head(view.features, present, view.context)
        raw = (view.rms * torch.sqrt(view.heard))[:, None, None] * view.frame @ out[:, :2, None]
        mean = _within(position + _within(raw[..., 0], STEP_LIMIT_KM), REACH_KM)
        frame = view.frame if self.full else torch.eye(2, device=out.device).expand_as(view.frame)
        return Prediction(mean, self._factor(out[:, 2:], frame, view.rms))

    def _factor(self, out: Tensor, frame: Tensor, scale_km: Tensor) -> Tensor:
        """Covariance factor: a scale, and (full) a lower-triangular shape of determinant 1."""
        sigma = torch.exp(torch.clamp(out[:, 0] + torch.log(scale_km), *LOG_SIGMA))
        if not self.full:
            return sigma[:, None, None] * frame
        ratio = RATIO_LIMIT * torch.tanh(out[:, 1] / RATIO_LIMIT)
        shear = RATIO_LIMIT * torch.tanh(out[:, 2] / RATIO_LIMIT)
        shape = pack(torch.exp(ratio), torch.zeros_like(ratio), shear, torch.exp(-ratio))
        return sigma[:, None, None] * (frame @ shape)


class View(NamedTuple):
    """The set as seen from a position: features [R, B, F], context [B, 5], and its scales.

    rms: [B] km; heard: [B] receivers; frame: [B, 2, 2] G^-1/2 of the geometry
    """

    features: Tensor
    context: Tensor
    rms: Tensor
    heard: Tensor
    frame: Tensor


def _look(batch: Batch, position: Tensor, receiver_km: Tensor) -> View:
    mask = batch.present.T
    count = mask.sum(dim=0)
    up = EMITTER_HEIGHT_KM - (position**2).sum(dim=-1) / (2 * MEAN_RADIUS_KM)
    offset = torch.cat([position, up[:, None]], dim=-1) - receiver_km[:, None]
    distance = torch.linalg.vector_norm(offset, dim=-1)
    unit = offset[..., :2] / distance[..., None].clamp(min=0.1)
    mean_unit = (unit * mask[..., None]).sum(dim=0) / count[:, None]
    q = (unit - mean_unit) * mask[..., None]
    geometry = torch.einsum("rbi,rbj->bij", q, q)
    frame = inverse_root(geometry + 1e-3 * torch.eye(2, device=q.device))
    whitened = torch.einsum("bij,rbj->rbi", frame, q)

    predicted = distance - (distance * mask).sum(dim=0) / count
    residual = (batch.range_km.T - predicted) * mask
    rms = torch.sqrt((residual**2).sum(dim=0) / count + RESIDUAL_FLOOR_KM**2)
    scaled = residual / rms
    log_rms = torch.log(rms)

    azimuth = torch.atan2(unit[..., 0], unit[..., 1])
    turns = [torch.ones_like(azimuth)]
    for k in range(1, HARMONICS + 1):
        turns += [torch.cos(k * azimuth), torch.sin(k * azimuth)]
    by_azimuth = torch.stack(turns, dim=-1)
    features = torch.cat(
        [
            torch.stack(
                [
                    scaled,
                    batch.snr.T,
                    torch.log(distance.clamp(min=0.1) / 50),
                    (log_rms / 4).expand_as(scaled),
                ],
                dim=-1,
            ),
            whitened,
            whitened * scaled[..., None],
            by_azimuth,
            # a site's bias is in km: at the scale of the residuals it can be subtracted
            by_azimuth * (BIAS_SCALE_KM / rms)[:, None],
        ],
        dim=-1,
    )
    features = features * mask[..., None]
    size = torch.log(torch.diagonal(geometry, dim1=1, dim2=2) + 1e-3)
    context = torch.cat(
        [log_rms[:, None] / 4, count[:, None] / 7, size, batch.misfit[:, None] / 5], -1
    )
    return View(features, context, rms, count, frame)


def _within(vector: Tensor, limit_km: float) -> Tensor:
    """Vectors [B, 2], shortened where they are longer than the limit."""
    length = torch.linalg.vector_norm(vector, dim=-1, keepdim=True).clamp(min=1e-9)
    return vector * torch.clamp(limit_km / length, max=1.0)
