"""Pause, resume and cancel: at once where nobody trains, else by asking the trainer."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from heimdall_dash.errors import IllegalTransition, StaleAttempt
from heimdall_dash.queue import JobQueue
from heimdall_dash.records import LEGAL, Status, utc_now
from heimdall_dash.store.jobs import Fields
from heimdall_dash.store.store import Store
from heimdall_dash.store.stored_job import StoredJob

OBEYED_WITHIN_S = 3.0  # a running trainer looks between two batches

Now = Callable[[], datetime]  # by the store's clock


def ask(
    store: Store, queue: JobQueue, job_id: str, action: str, status: Status, now: Now
) -> Fields:
    """Change a job that nobody runs at once; ask the trainer of one that runs.

    Raises UnknownJob, IllegalTransition.
    """
    for _ in range(5):
        job = StoredJob(store.job(job_id))
        present = job.status
        if present is None or present not in LEGAL[action]:
            raise IllegalTransition(job_id, action, job.fields.get("status", ""))
        try:
            if _has_trainer(job, now()):
                return _ask_trainer(store, job_id, action, status)
            changed = _change_at_once(store, job, present, action, status)
        except (IllegalTransition, StaleAttempt):
            continue  # the job moved on between the look and the change: look again
        queue.drop(job_id)
        return changed
    raise IllegalTransition(job_id, action, store.job(job_id).get("status", ""))


def resume(store: Store, queue: JobQueue, job_id: str, now: Now) -> Fields:
    """Raises UnknownJob, IllegalTransition, StaleAttempt."""
    job = StoredJob(store.job(job_id))
    if not job.is_external:
        return queue.requeue(job, action="resume", allowed=LEGAL["resume"])
    if job.status in LEGAL["resume"] and (since := job.forsaken_since(now())):
        raise IllegalTransition(
            job_id, "resume", str(job.status),
            f", and its trainer has been silent since {since}: start that again with "
            f"Job.start(…, job_id={job_id!r})",
        )  # fmt: skip
    return store.change(
        job_id, event="training:started", action="resume", allowed=LEGAL["resume"],
        fields={"status": Status.RUNNING}, remove=["desired"],
    )  # fmt: skip


def _has_trainer(job: StoredJob, now: datetime) -> bool:
    """Whether a worker's trainer runs the job and can be asked."""
    return job.status == Status.RUNNING and not job.is_external and not job.is_stalled(now)


def _change_at_once(
    store: Store, job: StoredJob, present: Status, action: str, status: Status
) -> Fields:
    change: dict[str, Any] = {"status": status, "desired": status}
    if status == Status.CANCELLED:
        change["completed_at"] = utc_now()
    if present == Status.RUNNING and not job.is_external:
        change["attempt"] = job.attempt + 1  # a stalled trainer that wakes up must not write
    return store.change(
        job.id, event=f"training:{status}", action=action, allowed=[present],
        exact_attempt=job.attempt, fields=change,
    )  # fmt: skip


def _ask_trainer(store: Store, job_id: str, action: str, status: Status) -> Fields:
    """Returns when the trainer has obeyed, or as things stand after a few seconds."""
    fields = store.change(
        job_id, event="training:progress", action=action, allowed=[Status.RUNNING],
        fields={"desired": status},
    )  # fmt: skip
    deadline = time.monotonic() + OBEYED_WITHIN_S
    while fields.get("status") == Status.RUNNING and time.monotonic() < deadline:
        time.sleep(0.05)
        fields = store.job(job_id)
    return fields
