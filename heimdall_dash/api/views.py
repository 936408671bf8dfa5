"""REST for saved views: how the charts of a project's runs are arranged, for all who look."""

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.concurrency import run_in_threadpool

from heimdall_dash.api.json_body import json_body, read_json
from heimdall_dash.api.refusals import Refused, documented
from heimdall_dash.api.schemas import Charts
from heimdall_dash.charts import Scale
from heimdall_dash.publish.birth import MAX_WORD
from heimdall_dash.store.views import TooManyViews, ViewStore

PREFIX = "/api/v1/training/views"
MAX_VIEW_NAME = 80  # characters
MAX_VIEW_BYTES = 100_000  # of one view as JSON
MAX_CHART_ID = 500  # characters
MAX_LISTED = 2_000  # charts that are pinned, hidden, in one section …

# printable, and not blank at its ends
_ViewName = Annotated[
    str,
    Path(min_length=1, max_length=MAX_VIEW_NAME, pattern=r"^[^\s\x00-\x1f](.*[^\s\x00-\x1f])?$"),
]
_Project = Annotated[
    str | None,
    Query(min_length=1, max_length=MAX_WORD, description="of the jobs; none: those without one"),
]
_ChartId = Annotated[str, StringConstraints(min_length=1, max_length=MAX_CHART_ID)]
_Ids = Annotated[list[_ChartId], Field(max_length=MAX_LISTED)]


class View(BaseModel):
    """How the charts are arranged. Charts are named by the ids that they have on the page, the same
    for every run; one that a run does not have is passed over."""

    model_config = ConfigDict(extra="forbid")

    pinned: _Ids = Field([], description="charts at the top, in this order")
    hidden: _Ids = Field([], description="charts that are not shown")
    order: dict[Annotated[str, StringConstraints(max_length=MAX_CHART_ID)], _Ids] = Field(
        default_factory=dict, max_length=MAX_LISTED, description="section → its charts in order"
    )
    joined: dict[_ChartId, _Ids] = Field(
        default_factory=dict,
        max_length=MAX_LISTED,
        description="chart → others whose lines stand on it",
    )
    charts: Charts = Field(
        [], description="charts made by readers; metrics by name or by pattern such as `grad/*`"
    )
    scales: dict[_ChartId, Scale] = Field(default_factory=dict, max_length=MAX_LISTED)
    smoothing: float = Field(0.0, ge=0.0, lt=1.0, allow_inf_nan=False)
    x_axis: Literal["epoch", "relative", "wall"] = "epoch"


def view_routes(views: ViewStore) -> APIRouter:
    routes = APIRouter(prefix=PREFIX, tags=["views"])

    @routes.get("", responses=documented())
    def list_views(project: _Project = None) -> dict[str, list[str]]:
        """The names of a project's saved views."""
        return {"views": views.names(project)}

    @routes.get("/{name:path}", responses=documented(404))
    def show_view(name: _ViewName, project: _Project = None) -> Any:
        """One saved view. The page opens with the one named `default`, where there is one."""
        found = views.view(project, name)
        return _none(name) if found is None else {"name": name, "project": project, "view": found}

    @routes.put("/{name:path}", openapi_extra=json_body(View), responses=documented(400, 409, 413))
    async def put_view(name: _ViewName, request: Request, project: _Project = None) -> Any:
        """Save a view, in place of one of the same name."""
        view = View.model_validate(await read_json(request)).model_dump()
        if (size := len(json.dumps(view))) > MAX_VIEW_BYTES:
            raise Refused(413, f"a view may have {MAX_VIEW_BYTES} bytes of JSON, this has {size}")
        try:
            await run_in_threadpool(views.put, project, name, view)
        except TooManyViews as error:
            raise Refused(409, str(error)) from error
        return {"name": name, "project": project, "view": view}

    @routes.delete("/{name:path}", status_code=204, responses=documented(404))
    def delete_view(name: _ViewName, project: _Project = None) -> Response:
        return Response(status_code=204) if views.delete(project, name) else _none(name)

    return routes


def _none(name: str) -> JSONResponse:
    return JSONResponse({"detail": f"there is no view {name!r}"}, 404)
