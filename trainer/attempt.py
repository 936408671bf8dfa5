"""One attempt to train a job of the queue, from its claim to its end: a worker's child."""

import json
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import ValidationError

from heimdall_dash.errors import HeimdallError, IllegalTransition, StaleAttempt, UnknownJob
from heimdall_dash.publisher import Job
from heimdall_dash.queue import JobQueue
from heimdall_dash.records import NO_EPOCH, Status, utc_now
from heimdall_dash.settings import Settings
from heimdall_dash.store.checkpoints import StoredCheckpoints
from heimdall_dash.store.store import Store
from heimdall_dash.store.stored_job import StoredJob
from trainer.checkpoint import CheckpointFolder
from trainer.config import TrainingConfig
from trainer.loop import Outcome, fit
from trainer.mirror import Mirror
from trainer.stores import opened

log = logging.getLogger(__name__)


def attempted(job_id: str, attempt: int, stop: threading.Event) -> None:
    """Train the job, unless it is no longer to be trained in this attempt, until it ends or `stop`
    is set."""
    settings = Settings()
    store, queue = opened(settings)
    claimed = _claim(store, job_id, attempt)
    if claimed is None:
        return
    try:
        job = Job.attach(
            dict(claimed.fields),
            store=store,
            url=settings.redis_url,
            data_dir=settings.heimdall_data,
        )
    except OSError as error:  # a full disk, say: another try here would end the same way
        _fail(store, claimed, f"The local log cannot be written: {error}.")
        return
    outcome = _trained(claimed, job, settings, stop)
    _conclude(job, outcome, queue, store)


def _fail(store: Store, claimed: StoredJob, reason: str) -> None:
    log.error("Job %s: %s", claimed.id, reason)
    store.change(
        claimed.id, event="training:failed", exact_attempt=claimed.attempt,
        fields={
            "status": Status.FAILED, "error_message": reason, "completed_at": utc_now(),
        },
    )  # fmt: skip


def _claim(store: Store, job_id: str, attempt: int) -> StoredJob | None:
    """Take the job, or None when it is no longer to be trained in this attempt."""
    now = utc_now()
    try:
        before = StoredJob(store.job(job_id))
        changed = store.change(
            job_id, event="training:started", action="start", allowed=[Status.QUEUED],
            exact_attempt=attempt, remove=["desired", "error_message", "beats"],
            fields={
                "status": Status.RUNNING,
                "started_at": before.time("started_at") or now,
                "heartbeat_at": now,
                "worker": socket.gethostname(),
            },
        )  # fmt: skip
        return StoredJob(changed)
    except (UnknownJob, IllegalTransition, StaleAttempt) as error:
        log.info("Not trained: %s", error)
        return None


def _trained(claimed: StoredJob, job: Job, settings: Settings, stop: threading.Event) -> Outcome:
    try:
        config = TrainingConfig.model_validate(json.loads(claimed.fields["config"]))
    except (ValidationError, ValueError, KeyError) as error:
        return Outcome("failed", f"impossible config: {error}", 0)
    log.info("Training job %s (%s), attempt %d", job.id, claimed.fields["job_name"], job.attempt)
    if job.last_epoch > NO_EPOCH:
        job.warn(f"resumed after epoch {job.last_epoch}", epoch=job.last_epoch, kind="resumed")

    def wanted() -> str:
        return "paused" if stop.is_set() else job.desired

    try:
        with _mirrored(job, settings) as checkpoints:
            return fit(config, publisher=job, checkpoints=checkpoints, wanted=wanted)
    except StaleAttempt as error:  # taken over while this process was frozen
        return Outcome("cancelled", str(error), job.last_epoch)
    except Exception as error:
        log.exception("job %s failed", job.id)
        return Outcome("failed", f"{type(error).__name__}: {error}", job.last_epoch)


@contextmanager
def _mirrored(job: Job, settings: Settings) -> Iterator[CheckpointFolder]:
    """The job's checkpoint folder; with a store that other machines reach, copied to it."""
    folder = CheckpointFolder(settings.heimdall_data / "jobs" / job.id / "checkpoints")
    folder.check_owner = job.check_owner
    if settings.redis_url is None:
        yield folder
        return
    with Mirror(job.id, job.attempt, StoredCheckpoints(settings.redis_url)) as mirror:
        mirror.fetch(folder)
        folder.on_saved = mirror.offer
        yield folder


def _conclude(job: Job, outcome: Outcome, queue: JobQueue, store: Store) -> None:
    """Say how it ended. Stopped without anybody asking for it: back to the queue."""
    stopped_from_outside = outcome.status == "paused" and job.desired == Status.RUNNING
    if job.refused is None and not stopped_from_outside:
        job.finish(outcome.status, outcome.reason)
    job.close()
    if job.refused is not None or not stopped_from_outside:
        log.info("Job %s: %s after epoch %d", job.id, outcome.status, outcome.epoch)
        return
    try:
        queue.requeue(StoredJob(store.job(job.id)), action="give back", allowed=[Status.RUNNING])
        log.info("Job %s: stopped after epoch %d and queued again", job.id, outcome.epoch)
    except HeimdallError as error:
        log.warning("job %s is left to the watch of the web server: %s", job.id, error)
