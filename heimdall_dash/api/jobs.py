"""REST for jobs: list, create, look at, pause, resume, cancel, delete."""

import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from heimdall_dash.api.json_body import json_body, read_json
from heimdall_dash.api.refusals import Refused
from heimdall_dash.api.schemas import ExternalConfig, NewJob, StatusReport
from heimdall_dash.errors import IllegalTransition, StaleAttempt
from heimdall_dash.publish.journal import JOB_ID
from heimdall_dash.queue import JobQueue
from heimdall_dash.records import LEGAL, Row, Status, check_json, utc_now
from heimdall_dash.store.jobs import Fields, JobView, is_stalled, job_view
from heimdall_dash.store.store import Store
from heimdall_dash.training import LOCAL_FIELDS, TrainingConfig

RECENT = 10  # epochs in `recent_metrics`
OBEYED_WITHIN_S = 3.0  # a running trainer looks between two batches

PREFIX = "/api/v1/training"


def job_routes(store: Store, queue: JobQueue, data: Path) -> APIRouter:
    routes = APIRouter(prefix=PREFIX, tags=["jobs"])

    @routes.get("/jobs")
    def list_jobs(
        status: Status | None = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 50,
        offset: Annotated[int, Query(ge=0)] = 0,
    ) -> dict[str, Any]:
        """All jobs, newest first."""
        found = [fields for fields in store.jobs() if status is None or fields["status"] == status]
        page = found[offset : offset + limit]
        return {"jobs": [job_view(fields) for fields in page], "total": len(found)}

    @routes.post("/jobs", status_code=201, openapi_extra=json_body(NewJob))
    async def create_job(request: Request) -> JobView:
        """Queue a job for the next free worker, or announce one that is fed from outside."""
        return await run_in_threadpool(_create, store, queue, await read_json(request))

    @routes.get("/config-schema")
    def config_schema() -> dict[str, Any]:
        """JSON schema of `config`: each field's meaning, unit, default and range."""
        schema = TrainingConfig.model_json_schema()
        for name in LOCAL_FIELDS:
            schema["properties"].pop(name, None)
        return schema

    @routes.get("/jobs/{job_id}")
    def show_job(job_id: str, request: Request) -> dict[str, Any]:
        fields = store.job(job_id)
        recent: list[Row] = [
            write.row for write in store.newest_writes(job_id, RECENT) if write.row
        ]
        scheme = "wss" if request.url.scheme == "https" else "ws"
        return {
            "job": job_view(fields),
            "recent_metrics": recent,
            "facts": store.facts(job_id),
            "notes": store.notes(job_id),
            "websocket_url": f"{scheme}://{request.url.netloc}/ws/training/{job_id}",
        }

    @routes.post("/jobs/{job_id}/pause")
    def pause(job_id: str) -> JobView:
        """A running job stops within one batch, checkpointed; its worker takes the next job."""
        return _ask(store, queue, job_id, "pause", Status.PAUSED)

    @routes.post("/jobs/{job_id}/resume")
    def resume(job_id: str) -> JobView:
        """The job goes on from its checkpoint, on the next free worker."""
        fields = store.job(job_id)
        if fields.get("external") == "1":
            return job_view(
                store.change(
                    job_id, event="training:started", action="resume", allowed=LEGAL["resume"],
                    fields={"status": Status.RUNNING, "heartbeat_at": utc_now()},
                    remove=["desired"],
                )
            )  # fmt: skip
        return job_view(queue.requeue(fields, action="resume", allowed=LEGAL["resume"]))

    @routes.post("/jobs/{job_id}/cancel")
    def cancel(job_id: str) -> JobView:
        """A running job stops within one batch; what it published stays."""
        return _ask(store, queue, job_id, "cancel", Status.CANCELLED)

    @routes.delete("/jobs/{job_id}", status_code=204)
    def delete(job_id: str) -> Response:
        """Remove a job that is not running, with its epochs, local log and checkpoints."""
        store.delete(job_id, LEGAL["delete"])
        queue.drop(job_id)
        if JOB_ID.match(job_id):
            shutil.rmtree(data / "jobs" / job_id, ignore_errors=True)
        return Response(status_code=204)

    @routes.post("/jobs/{job_id}/status", openapi_extra=json_body(StatusReport))
    async def report_status(job_id: str, request: Request) -> JobView:
        """An external trainer says that it runs, has completed, or has failed and why."""
        report = StatusReport.model_validate(await read_json(request))
        return await run_in_threadpool(_report, store, job_id, report)

    return routes


