"""Simulated emitters heard by a handful of receivers: one seed, no hidden state.

The timing is that of an *upgraded* network. An ordinary WebSDR's audio stream over the internet
is late by unknown milliseconds, that is hundreds of kilometres.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trainer.config import TrainingConfig
from trainer.errors import TrainerError
from trainer.geodesy import AIR_KM_PER_NS, Array, Plane
from trainer.observables import Scenario, SiteBiases, snr_db, timing_sigma_ns
from trainer.receivers import RECEIVERS, Receiver
from trainer.scenes import Scenes, gdop

INSIDE_SHARE = 0.7
"""Share of emitters in the receivers' bounding box; the others in the box widened by 0.5 deg."""
WIDENED_DEG = 0.5
OUTAGE = 0.10
MIN_SNR_DB = 3.0
READOUT_DB = 1.0
MOST_DRAWS = 100
"""Fewer than one emitter in so many kept: the filter is impossible."""


@dataclass(frozen=True)
class Emitters:
    """Who transmits, and who hears it: all that stays when only the noise is drawn again.

    emitter_km:  [N, 3] east, north, up
    snr_db:      [N, R] true
    present:     [N, R]
    """

    emitter_km: Array
    snr_db: Array
    present: np.ndarray


class Simulator:
    """Seeded scenes of one scenario. The same arguments always give the same scenes."""

    def __init__(
        self, scenario: Scenario, seed: int, receivers: tuple[Receiver, ...] = RECEIVERS
    ) -> None:
        self.scenario = scenario
        self.seed = seed
        self.names = tuple(r[0] for r in receivers)
        lat, lon, height_m = (np.array([r[k] for r in receivers]) for k in (1, 2, 3))
        self.plane = Plane(float(lat.mean()), float(lon.mean()))
        self.receiver_km = self.plane.to_enu(lat, lon, height_m / 1e3)
        self._box = (lat.min(), lat.max(), lon.min(), lon.max())
        self.biases = SiteBiases.draw(len(receivers), scenario.bias_ns, self._rng("sites"))

    def train(self, n: int, *, places: int = 0, noise: int = 0) -> Scenes:
        """Training scenes; `places` and `noise` number the redraws of either."""
        emitters = self._place(n, self._rng("train places", places))
        return self._hear(emitters, self._rng("train noise", places, noise))

    def validation(self, n: int) -> Scenes:
        return self._hear(self._place(n, self._rng("val places")), self._rng("val noise"))

    def _rng(self, purpose: str, *numbers: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, *purpose.encode(), *numbers])

    def _place(self, n: int, rng: np.random.Generator) -> Emitters:
        """N emitters that enough receivers hear, in a geometry no worse than the limit."""
        kept: list[Emitters] = []
        found = 0
        for attempt in range(1, MOST_DRAWS + 1):
            draw = self._draw(n, rng)
            worth = np.flatnonzero(draw.present.sum(axis=1) >= self.scenario.min_receivers)
            dilution = gdop(draw.emitter_km[worth], self.receiver_km, draw.present[worth])
            worth = worth[dilution <= self.scenario.max_gdop]
            kept.append(Emitters(draw.emitter_km[worth], draw.snr_db[worth], draw.present[worth]))
            found += len(worth)
            if found >= n:
                break
            if found * MOST_DRAWS < n * attempt:
                raise TrainerError(
                    f"min_receivers {self.scenario.min_receivers}, max_gdop "
                    f"{self.scenario.max_gdop:g}, path_loss_exponent and shadow_db together keep "
                    f"only {found} of {n * attempt} emitters: relax one of them."
                )
        return Emitters(
            np.concatenate([k.emitter_km for k in kept])[:n],
            np.concatenate([k.snr_db for k in kept])[:n],
            np.concatenate([k.present for k in kept])[:n],
        )

    def _draw(self, n: int, rng: np.random.Generator) -> Emitters:
        south, north, west, east = self._box
        margin = np.where(rng.random(n) < INSIDE_SHARE, 0.0, WIDENED_DEG)
        lat = rng.uniform(south - margin, north + margin)
        lon = rng.uniform(west - margin, east + margin)
        height_km = np.clip(rng.normal(0.3, 0.15, n), 0.0, None)
        emitter = self.plane.to_enu(lat, lon, height_km)
        distance = np.linalg.norm(emitter[:, None] - self.receiver_km, axis=-1)
        snr = snr_db(distance, self.scenario, rng)
        present = (snr >= MIN_SNR_DB) & (rng.random(snr.shape) >= OUTAGE)
        return Emitters(emitter, snr, present)

    def _hear(self, emitters: Emitters, rng: np.random.Generator) -> Scenes:
        """What the receivers report: noisy arrival times (as ranges) and signal strengths."""
        scenario, present = self.scenario, emitters.present
        offset = emitters.emitter_km[:, None] - self.receiver_km
        distance = np.linalg.norm(offset, axis=-1)
        measured_snr = emitters.snr_db + READOUT_DB * rng.standard_normal(distance.shape)
        ranges = np.zeros_like(distance)
        sigma = np.full_like(distance, np.nan)
        if scenario.has_timing:
            sigma = timing_sigma_ns(emitters.snr_db, scenario.sync_ns)
            late_ns = sigma * rng.standard_normal(distance.shape)
            late_ns += self.biases.at(np.arctan2(offset[..., 0], offset[..., 1]))
            echo = rng.random(distance.shape) < scenario.nlos_prob
            late_ns += echo * rng.exponential(max(scenario.nlos_ns, 1e-9), distance.shape)
            ranges = distance + AIR_KM_PER_NS * late_ns
        return Scenes(
            plane=self.plane,
            receiver_km=self.receiver_km,
            receiver_names=self.names,
            emitter_km=emitters.emitter_km[:, :2],
            range_km=centred(ranges, present),
            snr_db=np.where(present, measured_snr, 0.0),
            present=present,
            sigma_ns=np.where(present, sigma, np.nan),
        )


def centred(values: Array, present: np.ndarray) -> Array:
    """Values [N, R] less their mean over the present receivers, 0 where absent.

    This removes the unknown time of emission, in float64: float32 nanoseconds have steps of
    64 ns one second after the origin.
    """
    count = np.maximum(present.sum(axis=1, keepdims=True), 1)
    mean = np.where(present, values, 0.0).sum(axis=1, keepdims=True) / count
    return np.where(present, values - mean, 0.0)


def simulator(config: TrainingConfig) -> Simulator:
    """raises: DatasetError where the config names a file of receivers that cannot be used"""
    return Simulator(Scenario.of(config), config.seed, _receivers(config))


def _receivers(config: TrainingConfig) -> tuple[Receiver, ...]:
    if not config.receivers:
        return RECEIVERS
    # Here, and not above: pandas takes 0.4 s, which the first epoch of most trainings can spare.
    from trainer.receivers_file import read_receivers

    return read_receivers(Path(config.receivers))
