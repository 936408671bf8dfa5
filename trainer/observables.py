"""What a receiver measures and how badly: signal strength, arrival time, site biases, echoes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from trainer.config import TrainingConfig
from trainer.geodesy import Array

FREQUENCY_MHZ = 145.0
NOISE_DBM = -120.0
"""kTB of 12.5 kHz, noise figure 6 dB and man-made noise."""
POWER_DBM = (30.0, 44.0)
"""An emitter's power, uniform, unknown to the network."""
BANDWIDTH_HZ = 12_500.0
DURATION_S = 1.0
AZIMUTH_HARMONICS = 3

_PRESETS: dict[str, tuple[float, float, float, float]] = {
    # sync_ns, bias_ns, nlos_prob, nlos_ns
    "gnss": (20.0, 100.0, 0.0, 300.0),
    "ideal": (30.0, 0.0, 0.0, 300.0),
    "pps": (50.0, 150.0, 0.0, 300.0),
    "nlos": (50.0, 150.0, 0.2, 300.0),
    "power": (0.0, 0.0, 0.0, 0.0),
}


@dataclass(frozen=True)
class Scenario:
    """The numbers behind a scenario's name. Times in ns rms, strengths in dB."""

    name: str
    has_timing: bool
    sync_ns: float
    bias_ns: float
    nlos_prob: float
    nlos_ns: float
    shadow_db: float = 7.0
    path_loss_exponent: float = 3.2
    min_receivers: int = 4
    max_gdop: float = 20.0

    @classmethod
    def of(cls, config: TrainingConfig) -> Self:
        preset = _PRESETS[config.scenario]
        asked = (config.sync_ns, config.bias_ns, config.nlos_prob, config.nlos_ns)
        sync, bias, chance, delay = (
            default if own is None else own for default, own in zip(preset, asked, strict=True)
        )
        return cls(
            name=config.scenario,
            has_timing=config.scenario != "power",
            sync_ns=sync,
            bias_ns=bias,
            nlos_prob=chance,
            nlos_ns=delay,
            shadow_db=config.shadow_db,
            path_loss_exponent=config.path_loss_exponent,
            min_receivers=config.min_receivers,
            max_gdop=config.max_gdop,
        )


def snr_db(distance_km: Array, scenario: Scenario, rng: np.random.Generator) -> Array:
    """Signal-to-noise ratio [N, R] in dB: log-distance path loss and log-normal shadowing.

    source: Rappaport, Wireless Communications, ch. 4; free space at 1 km: ITU-R P.525
    """
    power = rng.uniform(*POWER_DBM, size=(len(distance_km), 1))
    at_1_km = 32.45 + 20 * np.log10(FREQUENCY_MHZ)
    loss = at_1_km + 10 * scenario.path_loss_exponent * np.log10(np.maximum(distance_km, 0.05))
    shadow = scenario.shadow_db * rng.standard_normal(distance_km.shape)
    snr_db: Array = power - loss + shadow - NOISE_DBM
    return snr_db


def timing_sigma_ns(snr: Array, sync_ns: float) -> Array:
    """Standard deviation of an arrival time in ns: synchronisation and finite signal.

    snr: dB. 28 ns at 20 dB in 12.5 kHz and 1 s, before synchronisation.
    source: Stein 1981, flat spectrum; holds for an output ratio above 10 dB
    """
    rms_bandwidth = BANDWIDTH_HZ / np.sqrt(12)
    ratio = 10 ** (snr / 10)
    signal_s = 1 / (2 * np.pi * rms_bandwidth * np.sqrt(2 * BANDWIDTH_HZ * DURATION_S * ratio))
    noise_ns: Array = np.hypot(sync_ns, 1e9 * signal_s)
    return noise_ns


@dataclass(frozen=True)
class SiteBiases:
    """Each site's own delay by azimuth: reflections near the antenna that never change.

    coefficients: [R, 1 + 2 H] ns, constant and H azimuth harmonics, unit variance times bias_ns.
    This is what a network can learn and a solver cannot know.
    """

    coefficients: Array

    @classmethod
    def draw(cls, receivers: int, bias_ns: float, rng: np.random.Generator) -> Self:
        terms = 1 + 2 * AZIMUTH_HARMONICS
        # a harmonic's mean square is a half: these weights give variance 1 at every azimuth
        weight = np.array([1.0] + [1.0] * (terms - 1)) / np.sqrt(1 + AZIMUTH_HARMONICS)
        return cls(bias_ns * weight * rng.standard_normal((receivers, terms)))

    def at(self, azimuth_rad: Array) -> Array:
        """Bias in ns at azimuths [N, R]."""
        order = np.arange(1, AZIMUTH_HARMONICS + 1)
        angle = azimuth_rad[..., None] * order
        terms = np.concatenate(
            [np.ones_like(azimuth_rad)[..., None], np.cos(angle), np.sin(angle)], axis=-1
        )
        delay: Array = np.einsum("nrt,rt->nr", terms, self.coefficients)
        return delay