def _create(store: Store, queue: JobQueue, body: Any) -> JobView:
    new = NewJob.model_validate(body)
    if new.external:
        check_json(new.config, "config")
        expected = ExternalConfig.model_validate(new.config)
        fields = store.create_job(
            new.job_name,
            status=Status.PENDING,
            config=new.config,
            total_epochs=expected.epochs,
            external=True,
        )
        return job_view(fields)
    if local := sorted(LOCAL_FIELDS & new.config.keys()):
        raise Refused(
            422, f"{', '.join(local)}: names a file of the trainer's machine; use its command line"
        )
    config = TrainingConfig.model_validate(new.config)
    return job_view(queue.submit(new.job_name, config))


def _ask(store: Store, queue: JobQueue, job_id: str, action: str, status: Status) -> JobView:
    """Change a job that nobody runs at once; ask the trainer of one that runs."""
    for _ in range(5):
        fields = store.job(job_id)
        present = Status(fields["status"])
        if present not in LEGAL[action]:
            raise IllegalTransition(job_id, action, present)
        try:
            if _has_trainer(fields):
                return job_view(_ask_trainer(store, job_id, action, status))
            changed = _change_at_once(store, fields, action, status)
        except (IllegalTransition, StaleAttempt):
            continue  # the job moved on between the look and the change: look again
        queue.drop(job_id)
        return job_view(changed)
    raise IllegalTransition(job_id, action, store.job(job_id)["status"])


def _has_trainer(fields: Fields) -> bool:
    """Whether a worker's trainer runs the job and can be asked."""
    is_ours = fields.get("external") != "1"
    is_alive = not is_stalled(fields, datetime.now(UTC))
    return fields["status"] == Status.RUNNING and is_ours and is_alive


def _change_at_once(store: Store, fields: Fields, action: str, status: Status) -> Fields:
    attempt = int(fields.get("attempt", 0))
    change: dict[str, Any] = {"status": status, "desired": status}
    if status == Status.CANCELLED:
        change["completed_at"] = utc_now()
    if fields["status"] == Status.RUNNING and fields.get("external") != "1":
        change["attempt"] = attempt + 1  # a stalled trainer that wakes up must not write
    return store.change(
        fields["id"], event=f"training:{status}", action=action,
        allowed=[Status(fields["status"])], exact_attempt=attempt, fields=change,
    )  # fmt: skip


def _ask_trainer(store: Store, job_id: str, action: str, status: Status) -> Fields:
    """Returns when the trainer has obeyed, or as things stand after a few seconds."""
    fields = store.change(
        job_id, event="training:progress", action=action, allowed=[Status.RUNNING],
        fields={"desired": status},
    )  # fmt: skip
    return _once_obeyed(store, job_id, fields)


def _once_obeyed(store: Store, job_id: str, fields: Fields) -> Fields:
    deadline = time.monotonic() + OBEYED_WITHIN_S
    while fields.get("status") == Status.RUNNING and time.monotonic() < deadline:
        time.sleep(0.05)
        fields = store.job(job_id)
    return fields


def _report(store: Store, job_id: str, report: StatusReport) -> JobView:
    fields = store.job(job_id)
    if fields.get("external") != "1":
        raise Refused(409, f"job {job_id} is trained by a worker here, which reports its status")
    now = utc_now()
    change: dict[str, Any] = {"status": report.status, "heartbeat_at": now}
    if report.status == "running":
        change["started_at"] = fields.get("started_at") or now
        allowed = [Status.PENDING, Status.PAUSED, Status.RUNNING]
    else:
        change["completed_at"] = now
        allowed = [Status.PENDING, Status.RUNNING, Status.PAUSED]
    if report.error_message is not None:
        change["error_message"] = report.error_message
    event = "started" if report.status == "running" else report.status
    return job_view(
        store.change(
            job_id, event=f"training:{event}", action=f"report {report.status} for",
            allowed=allowed, fields=change,
        )
    )  # fmt: skip
