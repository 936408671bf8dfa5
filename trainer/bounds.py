"""How well anything could do: the Cramér-Rao bound of each scene, and what it says of a set.

The bound takes the site biases as known. A network that learns them can approach it; a solver
that does not know them cannot.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from trainer.geodesy import AIR_KM_PER_NS, Array, on_ground
from trainer.observables import Scenario
from trainer.scene import READOUT_DB
from trainer.scenes import Scenes, directions

PRIOR_KM = 60.0
"""Spread of emitters, per axis: without timing it is half of what is known."""
DRAWS = 32


@dataclass(frozen=True)
class Bound:
    """Error quantiles of an unbiased, efficient estimator on one set of scenes, in m."""

    p50_m: float
    p68_m: float
    p95_m: float
    rmse_m: float
    oracle_nll: float
    """Mean negative log-likelihood (nats, km) of a network that reaches the bound."""


def fisher(scenes: Scenes, scenario: Scenario) -> Array:
    """Information about east and north, [N, 2, 2] in 1/km².

    Emission time and transmit power are unknown: both are removed by weighted centring.
    source: Torrieri 1984; timing noise that is not normal enters by its Fisher information
    """
    emitter = on_ground(scenes.emitter_km)
    total = np.zeros((len(scenes), 2, 2))
    if scenario.has_timing:
        sigma = np.where(scenes.present, scenes.sigma_ns, 1.0)
        weight = scenes.present * timing_information(sigma, scenario) / AIR_KM_PER_NS**2
        q, _ = directions(emitter, scenes.receiver_km, scenes.present, weight)
        total += np.einsum("nr,nri,nrj->nij", weight, q, q)
    else:
        total += np.eye(2) / PRIOR_KM**2
    return total + _power_information(emitter, scenes, scenario)


def _power_information(emitter: Array, scenes: Scenes, scenario: Scenario) -> Array:
    present = scenes.present
    ones = np.ones(present.shape)
    _, distance = directions(emitter, scenes.receiver_km, present, ones)
    toward = (emitter[:, None] - scenes.receiver_km)[..., :2] / distance[..., None]
    slope = -10 * scenario.path_loss_exponent / np.log(10) * toward / distance[..., None]
    count = present.sum(axis=1)[:, None]
    mean = np.where(present[..., None], slope, 0.0).sum(axis=1) / count
    slope = np.where(present[..., None], slope - mean[:, None], 0.0)
    variance = scenario.shadow_db**2 + READOUT_DB**2
    information: Array = np.einsum("nri,nrj->nij", slope, slope) / variance
    return information


def bound(scenes: Scenes, scenario: Scenario, seed: int = 0) -> Bound | None:
    """The bound of a set of scenes; None where the timing noise is not known."""
    if scenario.has_timing and np.isnan(scenes.sigma_ns[scenes.present]).any():
        return None
    covariance = np.linalg.inv(fisher(scenes, scenario))
    factor = np.linalg.cholesky(covariance)
    rng = np.random.default_rng(seed)
    errors = np.einsum("nij,dnj->dni", factor, rng.standard_normal((DRAWS, len(scenes), 2)))
    p50, p68, p95 = np.quantile(np.linalg.norm(errors, axis=-1), [0.50, 0.68, 0.95]) * 1e3
    log_det = np.linalg.slogdet(covariance)[1]
    return Bound(
        p50_m=float(p50),
        p68_m=float(p68),
        p95_m=float(p95),
        rmse_m=float(1e3 * np.sqrt(np.trace(covariance, axis1=1, axis2=2).mean())),
        oracle_nll=float(1 + np.log(2 * np.pi) + 0.5 * log_det.mean()),
    )


def timing_information(sigma_ns: Array, scenario: Scenario) -> Array:
    """Fisher information of an arrival time in 1/ns²: 1/sigma², less where echoes occur."""
    if scenario.nlos_prob == 0 or scenario.nlos_ns == 0:
        return np.asarray(1 / sigma_ns**2)
    grid = np.geomspace(sigma_ns.min() * 0.99, sigma_ns.max() * 1.01, 40)
    share = [_echo_share(s, scenario.nlos_prob, scenario.nlos_ns) for s in grid]
    return np.asarray(np.interp(np.log(sigma_ns), np.log(grid), share) / sigma_ns**2)


def _echo_share(sigma: float, chance: float, delay: float) -> float:
    """Information of N(0, sigma) + [chance] Exp(delay), times sigma²: integral of f'²/f."""
    x = np.concatenate(
        [
            np.linspace(-8 * sigma, 8 * sigma, 4001),
            np.linspace(8 * sigma, 8 * sigma + 25 * delay, 4001)[1:],
        ]
    )
    t = torch.from_numpy(x)
    tail = sigma**2 / (2 * delay**2) - t / delay
    tail = tail + torch.special.log_ndtr(t / sigma - sigma / delay)
    echo = (torch.exp(tail) / delay).numpy()
    direct = np.exp(-0.5 * (x / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi))
    density = (1 - chance) * direct + chance * echo
    # the echo density g solves g' = (direct - g) / delay
    slope = -(1 - chance) * direct * x / sigma**2 + chance * (direct - echo) / delay
    integrand = slope**2 / np.maximum(density, 1e-300)
    return float(sigma**2 * np.trapezoid(integrand, x))
