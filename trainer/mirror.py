"""A job's newest checkpoint, copied to the store for workers that share no folder with this one.

Only with a store of its own (REDIS_URL): the embedded one is on this machine, as the folder is.
The copy may be some epochs old when this process dies; a worker that goes on from it trains them
again, to the same numbers, and the store leaves the repeats out.
"""

from __future__ import annotations

import logging
import threading
from types import TracebackType
from typing import Self

from heimdall_dash.errors import HeimdallError, StoreUnavailable
from heimdall_dash.store.checkpoints import Position, StoredCheckpoints
from trainer.checkpoint import CheckpointFolder, TrainingState, write
from trainer.errors import CheckpointError

log = logging.getLogger(__name__)

EVERY_S = 10.0


class Mirror:
    """Copies in the background, at most every ten seconds, and once more when it is closed."""

    def __init__(
        self, job_id: str, attempt: int, stored: StoredCheckpoints, every_s: float = EVERY_S
    ) -> None:
        self._job_id, self._attempt, self._stored = job_id, attempt, stored
        self._every_s = every_s
        self._newest: tuple[Position, bytes] | None = None  # not copied yet
        self._is_over = False  # no copy is wanted any more
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="checkpoint-mirror", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closed.set()
        self._thread.join()
        self._copy()
        self._stored.close()

    def offer(self, state: TrainingState, content: bytes) -> None:
        """A new checkpoint; returns at once."""
        if state.finished is None:
            self._newest = position(state), content
        else:
            self._newest = None

    def fetch(self, folder: CheckpointFolder) -> None:
        """Put the store's copy into the folder when it is further than what is there.

        Raises OSError. Without an answer of the store the folder stays as it is.
        """
        try:
            there = self._stored.position(self._job_id)
            here = _position_in(folder)
            if there is None or (here is not None and here >= there):
                return
            content = self._stored.content(self._job_id)
        except StoreUnavailable as error:
            log.warning("Job %s: no checkpoint could be fetched: %s", self._job_id, error)
            return
        if content is not None:
            write(folder.last, content)
            log.info("Job %s: goes on from another machine's checkpoint, %s", self._job_id, there)

    def _run(self) -> None:
        while not self._closed.wait(self._every_s):
            self._copy()

    def _copy(self) -> None:
        newest = self._newest
        if newest is None or self._is_over:
            return
        try:
            self._stored.save(self._job_id, self._attempt, *newest)
        except StoreUnavailable as error:
            log.debug("job %s: a checkpoint was not copied: %s", self._job_id, error)
            return
        except HeimdallError as error:  # taken over, deleted or too large
            log.warning("Job %s: %s", self._job_id, error)
            self._is_over = True
        if self._newest is newest:
            self._newest = None


def _position_in(folder: CheckpointFolder) -> Position | None:
    try:
        state = folder.load_last()
    except CheckpointError as error:  # training says so, unless the store has a better one
        log.warning("%s", error)
        return None
    return None if state is None else position(state)


def position(state: TrainingState) -> Position:
    return Position(state.epoch, state.batches_done)
