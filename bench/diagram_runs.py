"""Small runs that are really trained, for the pictures of docs/calibration.md: one that is
calibrated, one that is too sure of itself, one that knows nothing and says so, and a classifier."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from heimdall_dash import Job
from heimdall_dash.calibration import chance_floors, classification_metrics, regression_metrics
from heimdall_dash.calibration.normal import Array
from trainer.checkpoint import CheckpointFolder
from trainer.config import TrainingConfig
from trainer.loop import fit

EPOCHS = 60
STEPS = 12  # per epoch
VALIDATION = 1_000
RATE = 0.02


def heights(rng: np.random.Generator, count: int) -> tuple[Array, Array]:
    """A curve whose noise grows to the right: x [N], y [N]."""
    x = np.clip(0.4 * rng.standard_normal(count), -1, 1)
    return x, 150 + 60 * np.sin(1.2 * x) + (3 + 4 * (x + 1)) * rng.standard_normal(count)


def features(x: Array, count: int) -> Array:
    """Gaussian bumps [N, count], and a constant."""
    centres = np.linspace(-1, 1, count)
    bumps = np.exp(-0.5 * ((x[:, None] - centres) * count / 2.5) ** 2)
    return np.hstack([bumps, np.ones((len(x), 1))])


def regression(job: Job, samples: int, bumps: int) -> None:
    """Mean and log σ, each linear in the bumps, by Adam on the likelihood. With many samples it is
    calibrated; with as many bumps as samples it learns them by heart, and is sure of itself."""
    rng = np.random.default_rng(4)
    x, y = heights(rng, samples)
    at, truth = heights(rng, VALIDATION)
    inside, outside = features(x, bumps), features(at, bumps)
    target = (y - 150) / 30
    weights = np.zeros((inside.shape[1], 2))
    job.describe(chance_floors(VALIDATION))
    for epoch, step in enumerate(adam(weights), start=1):
        for _ in range(STEPS):
            mean, log_sigma = (inside @ weights).T
            scaled = (mean - target) * np.exp(-2 * log_sigma)
            slope = np.stack([scaled, 1 - (mean - target) * scaled], axis=1)
            step(inside.T @ slope / samples)
        mean, log_sigma = (outside @ weights).T
        predicted, sigma = 150 + 30 * mean, 30 * np.exp(log_sigma)
        job.log(epoch, regression_metrics(predicted, sigma, truth, unit="cm"))
        if epoch % 5 == 0:
            job.predictions(
                epoch, truth=truth, mean=predicted, sigma=sigma, unit="cm", axes=["Height"]
            )


def spread_of_all(job: Job) -> None:
    """Answers the mean and the spread of all heights, whatever it is asked."""
    _, truth = heights(np.random.default_rng(4), VALIDATION)
    mean, sigma = np.full(VALIDATION, truth.mean()), np.full(VALIDATION, truth.std())
    job.log(1, regression_metrics(mean, sigma, truth, unit="cm"))
    job.predictions(1, truth=truth, mean=mean, sigma=sigma, unit="cm", axes=["Height"])


def classifier(job: Job) -> None:
    """Softmax regression on few samples of many features: the longer, the surer."""
    rng = np.random.default_rng(9)
    kinds, width, samples = 4, 60, 150
    centres = rng.standard_normal((kinds, width)) * 0.25
    labels, asked = rng.integers(0, kinds, samples), rng.integers(0, kinds, VALIDATION)
    inside = centres[labels] + rng.standard_normal((samples, width))
    outside = centres[asked] + rng.standard_normal((VALIDATION, width))
    weights = np.zeros((width, kinds))
    for epoch, step in enumerate(adam(weights), start=1):
        for _ in range(4):
            chances = softmax(inside @ weights)
            chances[np.arange(samples), labels] -= 1
            step(inside.T @ chances / samples)
        job.log(epoch, classification_metrics(softmax(outside @ weights), asked))


def demonstration(job: Job, folder: Path) -> None:
    """The demonstration's own training, cut short."""
    config = TrainingConfig(epochs=EPOCHS)
    fit(config, publisher=job, checkpoints=CheckpointFolder(folder), wanted=lambda: "running")


def softmax(values: Array) -> Array:
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def adam(weights: Array) -> Iterator[Adam]:
    """For each epoch what takes a gradient and changes the weights in place."""
    step = Adam(weights)
    for _ in range(EPOCHS):
        yield step


class Adam:
    """source: Kingma and Ba 2015"""

    def __init__(self, weights: Array) -> None:
        self.weights, self.count = weights, 0
        self.first, self.second = np.zeros_like(weights), np.zeros_like(weights)

    def __call__(self, gradient: Array) -> None:
        self.count += 1
        self.first += 0.1 * (gradient - self.first)
        self.second += 0.001 * (gradient**2 - self.second)
        size = np.sqrt(self.second / (1 - 0.999**self.count)) + 1e-8
        self.weights -= RATE * self.first / (1 - 0.9**self.count) / size
