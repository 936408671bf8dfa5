"""The web process's watch: it reads the store's clock, has the queue mend what was lost, and counts
again where only a job's whole history tells."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable

from heimdall_dash import telemetry
from heimdall_dash.background import Background
from heimdall_dash.clock import FED_EVERY_S, StoreClock
from heimdall_dash.errors import NoQueue, StoreUnavailable, UnknownJob
from heimdall_dash.queue import JobQueue
from heimdall_dash.records import Status
from heimdall_dash.removal import Removal
from heimdall_dash.store.jobs import Fields
from heimdall_dash.store.store import Store
from heimdall_dash.store.stored_job import StoredJob

log = logging.getLogger(__name__)

RECONCILE_S = 3.0
RECONCILE_SHARE = 20.0  # to read all jobs takes no more than one part of so many of the time
SWEEP_S = 60.0
STUCK_AFTER_S = 90.0  # of a store that answers slowly, each call may take 10 s


class Watch:
    """Goes round once a second. An outage of the store is waited for; any other failure ends it,
    to be started again by `background`."""

    def __init__(
        self,
        store: Store,
        queue: JobQueue,
        removal: Removal,
        clock: StoreClock,
        hear: Callable[[list[Fields]], None] = lambda jobs: None,
    ) -> None:
        """hear: is told of all jobs, every few seconds."""
        self._store, self._queue, self._removal, self._clock = store, queue, removal, clock
        self._hear = hear
        self._reconcile_at = time.monotonic() + RECONCILE_S
        self._sweep_at = time.monotonic() + RECONCILE_S
        self._has_swept = False
        self.background = Background("the watch", self._run)

    async def _run(self) -> None:
        while True:
            self.background.turn(within_s=STUCK_AFTER_S)
            began = time.monotonic()
            try:
                await asyncio.to_thread(self._go_round)
            except StoreUnavailable as error:
                log.debug("the watch waits for the store: %s", error)
            await asyncio.sleep(max(0.0, FED_EVERY_S - (time.monotonic() - began)))

    def _go_round(self) -> None:
        with telemetry.store_trip.time():
            store_now = self._store.now()
        self._clock.feed(store_now)
        now = time.monotonic()
        if now < self._reconcile_at:
            return
        jobs = self._store.jobs()
        took_s = time.monotonic() - now
        self._reconcile_at = now + max(RECONCILE_S, RECONCILE_SHARE * took_s)
        self._hear(jobs)
        self._recount(jobs)
        _count(jobs)
        self._removal.remove_old(self._clock.now(), jobs)
        self._removal.remove_due(self._clock.now(), jobs)
        try:
            self._queue.reconcile(self._clock.now(), jobs)
            if now >= self._sweep_at:
                self._sweep_at = now + SWEEP_S
                self._queue.sweep(with_lost=not self._has_swept)
                self._has_swept = True
        except NoQueue:
            return  # then there is nothing to look after

    def _recount(self, jobs: list[Fields]) -> None:
        """Find the best epoch of those jobs where a taking back left it open."""
        for job in map(StoredJob, jobs):
            if job.whole("recount") == 1 and job.id:
                try:
                    self._store.recount(job.id)
                except (UnknownJob, ValueError) as error:
                    log.debug("job %s is not counted again: %s", job.id, error)


def _count(jobs: list[Fields]) -> None:
    found = Counter(fields.get("status", "") for fields in jobs)
    for status in Status:
        telemetry.jobs.labels(str(status)).set(found[str(status)])
