"""Keeps the stores of histories small: puts what is older than the newest writes of each job into
compressed blocks, one job after the other, with pauses between.
"""

import asyncio
import logging
import time
from collections.abc import Iterable

from heimdall_dash.background import Background
from heimdall_dash.errors import StoreUnavailable, UnknownJob
from heimdall_dash.log import Rarely
from heimdall_dash.records import FINAL
from heimdall_dash.store.compact import compact
from heimdall_dash.store.jobs import Fields
from heimdall_dash.store.store import Store

log = logging.getLogger(__name__)

LOOKS_EVERY_S = 0.5
PAUSE_S = 0.25  # at most, between two rounds
LOOK_AFTER = 128  # writes: a job that goes on is not looked at again before
STUCK_AFTER_S = 90.0  # of a store that answers slowly, each call may take 10 s


class Compaction:
    """Hears of all jobs now and then, and looks at those that have changed since. An outage of the
    store is waited for; any other failure ends it, to be started again by `background`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen: dict[str, tuple[str, str]] = {}  # job → its position and status when heard of
        self._changed: dict[str, bool] = {}  # jobs to ask for their lengths → whether they are over
        self._lengths: dict[str, int] = {}  # of the streams of jobs, when they were looked at
        self._failed = Rarely(log)
        self._waiting: dict[str, None] = {}  # ids, in their order
        self.background = Background("the compaction", self._run)

    def hear(self, jobs: Iterable[Fields]) -> None:
        """What the store has; from any thread."""
        seen = {
            job["id"]: (job.get("position", ""), job.get("status", ""))
            for job in jobs
            if job.get("id")
        }
        for job_id, state in seen.items():
            if self._seen.get(job_id) != state:
                self._changed[job_id] = state[1] in FINAL
        self._seen = seen
        for job_id in self._lengths.keys() - seen.keys():
            del self._lengths[job_id]

    async def _run(self) -> None:
        while True:
            self.background.turn(within_s=STUCK_AFTER_S)
            began = time.monotonic()
            try:
                if self._changed:
                    await asyncio.to_thread(self._choose)
                job_id = next(iter(self._waiting), None)
                if job_id is None:
                    await asyncio.sleep(LOOKS_EVERY_S)
                    continue
                has_more = await asyncio.to_thread(self._compact, job_id)
            except StoreUnavailable as error:
                log.debug("the compaction waits for the store: %s", error)
                await asyncio.sleep(LOOKS_EVERY_S)
                continue
            self._waiting.pop(job_id, None)
            if has_more:
                self._waiting.setdefault(job_id)  # behind the others
            await asyncio.sleep(min(PAUSE_S, time.monotonic() - began))  # viewers come first

    def _choose(self) -> None:
        """Of the jobs that changed, those that may have enough to compact: to ask all of them for
        the lengths of their streams is one call. Raises StoreUnavailable."""
        changed = dict(self._changed)
        lengths = self._store.lengths(list(changed))
        for (job_id, is_over), length in zip(changed.items(), lengths, strict=True):
            if self._changed.get(job_id) is is_over:
                del self._changed[job_id]
            if is_over or length >= self._lengths.get(job_id, 0) + LOOK_AFTER:
                self._lengths[job_id] = length
                self._waiting.setdefault(job_id)

    def _compact(self, job_id: str) -> bool:
        try:
            done = compact(self._store, job_id)
            self._lengths[job_id] = self._lengths.get(job_id, 0) - done
            return done > 0
        except StoreUnavailable:
            raise
        except UnknownJob:
            return False
        except Exception as error:  # that job's trouble alone: it stays as it is
            self._failed.info(job_id, "Job %s is not compacted: %r", job_id, error)
            return False
