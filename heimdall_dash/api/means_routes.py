"""REST for charts of several runs as one: means and bands over all that the runs logged."""

from typing import Annotated

import numpy as np
import orjson
from fastapi import APIRouter, Query, Response

from heimdall_dash.api.history import History
from heimdall_dash.api.jobs import PREFIX
from heimdall_dash.api.json_columns import JSON, MEDIA_TYPE
from heimdall_dash.api.means import Axis, Band, means_of, shown
from heimdall_dash.api.refusals import Refused, documented
from heimdall_dash.api.series import checked_names
from heimdall_dash.records import MOST_RUNS

MOST_METRICS = 60  # of one answer: every value of each run is read for it


def means_routes(history: History) -> APIRouter:
    routes = APIRouter(prefix=PREFIX, tags=["metrics"])

    @routes.get("/means", responses=documented(404))
    def read(
        jobs: Annotated[
            list[str], Query(description=f"repeated: one id each, {MOST_RUNS} at most")
        ],
        metrics: Annotated[list[str], Query(description="repeated: one exact name each")],
        x: Annotated[Axis, Query(description="seconds of each run; ms since 1970")] = "epoch",
        band: Annotated[
            Band, Query(description="least and greatest; one deviation of n")
        ] = "range",
        points: Annotated[int, Query(ge=12, le=100_000)] = 1500,
        low: Annotated[float | None, Query(allow_inf_nan=False)] = None,
        high: Annotated[float | None, Query(allow_inf_nan=False)] = None,
    ) -> Response:
        """Of each metric, over these runs together, `{"place": […], "mean": […], "low": […],
        "high": […], "count": […], "total": n}`: at each place of the axis the mean of the runs that
        have a value there, and how many they are. The means are made of every value between `low`
        and `high` of the axis, then thinned to about `points` of `total`, with their extremes.

        On an axis of time, which is cut into at most 500 stretches, a run counts by the mean of
        what it logged in one, or, between its values, by the straight line that joins them; `range`
        holds every value.
        """
        if len(jobs) > MOST_RUNS:
            raise Refused(422, f"jobs: at most {MOST_RUNS}, got {len(jobs)}")
        names = checked_names(metrics, MOST_METRICS)
        bounds = (-np.inf if low is None else low, np.inf if high is None else high)
        ids = list(dict.fromkeys(jobs))
        with np.errstate(over="ignore", invalid="ignore"):  # sums of huge values: null
            series = {
                name: shown(means_of(history, ids, name, x, bounds, points), band, points)
                for name in names
            }
        return Response(orjson.dumps({"series": series}, option=JSON), media_type=MEDIA_TYPE)

    return routes
