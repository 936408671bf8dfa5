"""Where the scenes of each epoch come from: simulated, or read from a file of measured events."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from trainer.config import TrainingConfig
from trainer.observables import Scenario
from trainer.scene import simulator
from trainer.scenes import Scenes


class Material(Protocol):
    """Training scenes by epoch and one validation set; all of it follows from the config."""

    scenario: Scenario
    validation: Scenes
    warnings: tuple[str, ...]

    def of_epoch(self, epoch: int) -> Scenes:
        """The training scenes of an epoch (1-based); the same object while nothing changes."""


class Simulated:
    """Scenes from the simulator, redrawn each epoch as `resample` says."""

    def __init__(self, config: TrainingConfig) -> None:
        self.scenario = Scenario.of(config)
        self.warnings: tuple[str, ...] = ()
        self._simulator = simulator(config)
        self._config = config
        self.validation = self._simulator.validation(config.val_samples)
        self._fixed = self._simulator.train(config.train_samples)

    def of_epoch(self, epoch: int) -> Scenes:
        if self._config.resample == "none" or epoch == 0:
            return self._fixed
        places = epoch if self._config.resample == "all" else 0
        return self._simulator.train(self._config.train_samples, places=places, noise=epoch)


class Measured:
    """Events from a file, split by place so that one transmitter is never on both sides."""

    def __init__(self, config: TrainingConfig, path: Path) -> None:
        # Here, and not above: pandas takes 0.4 s, and simulated scenes need none of it.
        from trainer.dataset import read_events
        from trainer.events import split_by_place

        events = read_events(path, min_receivers=config.min_receivers)
        self.scenario = Scenario.of(config)
        self.warnings: tuple[str, ...] = ()
        if not events.has_timing:
            self.scenario = Scenario.of(config.model_copy(update={"scenario": "power"}))
            self.warnings = ("The data set has no toa_ns: power only, expect tens of kilometres.",)
        self._train, self.validation = split_by_place(events, config.val_fraction, config.seed)

    def of_epoch(self, epoch: int) -> Scenes:
        return self._train


def material(config: TrainingConfig) -> Material:
    """raises: DatasetError where the config names a file that breaks the schema"""
    return Measured(config, Path(config.dataset)) if config.dataset else Simulated(config)
