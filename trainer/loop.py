"""The training loop: train, evaluate, write the checkpoint, then publish. Exact resumption.

An epoch's row is inside its checkpoint before anyone sees it, and is published again first when
a job resumes: if the process dies anywhere, no epoch is lost and none is trained twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch

from heimdall_dash.errors import HeimdallError
from heimdall_dash.records import Row
from trainer.checkpoint import CheckpointFolder
from trainer.config import TrainingConfig
from trainer.errors import TrainerError
from trainer.parallel import Alone
from trainer.places import is_shown
from trainer.publishing import Publisher
from trainer.session import Session

_POLL_S = 0.05


@dataclass(frozen=True)
class Outcome:
    """How a training ended; `epoch` is the last finished one."""

    status: Literal["completed", "paused", "cancelled", "failed"]
    reason: str | None
    epoch: int


def fit(
    config: TrainingConfig,
    *,
    publisher: Publisher,
    checkpoints: CheckpointFolder,
    wanted: Callable[[], str],
    resume: bool = True,
    progress: Callable[[Row], None] | None = None,
    ranks: Alone | None = None,
) -> Outcome:
    """Trains, or goes on from the folder's last checkpoint, until the end or until told to stop.

    wanted:   "running", "paused" or "cancelled"; asked between batches. At the other two the
              loop stops within one batch, and the work of the broken epoch is kept.
    resume:   False starts anew and replaces the folder's last checkpoint
    progress: called with each new row after it was published
    """
    ranks = ranks or Alone()
    epoch = 0
    try:
        session = Session(config, checkpoints, ranks, resume)
        loop = _Loop(session, publisher, wanted, progress)
        try:
            return loop.run()
        finally:
            epoch = session.state.epoch
    except TrainerError as error:
        reason = str(error)
    except (MemoryError, torch.OutOfMemoryError) as error:
        reason = f"Out of memory: {error or 'refused'}. Lower batch_size, width or train_samples."
    except OSError as error:
        reason = f"A file could not be read or written: {error}."
    except RuntimeError as error:
        if "can't allocate memory" not in str(error):  # torch's CPU allocator has no own error
            raise
        reason = f"Out of memory: {error}. Lower batch_size, width or train_samples."
    return Outcome("failed", reason, epoch)


class _Loop:
    """Drives one session epoch by epoch and tells the publisher."""

    def __init__(
        self,
        session: Session,
        publisher: Publisher,
        wanted: Callable[[], str],
        progress: Callable[[Row], None] | None,
    ) -> None:
        self.session = session
        self.ranks = session.ranks
        self.state = session.state
        self.publisher = publisher
        self.wanted = wanted
        self.progress = progress

    def run(self) -> Outcome:
        self._begin()
        stop = self._word()
        if stop == "running" and not self.state.row:
            self._finish_epoch(0)
        while stop == "running" and self.state.finished is None:
            epoch = self.state.epoch + 1
            stop = self._train(epoch)
            if stop == "running":
                self._finish_epoch(epoch)
                stop = self._wait()
        if self.state.finished is not None:
            return Outcome("completed", self.state.finished or None, self.state.epoch)
        self._on_first(self.session.save_last)
        status: Literal["paused", "cancelled"] = "paused" if stop == "paused" else "cancelled"
        return Outcome(status, None, self.state.epoch)

    def _begin(self) -> None:
        """Facts, and on resumption the last finished epoch's row once more."""
        if self.ranks.rank != 0:
            return
        self.publisher.describe(self.session.facts())
        for warning in self.session.warnings:
            self.publisher.warn(warning)
        if self.state.row:
            self._publish(self.state.row)

    def _word(self) -> str:
        word = self.wanted()
        return self.ranks.agree(word if word in ("paused", "cancelled") else "running")

    def _train(self, epoch: int) -> str:
        """The epoch's remaining batches; the word that stopped it, or "running"."""
        for rows, rate in self.session.remaining(epoch):
            stop = self._word()
            if stop != "running":
                return stop
            self.session.step(rows, rate)
        return "running"

    def _finish_epoch(self, epoch: int) -> None:
        """Evaluates and keeps the epoch on rank 0, then publishes it; all ranks go on alike."""
        self._on_first(lambda: self.session.finish_epoch(epoch))
        self.session.adopt(self.ranks.from_first(self.session.progress_marks()))
        if self.ranks.rank == 0:
            self._publish(self.state.row)
            self._show_places(epoch)
            if self.progress is not None:
                self.progress(self.state.row)

    def _publish(self, row: Row) -> None:
        self.publisher.log(row["epoch"], **{k: v for k, v in row.items() if k != "epoch"})

    def _show_places(self, epoch: int) -> None:
        if is_shown(epoch, self.session.config.epochs) or self.state.finished is not None:
            predicted = self.session.places.predictions(self.session.model)
            self.publisher.predictions(epoch, **predicted)

    def _wait(self) -> str:
        """The demonstration's pause after an epoch, broken off when the job is to stop."""
        end = time.monotonic() + self.session.config.epoch_delay_s
        while self.session.config.epoch_delay_s and self.state.finished is None:
            stop = self._word()
            left = end - time.monotonic()
            if (
                stop != "running"
                or self.ranks.agree("running" if left > 0 else "paused") != "running"
            ):
                return stop
            time.sleep(max(0.0, min(_POLL_S, left)))
        return "running"

    def _on_first(self, action: Callable[[], None]) -> None:
        """Does it on rank 0. Where it fails there, every rank stops, rather than wait for ever."""
        problem: Exception | None = None
        if self.ranks.rank == 0:
            try:
                action()
            except (TrainerError, HeimdallError, OSError, MemoryError) as error:
                problem = error
        failed = self.ranks.from_first(str(problem) if problem else None)
        if problem is not None:
            raise problem
        if failed is not None:
            raise TrainerError(f"Rank 0 stopped: {failed}")
