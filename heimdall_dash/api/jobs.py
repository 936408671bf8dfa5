"""REST for jobs: list, create, look at, change, pause, resume, cancel, delete."""

import json
from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from heimdall_dash.addresses import page_of
from heimdall_dash.api.control import ask, resume
from heimdall_dash.api.creation import create_job
from heimdall_dash.api.json_body import json_body, read_json
from heimdall_dash.api.refusals import documented
from heimdall_dash.api.reports import report_routes
from heimdall_dash.api.schemas import JobChange, NewJob
from heimdall_dash.cells import join
from heimdall_dash.manifest import Manifest
from heimdall_dash.queue import JobQueue
from heimdall_dash.records import Row, Status
from heimdall_dash.removal import Removal
from heimdall_dash.store.jobs import JobView, job_view, shown_status
from heimdall_dash.store.store import Store
from heimdall_dash.store.stored_job import StoredJob

RECENT = 10  # epochs in `recent_metrics`
FIRST_WRITES = 64  # whose metrics stand in the order in which they came
NOT_METRICS = frozenset({"epoch", "timestamp"})
RECENT_WRITES = 256  # that they are joined from: an epoch may have come in many

PREFIX = "/api/v1/training"


def job_routes(
    store: Store, queue: JobQueue, removal: Removal, now: Callable[[], datetime], manifest: Manifest
) -> APIRouter:
    """now: by the store's clock, which judges whether a trainer lives; does not wait for it.
    manifest: of the trainer that queued jobs are for."""
    routes = APIRouter(prefix=PREFIX, tags=["jobs"])
    routes.include_router(report_routes(store, now))

    @routes.get("/jobs", responses=documented())
    def list_jobs(
        status: Status | None = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 50,
        offset: Annotated[int, Query(ge=0, le=2**53)] = 0,
    ) -> dict[str, Any]:
        """All jobs, newest first."""
        found = [
            fields for fields in store.jobs() if status in {None, shown_status(StoredJob(fields))}
        ]
        moment = now()
        page = [job_view(fields, moment) for fields in found[offset : offset + limit]]
        return {"jobs": page, "total": len(found)}

    @routes.post(
        "/jobs",
        status_code=201,
        openapi_extra=json_body(NewJob),
        responses=documented(400, 409, 413),
    )
    async def create(request: Request) -> JobView:
        """Queue a job for the next free worker, or announce one that is fed from outside."""
        new = NewJob.model_validate(await read_json(request))
        return job_view(await run_in_threadpool(create_job, store, queue, manifest, new))

    @routes.get("/config-schema", responses=documented())
    def config_schema() -> dict[str, Any]:
        """JSON schema of `config`: each field's meaning, unit, default and range; of no field where
        no trainer is installed."""
        return manifest.config_schema()

    @routes.get("/jobs/{job_id}", responses=documented(404))
    def show_job(job_id: str, request: Request) -> dict[str, Any]:
        """The job with its last epochs, facts and notes, and its WebSocket's address."""
        fields = store.job(job_id)
        scheme = "wss" if request.url.scheme == "https" else "ws"
        return {
            "job": job_view(fields, now()),
            "recent_metrics": _recent(store, job_id),
            "facts": store.facts(job_id),
            "notes": store.notes(job_id),
            "metric_names": _names(store, job_id),
            "websocket_url": f"{scheme}://{request.url.netloc}{page_of(request.scope)}ws/training/{job_id}",
        }

    @routes.patch(
        "/jobs/{job_id}", openapi_extra=json_body(JobChange), responses=documented(400, 404, 413)
    )
    async def change(job_id: str, request: Request) -> JobView:
        """Rename, tag, group, note, hide: any of them. Null takes a group or notes away."""
        wanted = JobChange.model_validate(await read_json(request))
        fields = await run_in_threadpool(_change, store, job_id, wanted)
        return job_view(fields, now())

    @routes.post("/jobs/{job_id}/pause", responses=documented(404, 409))
    def pause(job_id: str) -> JobView:
        """A running job stops within one batch, checkpointed; its worker takes the next job."""
        return job_view(ask(store, queue, job_id, "pause", Status.PAUSED, now), now())

    @routes.post("/jobs/{job_id}/resume", responses=documented(404, 409))
    def go_on(job_id: str) -> JobView:
        """The job goes on from its checkpoint, on the next free worker."""
        return job_view(resume(store, queue, job_id, now), now())

    @routes.post("/jobs/{job_id}/cancel", responses=documented(404, 409))
    def cancel(job_id: str) -> JobView:
        """A running job stops within one batch; what it published stays."""
        return job_view(ask(store, queue, job_id, "cancel", Status.CANCELLED, now), now())

    @routes.delete("/jobs/{job_id}", status_code=204, responses=documented(404, 409))
    def delete(job_id: str) -> Response:
        """Remove a job that is not running, with its epochs, local log and checkpoints."""
        removal.remove(job_id)
        return Response(status_code=204)

    return routes


def _recent(store: Store, job_id: str) -> list[Row]:
    """The last epochs as rows, oldest first; a null was not written, or was not finite."""
    columns = join(store.newest_writes(job_id, RECENT_WRITES)).columns
    last = {name: values[-RECENT:] for name, values in columns.items()}
    return [dict(zip(last, row, strict=True)) for row in zip(*last.values(), strict=True)]


def _names(store: Store, job_id: str) -> list[str]:
    """Every metric's name: as they came in what is compacted, or in the first writes, then in the
    newest, then the others in the order of the alphabet, since the store keeps them as a set."""
    compacted = store.blocks.manifest(job_id).names
    first = [] if compacted else islice(store.each_write(job_id), FIRST_WRITES)
    writes = [*first, *store.newest_writes(job_id, FIRST_WRITES)]
    seen = dict.fromkeys([*compacted, *(name for write in writes for name in write.row or ())])
    return [name for name in [*seen, *sorted(store.metric_names(job_id) - seen.keys())]
            if name not in NOT_METRICS]  # fmt: skip


def _change(store: Store, job_id: str, wanted: JobChange) -> dict[str, str]:
    given = wanted.model_dump(include=wanted.model_fields_set)
    fields: dict[str, str | None] = {
        {"notes": "notes_text"}.get(name, name): value
        for name, value in given.items()
        if name not in {"tags", "is_hidden"}
    }
    if "tags" in given:
        fields["tags"] = json.dumps(given["tags"] or [])
    if "is_hidden" in given:
        fields["is_hidden"] = "1" if given["is_hidden"] else "0"
    return store.change(
        job_id,
        event="training:progress",
        fields=fields,
        remove=[name for name, value in fields.items() if value is None or value == ""],
    )
