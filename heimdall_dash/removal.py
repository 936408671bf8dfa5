"""Deleting a job with all that belongs to it, and the keeping of none for longer than is wished."""

import logging
import shutil
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from heimdall_dash.errors import IllegalTransition, UnknownJob
from heimdall_dash.publish.journal import JOB_ID
from heimdall_dash.queue import JobQueue
from heimdall_dash.records import FINAL, LEGAL, parse_time
from heimdall_dash.store.jobs import Fields
from heimdall_dash.store.store import Store
from heimdall_dash.store.stored_job import StoredJob

log = logging.getLogger(__name__)

LATE_RESTORE = timedelta(seconds=2)  # for a restore that was asked for in time and is on its way


class Removal:
    def __init__(self, store: Store, queue: JobQueue, data: Path, keep_days: float = 0.0) -> None:
        """data: the folder with jobs' local logs; keep_days: 0 for ever."""
        self._store, self._queue, self._data = store, queue, data
        self._keep = timedelta(days=keep_days) if keep_days > 0 else None

    def remove(self, job_id: str) -> None:
        """The job that is not running, its epochs, local log and checkpoints.

        Raises UnknownJob, IllegalTransition, StoreUnavailable.
        """
        self._store.delete(job_id, LEGAL["delete"])
        self._queue.drop(job_id)
        if JOB_ID.match(job_id):
            shutil.rmtree(self._data / "jobs" / job_id, ignore_errors=True)

    def remove_due(self, now: datetime, jobs: Iterable[Fields]) -> None:
        """Those whose minute for a change of mind is over. A job that runs again stays.

        now: by the store's clock
        """
        for job in map(StoredJob, jobs):
            moment = job.moment("delete")
            if not job.id or not moment or now < parse_time(moment) + LATE_RESTORE:
                continue
            try:
                self.remove(job.id)
            except IllegalTransition:
                with suppress(UnknownJob):
                    self._store.change(job.id, event="training:progress", remove=["delete_ms"])
            except UnknownJob as error:
                log.debug("job %s is not deleted: %s", job.id, error)

    def remove_old(self, now: datetime, jobs: Iterable[Fields]) -> None:
        """Those that ended longer ago than is wished; one that cannot be read is left alone.

        now: by the store's clock
        """
        if self._keep is None:
            return
        for job in map(StoredJob, jobs):
            last = _last_sign(job)
            if job.id and job.status in FINAL and last and now - last > self._keep:
                try:
                    self.remove(job.id)
                    log.info("Job %s, over since %s, is deleted", job.id, f"{last:%Y-%m-%d}")
                except (UnknownJob, IllegalTransition) as error:
                    log.debug("job %s is not deleted: %s", job.id, error)


def _last_sign(job: StoredJob) -> datetime | None:
    """When the job was over, or the later moment at which it came here: what was imported yesterday
    is a day old, whatever its dates."""
    told = (job.time("completed_at"), job.moment("last_metric"), job.moment("heartbeat"))
    return max((parse_time(text) for text in told if text), default=None)
