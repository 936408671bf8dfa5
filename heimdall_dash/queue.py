"""The queue between REST and workers: RQ delivers, the store's job hash is the truth.

An RQ entry only says "look at this job"; a worker takes the job when the store still says
`queued` for that attempt. So a lost or doubled entry does no harm: a lost one is queued again.
"""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from heimdall_dash.entries import Entries, Entry
from heimdall_dash.errors import IllegalTransition, StaleAttempt, StoreUnavailable, UnknownJob
from heimdall_dash.records import Status, parse_time, utc_now
from heimdall_dash.store.connect import Url
from heimdall_dash.store.jobs import Fields
from heimdall_dash.store.store import Store
from heimdall_dash.store.stored_job import StoredJob

log = logging.getLogger(__name__)

LOST_AFTER_S = 5.0
MAX_DEATHS = 3  # of a trainer at the same epoch: trying again would not help


class JobQueue:
    """Guarantees: a job that cannot be read is left alone, and costs no other job anything."""

    def __init__(self, store: Store, url: Url) -> None:
        self._store, self._entries = store, Entries(url)
        self._odd_ids: set[str] = set()  # jobs that were named in the log as unreadable

    def check(self) -> None:
        """Raises StoreUnavailable, or NoQueue where jobs can never be queued."""
        self._entries.check()

    def submit(
        self,
        name: str,
        config: Mapping[str, Any],
        *,
        total_epochs: int | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> Fields:
        """Create a job and queue it for the next free worker; config: as its trainer has checked
        it. `more` are further fields.

        Raises NoQueue, StoreUnavailable: then there is no job.
        """
        self.check()
        fields = self._store.create_job(
            name,
            status=Status.QUEUED,
            config=config,
            total_epochs=total_epochs,
            external=False,
            more=more,
        )
        self._enqueue(StoredJob(fields))
        return fields

    def requeue(
        self,
        job: StoredJob,
        *,
        action: str,
        allowed: Iterable[Status],
        note: dict[str, Any] | None = None,
        more: dict[str, Any] | None = None,
    ) -> Fields:
        """Give the job to the next free worker as a new attempt; the old one may no longer write.

        Raises IllegalTransition, NoQueue, StaleAttempt when somebody else was quicker.
        """
        self.check()
        changed = self._store.change(
            job.id, event="training:queued", action=action, allowed=allowed,
            exact_attempt=job.attempt,
            fields={
                "status": Status.QUEUED, "attempt": job.attempt + 1, "queued_at": utc_now(),
                **(more or {}),
            },
            remove=["desired", "worker"], note=note,
        )  # fmt: skip
        self._enqueue(StoredJob(changed))
        return changed

    def drop(self, job_id: str) -> None:
        """Forget entries of a job that nobody waits for any more."""
        try:
            ours = [one for one in self._entries.all() if one.startswith(job_id)]
            self._entries.forget(*ours)
        except StoreUnavailable as error:
            log.debug("an entry of job %s stays in the queue, to be ignored: %s", job_id, error)

    def reconcile(self, now: datetime, jobs: Iterable[Fields] | None = None) -> None:
        """Queue again what lost its worker or its entry. Safe to run anywhere, any time.

        now: by the store's clock. jobs: where they were just read. Raises StoreUnavailable.
        """
        for job in map(StoredJob, self._store.jobs() if jobs is None else jobs):
            if job.is_ours:
                self._look_after(job, now)

    def sweep(self, *, with_lost: bool = False) -> int:
        """Forget the entries of jobs that are over, paused, gone or in a later attempt; how many
        there were. with_lost: as `Entries.all` has it. Raises StoreUnavailable."""
        entry_ids = self._entries.all(with_lost=with_lost)  # before the jobs, which come first
        awaited = {
            str(Entry(job.id, job.attempt))
            for job in map(StoredJob, self._store.jobs())
            if job.id and job.status in {Status.QUEUED, Status.RUNNING}
        }
        ours = {entry_id for entry_id in entry_ids if Entry.parse(entry_id) is not None}
        self._entries.forget(*(ours - awaited))
        return len(ours - awaited)

    def take_over(self, job: StoredJob, reason: str) -> None:
        """Queue a running job again whose trainer is gone; after three deaths at one epoch: failed.

        Raises IllegalTransition, StaleAttempt when somebody else was quicker.
        """
        epoch = job.last_epoch
        deaths = (job.whole("deaths") or 0) + 1 if job.whole("died_at") == epoch else 1
        message = f"{reason}; the job goes on from its checkpoint"
        if deaths >= MAX_DEATHS:
            message = f"the trainer died {deaths} times after epoch {epoch}: {reason}"
        log.warning("Job %s: %s", job.id, message)
        note = {
            "kind": "stalled", "epoch": max(0, epoch), "message": message,
            "timestamp": utc_now(),
        }  # fmt: skip
        if deaths < MAX_DEATHS:
            more = {"deaths": deaths, "died_at": epoch}
            self.requeue(job, action="take over", allowed=[Status.RUNNING], note=note, more=more)
            return
        self._store.change(
            job.id, event="training:failed", action="give up", allowed=[Status.RUNNING],
            exact_attempt=job.attempt, note=note,
            fields={
                "status": Status.FAILED, "error_message": message, "completed_at": utc_now(),
                "attempt": job.attempt + 1,
            },
        )  # fmt: skip

    def close(self) -> None:
        self._entries.close()

    def _look_after(self, job: StoredJob, now: datetime) -> None:
        try:
            if job.is_stalled(now):
                self.take_over(job, "no sign of life for longer than there ever should be")
            elif job.status == Status.QUEUED and self._is_lost(job, now):
                log.info("Job %s had no entry in the queue: queued again", job.id)
                self._enqueue(job)
        except (IllegalTransition, StaleAttempt, UnknownJob):
            return  # another process was quicker
        except StoreUnavailable:
            raise
        except Exception as error:  # whatever stands in one job's fields is that job's trouble
            if job.id not in self._odd_ids:
                self._odd_ids.add(job.id)
                log.error("Job %s cannot be read, and is not looked after: %r", job.id, error)

    def _is_lost(self, job: StoredJob, now: datetime) -> bool:
        queued_at = job.time("queued_at") or job.time("created_at")
        if queued_at and (now - parse_time(queued_at)).total_seconds() < LOST_AFTER_S:
            return False
        return not self._entries.is_waiting(Entry(job.id, job.attempt))

    def _enqueue(self, job: StoredJob) -> None:
        """The job is in the store as `queued` already: what fails here, `reconcile` mends."""
        try:
            self._entries.add(Entry(job.id, job.attempt))
        except StoreUnavailable as error:
            log.warning("Job %s is queued as soon as the store answers: %s", job.id, error)
