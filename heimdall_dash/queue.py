"""The queue between REST and workers: RQ delivers, the store's job hash is the truth.

An RQ entry only says "look at this job"; a worker takes the job when the store still says
`queued` for that attempt. So a lost or doubled entry does no harm: a lost one is queued again.
"""

import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from rq import Queue
from rq.exceptions import NoSuchJobError
from rq.job import Job as Entry
from rq.serializers import JSONSerializer

from heimdall_dash.errors import IllegalTransition, StaleAttempt, StoreUnavailable, UnknownJob
from heimdall_dash.records import Status, parse_time, utc_now
from heimdall_dash.store.connect import UNAVAILABLE, connect_bytes
from heimdall_dash.store.jobs import Fields, is_stalled
from heimdall_dash.store.store import Store
from heimdall_dash.training import TrainingConfig

log = logging.getLogger(__name__)

NAME = "heimdall"
TRAIN = "trainer.worker.train"  # by name: this side does not import torch
LOST_AFTER_S = 5.0
MAX_DEATHS = 3  # of a trainer at the same epoch: trying again would not help


class JobQueue:
    def __init__(self, store: Store, url: str) -> None:
        self._store, self._url = store, url
        self._connection: Any = None

    def submit(
        self, name: str, config: TrainingConfig, more: Mapping[str, Any] | None = None
    ) -> Fields:
        """Create a job and queue it for the next free worker; `more` are further fields."""
        fields = self._store.create_job(
            name,
            status=Status.QUEUED,
            config=config.model_dump(mode="json"),
            total_epochs=config.epochs,
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

        Raises IllegalTransition, StaleAttempt when somebody else was quicker.
        """
        attempt = int(fields.get("attempt", 0))
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
            for entry_id in self._queue().get_job_ids():
                if entry_id.startswith(job_id):
                    self._queue().remove(entry_id)
        except UNAVAILABLE as error:
            log.debug("an entry of job %s stays in the queue, to be ignored: %s", job_id, error)

    def reconcile(self) -> None:
        """Queue again what lost its worker or its entry. Safe to run anywhere, any time."""
        now = datetime.now(UTC)
        for fields in self._store.jobs():
            if fields.get("external") == "1":
                continue
            try:
                if is_stalled(fields, now):
                    self.take_over(fields, f"no sign of life since {fields.get('heartbeat_at')}")
                elif fields.get("status") == Status.QUEUED and self._is_lost(fields, now):
                    log.info("Job %s had no entry in the queue: queued again", fields["id"])
                    self._enqueue(fields)
            except (IllegalTransition, StaleAttempt, UnknownJob):
                continue  # another process was quicker

    def take_over(self, fields: Fields, reason: str) -> None:
        """Queue a running job again whose trainer is gone; after three deaths at one epoch: failed.

        Raises IllegalTransition, StaleAttempt when somebody else was quicker.
        """
        epoch, job_id = fields.get("last_epoch", "-1"), fields["id"]
        deaths = int(fields.get("deaths", 0)) + 1 if fields.get("died_at") == epoch else 1
        message = f"{reason}; the job goes on from its checkpoint"
        if deaths >= MAX_DEATHS:
            message = f"the trainer died {deaths} times after epoch {epoch}: {reason}"
        log.warning("Job %s: %s", job_id, message)
        note = {
            "kind": "stalled", "epoch": max(0, int(epoch)), "message": message,
            "timestamp": utc_now(),
        }  # fmt: skip
        if deaths < MAX_DEATHS:
            more = {"deaths": deaths, "died_at": epoch}
            self.requeue(fields, action="take over", allowed=[Status.RUNNING], note=note, more=more)
            return
        attempt = int(fields.get("attempt", 0))
        self._store.change(
            job_id, event="training:failed", action="give up", allowed=[Status.RUNNING],
            exact_attempt=attempt, note=note,
            fields={
                "status": Status.FAILED, "error_message": message, "completed_at": utc_now(),
                "attempt": attempt + 1,
            },
        )  # fmt: skip

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _is_lost(self, fields: Fields, now: datetime) -> bool:
        age_s = (now - parse_time(fields.get("queued_at") or fields["created_at"])).total_seconds()
        if age_s < LOST_AFTER_S:
            return False
        try:
            entry = Entry.fetch(
                _entry_id(fields), connection=self._connected(), serializer=JSONSerializer
            )
            return entry.get_status() in {"finished", "failed", "stopped", "canceled"}
        except NoSuchJobError:
            return True
        except UNAVAILABLE as error:
            raise StoreUnavailable(f"the queue does not answer: {error}") from error

    def _enqueue(self, fields: Fields) -> None:
        try:
            self._queue().enqueue_call(
                TRAIN,
                args=(fields["id"], int(fields.get("attempt", 0))),
                job_id=_entry_id(fields),
                timeout=-1,  # RQ's default would end a training after 180 s
                result_ttl=60,
                failure_ttl=3600,
            )
        except UNAVAILABLE as error:
            raise StoreUnavailable(f"the queue does not answer: {error}") from error

    def _queue(self) -> Queue:
        return Queue(NAME, connection=self._connected(), serializer=JSONSerializer)

    def _connected(self) -> Any:
        if self._connection is None:
            self._connection = connect_bytes(self._url)
        return self._connection


def _entry_id(fields: Fields) -> str:
    return f"{fields['id']}-{fields.get('attempt', 0)}"
