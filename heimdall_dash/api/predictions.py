"""Kept predictions of a job: read by the page, posted by trainers in any language."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from heimdall_dash.api.jobs import PREFIX
from heimdall_dash.api.json_body import MANY_VALUES, json_body, read_json
from heimdall_dash.api.refusals import Refused, documented
from heimdall_dash.api.schemas import Epoch
from heimdall_dash.predictions import MOST_POINTS, kept
from heimdall_dash.records import MAX_EPOCH
from heimdall_dash.store.jobs import JobView, job_view
from heimdall_dash.store.predictions import predictions_write
from heimdall_dash.store.store import Store
from heimdall_dash.store.stored_job import StoredJob

_VECTORS = f"[N] or [N, 2]; of more than {MOST_POINTS} points a sample is kept"


class NewPredictions(BaseModel):
    """Predictions of one epoch beside their truths, of one or two dimensions."""

    model_config = ConfigDict(extra="forbid")

    epoch: Epoch
    truth: list[Any] = Field(description=_VECTORS)
    mean: list[Any] = Field(description=_VECTORS)
    sigma: list[Any] | None = Field(None, description="[N], or [N, 2]; or give `covariance`")
    covariance: list[Any] | None = Field(None, description="[N, 2, 2], or [N] of one dimension")
    labels: list[str | int] | None = Field(
        None, description="[N]: names of the points; the same ones are kept every epoch"
    )
    unit: str = Field("", description="of all numbers, such as km")
    axes: list[str] = Field(default_factory=list, description="what each dimension is")
    places: dict[str, list[float]] = Field(
        default_factory=dict, description="what else stands on the plane: name → where"
    )


def predictions_routes(store: Store, now: Callable[[], datetime]) -> APIRouter:
    """now: by the store's clock; does not wait for it."""
    routes = APIRouter(prefix=PREFIX, tags=["predictions"])

    @routes.get("/jobs/{job_id}/predictions", responses=documented(404))
    def predictions(
        job_id: str, epoch: Annotated[int | None, Query(ge=0, le=MAX_EPOCH)] = None
    ) -> dict[str, Any]:
        """Which epochs have predictions, and those of one: of the newest, unless `epoch` names
        another. `spread` is the standard deviation in one dimension, [xx, xy, yy] in two."""
        job = StoredJob(store.job(job_id))
        epochs = store.predicted_epochs(job_id)
        if epoch is None and epochs:
            found = store.predictions(job_id, epochs[-1])
        else:
            found = None if epoch is None else store.predictions(job_id, epoch)
        if epoch is not None and found is None:
            shown = ", ".join(map(str, epochs)) or "no epoch has"
            raise Refused(404, f"no predictions are kept of epoch {epoch}; there are: {shown}")
        revision = job.whole("predictions_revision") or 0
        return {"job_id": job_id, "revision": revision, "epochs": epochs, "predictions": found}

    @routes.post(
        "/jobs/{job_id}/predictions",
        openapi_extra=json_body(NewPredictions),
        responses=documented(400, 404, 409, 413),
    )
    async def post_predictions(job_id: str, request: Request) -> JobView:
        """Keep an external trainer's predictions of an epoch, in place of earlier ones of it."""
        new = NewPredictions.model_validate(await read_json(request, None, MANY_VALUES))
        return job_view(await run_in_threadpool(_keep, store, job_id, new), now())

    return routes


def _keep(store: Store, job_id: str, new: NewPredictions) -> dict[str, str]:
    """Raises InvalidPrediction, Refused, UnknownJob, JobOver."""
    job = StoredJob(store.job(job_id))
    if not job.is_external:
        raise Refused(409, f"job {job_id} is trained by a worker here, which reports its epochs")
    write = predictions_write(0, kept(**new.model_dump()))
    store.keep_predictions(job_id, [write], mode="rest", token="", attempt=job.attempt)
    return store.job(job_id)
