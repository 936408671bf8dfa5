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
from heimdall_dash.store.jobs import Fields, is_stalled
from heimdall_dash.store.store import Store

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
        self._enqueue(fields)
        return fields

    def requeue(
        self,
        fields: Fields,
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
        attempt = _attempt(fields)
        changed = self._store.change(
            fields["id"], event="training:queued", action=action, allowed=allowed,
            exact_attempt=attempt,
            fields={
                "status": Status.QUEUED, "attempt": attempt + 1, "queued_at": utc_now(),
                **(more or {}),
            },
            remove=["desired", "worker"], note=note,
        )  # fmt: skip
        self._enqueue(changed)
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
        for fields in self._store.jobs() if jobs is None else jobs:
            if fields.get("external") == "0":
                self._look_after(fields, now)

    def sweep(self, *, with_lost: bool = False) -> int:
        """Forget the entries of jobs that are over, paused, gone or in a later attempt; how many
        there were. with_lost: as `Entries.all` has it. Raises StoreUnavailable."""
        entry_ids = self._entries.all(with_lost=with_lost)  # before the jobs, which come first
        awaited = {
            str(Entry(fields["id"], _attempt(fields)))
            for fields in self._store.jobs()
            if "id" in fields and fields.get("status") in {Status.QUEUED, Status.RUNNING}
        }
        ours = {entry_id for entry_id in entry_ids if Entry.parse(entry_id) is not None}
        self._entries.forget(*(ours - awaited))
        return len(ours - awaited)

    def take_over(self, fields: Fields, reason: str) -> None:
        """Queue a running job again whose trainer is gone; after three deaths at one epoch: failed.

        Raises IllegalTransition, StaleAttempt when somebody else was quicker.
        """
        epoch, job_id = fields.get("last_epoch", "-1"), fields["id"]
        deaths = _whole(fields.get("deaths")) + 1 if fields.get("died_at") == epoch else 1
        message = f"{reason}; the job goes on from its checkpoint"
        if deaths >= MAX_DEATHS:
            message = f"the trainer died {deaths} times after epoch {epoch}: {reason}"
        log.warning("Job %s: %s", job_id, message)
        note = {
            "kind": "stalled", "epoch": max(0, _whole(epoch)), "message": message,
            "timestamp": utc_now(),
        }  # fmt: skip
        if deaths < MAX_DEATHS:
            more = {"deaths": deaths, "died_at": epoch}
            self.requeue(fields, action="take over", allowed=[Status.RUNNING], note=note, more=more)
            return
        attempt = _attempt(fields)
        self._store.change(
            job_id, event="training:failed", action="give up", allowed=[Status.RUNNING],
            exact_attempt=attempt, note=note,
            fields={
                "status": Status.FAILED, "error_message": message, "completed_at": utc_now(),
                "attempt": attempt + 1,
            },
        )  # fmt: skip

    def close(self) -> None:
        self._entries.close()

    def _look_after(self, fields: Fields, now: datetime) -> None:
        try:
            if is_stalled(fields, now):
                self.take_over(fields, "no sign of life for longer than there ever should be")
            elif fields.get("status") == Status.QUEUED and self._is_lost(fields, now):
                log.info("Job %s had no entry in the queue: queued again", fields["id"])
                self._enqueue(fields)
        except (IllegalTransition, StaleAttempt, UnknownJob):
            return  # another process was quicker
        except StoreUnavailable:
            raise
        except Exception as error:  # whatever stands in one job's fields is that job's trouble
            job_id = str(fields.get("id"))
            if job_id not in self._odd_ids:
                self._odd_ids.add(job_id)
                log.error("Job %s cannot be read, and is not looked after: %r", job_id, error)

    def _is_lost(self, fields: Fields, now: datetime) -> bool:
        age_s = _age_s(fields.get("queued_at") or fields.get("created_at"), now)
        if age_s < LOST_AFTER_S:
            return False
        return not self._entries.is_waiting(Entry(fields["id"], _attempt(fields)))

    def _enqueue(self, fields: Fields) -> None:
        """The job is in the store as `queued` already: what fails here, `reconcile` mends."""
        try:
            self._entries.add(Entry(fields["id"], _attempt(fields)))
        except StoreUnavailable as error:
            log.warning("Job %s is queued as soon as the store answers: %s", fields["id"], error)


def _age_s(time: str | None, now: datetime) -> float:
    """Seconds since a time of our own; infinite when nobody can say."""
    try:
        return (now - parse_time(time or "")).total_seconds()
    except (TypeError, ValueError):
        return float("inf")


def _attempt(fields: Fields) -> int:
    return _whole(fields.get("attempt"))


def _whole(text: str | None) -> int:
    """0 for what is no whole number."""
    try:
        return int(text or 0)
    except ValueError:
        return 0
