"""One job in one process: its network, optimiser, scenes and state, fresh or restored."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from trainer.checkpoint import CheckpointFolder, TrainingState, check_same_training, cpu
from trainer.config import TrainingConfig
from trainer.errors import AllDamaged, TrainerError
from trainer.facts import facts
from trainer.features import Batch
from trainer.material import material
from trainer.metrics import TRAIN_SUBSET, Evaluator
from trainer.network import check_device, load_weights, network
from trainer.optimisation import Steps, optimizer_for, weight_norm
from trainer.outages import with_outages
from trainer.parallel import Alone
from trainer.places import Places
from trainer.publishing import finite
from trainer.schedule import learning_rate
from trainer.stopping import note_validation


class Session:
    """Guarantees: after `save_last`, another session made from the folder continues bit for bit
    (same machine, same torch, same number of threads)."""

    def __init__(
        self, config: TrainingConfig, checkpoints: CheckpointFolder, ranks: Alone, resume: bool
    ) -> None:
        check_device(config.device)
        torch.set_num_threads(config.threads)
        self.config, self.checkpoints, self.ranks = config, checkpoints, ranks
        self.material = material(config)
        self.scenes = self.material.of_epoch(0)
        self.validation = Evaluator(self.material.validation, config.seed, config.device)
        self.places = Places(self.validation, config.seed)
        subset = self.scenes.take(slice(0, TRAIN_SUBSET))
        self.train_subset = Evaluator(subset, config.seed, config.device)
        self.model = network(config, self.material)
        self.optimizer = optimizer_for(self.model, config)
        self.steps = Steps(self.model, self.optimizer, config, ranks)
        self.batches = math.ceil(len(self.scenes) / config.batch_size)
        self.warnings: list[str] = list(self.material.warnings)
        self.state: TrainingState = (self._restored() if resume else None) or self._fresh()

    def facts(self) -> dict[str, Any]:
        """What is true of the whole job."""
        return facts(
            self.config,
            self.material.scenario,
            self.model,
            self.validation,
            len(self.scenes),
            self.ranks.world_size,
        )

    def remaining(self, epoch: int) -> Iterator[tuple[Tensor, float]]:
        """Rows and learning rate of each batch of the epoch that has not been done yet."""
        scenes = with_outages(self.material.of_epoch(epoch), self.config, epoch)
        self._batch = Batch.of(scenes, self.config.device)
        rng = np.random.default_rng([self.config.seed, 4, epoch])
        order = torch.from_numpy(rng.permutation(len(scenes)))
        size, total = self.config.batch_size, self.batches * self.config.epochs
        while self.state.batches_done < self.batches:
            start = self.state.batches_done * size
            rate = learning_rate(self.config, self.state.global_step, total)
            yield order[start : start + size], rate

    def step(self, rows: Tensor, rate: float) -> None:
        wall, cpu = time.monotonic(), time.process_time()
        self.model.train()
        self.steps.step(self._batch, rows, rate)
        self.state.batches_done += 1
        self.state.global_step += 1
        self.steps.sums["rate"] = rate
        self.steps.sums["wall_s"] += time.monotonic() - wall
        self.steps.sums["cpu_s"] += time.process_time() - cpu

    def finish_epoch(self, epoch: int) -> None:
        """Evaluates; the row goes into the state, and the state to disk, best first."""
        state = self.state
        row = self._row(epoch)
        state.epoch, state.batches_done, state.row = epoch, 0, row
        state.train_seconds_total += row["train_seconds"] or 0.0
        self.steps.start_epoch()
        is_best = note_validation(state, row["val_loss"], self.config)
        every = self.config.checkpoint_every
        numbered = bool(every and epoch and epoch % every == 0)
        self.checkpoints.save(self._with_weights(), is_best=is_best, numbered=numbered)

    def save_last(self) -> None:
        self.checkpoints.save(self._with_weights())

    def progress_marks(self) -> dict[str, Any]:
        """What other ranks must know of rank 0's state to go on alike."""
        names = ("epoch", "batches_done", "row", "finished")
        return {name: getattr(self.state, name) for name in names}

    def adopt(self, marks: dict[str, Any]) -> None:
        for name, value in marks.items():
            setattr(self.state, name, value)
        if self.ranks.rank != 0:
            self.steps.start_epoch()

    def _row(self, epoch: int) -> dict[str, Any]:
        """All metrics of an epoch, in the order they are read."""
        wall, cpu = time.monotonic(), time.process_time()
        _, train = self.train_subset.errors(self.model)
        names = ("loss", "rmse_m", "distance_p68_m")
        row: dict[str, Any] = {"epoch": epoch} | {f"train_{n}": finite(train[n]) for n in names}
        row |= self.validation.full(self.model) | self.steps.metrics()
        sums = self.steps.sums
        row["learning_rate"] = sums.get("rate")
        row["weight_norm"] = weight_norm(self.model)
        evaluation_s = time.monotonic() - wall
        row["train_seconds"] = sums["wall_s"]
        row["eval_seconds"] = evaluation_s
        row["epoch_duration_seconds"] = sums["wall_s"] + evaluation_s
        row["cpu_seconds"] = sums["cpu_s"] + time.process_time() - cpu
        return row

    def _with_weights(self) -> TrainingState:
        self.state.model = self.model.state_dict()
        self.state.optimizer = self.optimizer.state_dict()
        self.state.running = dict(self.steps.sums)
        return self.state

    def _fresh(self) -> TrainingState:
        return TrainingState(
            config=self.config.model_dump(),
            fingerprint=self.scenes.fingerprint(),
            model={},
            optimizer={},
            threads=self.config.threads,
            world_size=self.ranks.world_size,
        )

    def _restored(self) -> TrainingState | None:
        """The folder's last state, checked and loaded; None where there is none.

        raises: CheckpointError, on every rank
        """
        state, problem = None, None
        if self.ranks.rank == 0:
            try:
                state = self._newest()
                if state is not None:
                    check_same_training(state, self.config, self.scenes.fingerprint())
            except TrainerError as error:
                problem = error
        state, problem = self.ranks.from_first((state, problem))
        if problem is not None:
            raise problem
        if state is None:
            return None
        load_weights(self.model, state)
        self.optimizer.load_state_dict(state.optimizer)
        self.steps.sums |= state.running
        self._warn_of_changes(state)
        return state

    def _newest(self) -> TrainingState | None:
        """The furthest state that can be read; None where there is none, also since all are
        damaged: then the training begins again, and says so."""
        try:
            return self.checkpoints.load_last(self.warnings.append)
        except AllDamaged as error:
            names = self.checkpoints.set_damaged_aside()
            self.warnings.append(
                f"{error} The training begins again from its start; the files are kept as "
                f"{', '.join(f'{name}.damaged' for name in names)}."
            )
            return None

    def _warn_of_changes(self, state: TrainingState) -> None:
        now = {
            "threads": self.config.threads,
            "world_size": self.ranks.world_size,
            "torch_version": torch.__version__.split("+")[0],
            "cpu": cpu(),
        }
        for name, value in now.items():
            before = getattr(state, name)
            if before != value:
                self.warnings.append(
                    f"Resumed with {name} {value} after {before}: the result can differ in the "
                    f"last bits from an unbroken run."
                )
                setattr(state, name, value)
