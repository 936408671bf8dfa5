"""What an external trainer says of itself beside its epochs: status, notes, facts."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from heimdall_dash.api.creation import checked_object
from heimdall_dash.api.json_body import json_body, read_json
from heimdall_dash.api.refusals import Refused, documented
from heimdall_dash.api.schemas import Facts, NewNote, StatusReport
from heimdall_dash.records import FINAL, Status, utc_now
from heimdall_dash.store.jobs import Fields, JobView, job_view
from heimdall_dash.store.store import Store
from heimdall_dash.store.stored_job import StoredJob


def report_routes(store: Store, now: Callable[[], datetime]) -> APIRouter:
    """now: by the store's clock; does not wait for it."""
    routes = APIRouter(tags=["jobs"])

    @routes.post(
        "/jobs/{job_id}/status",
        openapi_extra=json_body(StatusReport),
        responses=documented(400, 404, 409, 413),
    )
    async def report_status(job_id: str, request: Request) -> JobView:
        """An external trainer runs, has paused, completed, failed (and why), or was cancelled."""
        report = StatusReport.model_validate(await read_json(request))
        return job_view(await run_in_threadpool(_report, store, job_id, report), now())

    @routes.post(
        "/jobs/{job_id}/notes",
        status_code=201,
        openapi_extra=json_body(NewNote),
        responses=documented(400, 404, 413),
    )
    async def add_note(job_id: str, request: Request) -> dict[str, Any]:
        """Put a note on the job's page; answers with the note as it is kept."""
        new = NewNote.model_validate(await read_json(request))
        note = {**new.model_dump(), "timestamp": utc_now()}
        await run_in_threadpool(store.add_note, job_id, note)
        return note

    @routes.put(
        "/jobs/{job_id}/facts",
        openapi_extra=json_body(Facts),
        responses=documented(400, 404, 409, 413),
    )
    async def put_facts(job_id: str, request: Request) -> dict[str, Any]:
        """Replace what does not change during an external run; answers with the facts."""
        facts = Facts.model_validate(await read_json(request)).root
        return await run_in_threadpool(_put_facts, store, job_id, facts)

    return routes


def _report(store: Store, job_id: str, report: StatusReport) -> Fields:
    job = _external(store, job_id, "its status")
    status = Status(report.status)
    if status in FINAL and job.status == status and report.error_message is None:
        return dict(job.fields)  # said again: the first answer may have been lost
    change: dict[str, Any] = {"status": status, "heartbeat_ms": int(store.now().timestamp() * 1000)}
    if status == Status.RUNNING:
        change["started_at"] = job.time("started_at") or utc_now()
    elif status in FINAL:  # an imported run keeps its date
        change["completed_at"] = job.time("completed_at") or utc_now()
    if report.error_message is not None:
        reason = "error_message" if status == Status.FAILED else "ended_because"
        change[reason] = report.error_message
    return store.change(
        job_id,
        event="training:started" if status == Status.RUNNING else f"training:{status}",
        action=f"report {status} for",
        allowed=[Status.PENDING, Status.RUNNING, Status.PAUSED],
        fields=change,
        remove=["desired", *([] if "ended_because" in change else ["ended_because"])],
    )


def _put_facts(store: Store, job_id: str, facts: dict[str, Any]) -> dict[str, Any]:
    _external(store, job_id, "its facts")
    store.put_facts(job_id, checked_object(facts, "facts"))
    return facts


def _external(store: Store, job_id: str, what: str) -> StoredJob:
    """Raises UnknownJob, and Refused for a job that a worker here trains."""
    job = StoredJob(store.job(job_id))
    if not job.is_external:
        raise Refused(409, f"job {job_id} is trained by a worker here, which reports {what}")
    return job
