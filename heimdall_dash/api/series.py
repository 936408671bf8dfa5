"""REST for what charts show: several metrics of a job, each thinned by itself."""

from functools import partial
from typing import Annotated, Any

import numpy as np
import orjson
from fastapi import APIRouter, Query, Response

from heimdall_dash.api.history import History, Need
from heimdall_dash.api.jobs import PREFIX
from heimdall_dash.api.json_columns import JSON, MEDIA_TYPE
from heimdall_dash.api.kept import Kept
from heimdall_dash.api.refusals import Refused, documented
from heimdall_dash.api.values import Values
from heimdall_dash.errors import InvalidMetric
from heimdall_dash.metrics import name_problem, shown_name
from heimdall_dash.records import MAX_EPOCH, NO_EPOCH

MAX_NAMES = 1_000
MAX_CELLS = 5_000_000  # of one answer
LIST_SHARE = 8  # of metrics whose cells are lists, so many times fewer points

Epoch = Annotated[int | None, Query(ge=NO_EPOCH, le=MAX_EPOCH)]


def series_routes(history: History) -> APIRouter:
    routes = APIRouter(prefix=PREFIX, tags=["metrics"])

    @routes.get("/jobs/{job_id}/series", responses=documented(404, 413))
    def read(
        job_id: str,
        metrics: Annotated[list[str], Query(description="repeated: one exact name each")],
        points: Annotated[int | None, Query(ge=2, le=1_000_000)] = None,
        after: Epoch = None,
        before: Epoch = None,
    ) -> Response:
        """Of each metric the epochs with after < epoch < before where it was written, as
        `{"epoch": […], "value": […], "timestamp": […], "total": n}`: at most `points` of them, of
        `points`/4 equal stretches the first, the last and the extremes. `total` is how many there
        are. A name that nobody wrote has no cells. `mean`, where some are left out, is for each
        value the mean of all in its stretch.

        `not_finite` names cells that held NaN or infinity, at most `points` of each metric.
        `cursor` and `stream` are the position to go on from, `total` the epochs of the range.
        """
        names = checked_names(metrics, MAX_NAMES)
        answer = history.answered(job_id, partial(series_of, names, after, before, points))
        content = orjson.dumps({"job_id": job_id, **answer}, option=JSON)
        return Response(content, media_type=MEDIA_TYPE)

    return routes


def thinned(values: Values, points: int | None) -> np.ndarray:
    """Indexes of the values to keep, rising: of `points`/4 equal stretches each the first, the
    last and the extremes (M4: a line through them covers the same pixels as one through all)."""
    # tsdownsample's M4 (0.1.5) leaves out the last values where the stretches do not come out even
    count = len(values)
    is_numbers = isinstance(values, np.ndarray)
    if points is not None and not is_numbers:
        points = max(2, points // LIST_SHARE)
    if points is None or count <= points:
        return np.arange(count)
    if points < 4 or not is_numbers:
        return np.linspace(0, count - 1, points).round().astype(np.int64)
    edges = _edges(count, points)
    first, last = edges[:-1], edges[1:] - 1
    extremes = [
        start + np.array([stretch.argmin(), stretch.argmax()])
        for start, stretch in zip(first, np.split(values, edges[1:-1]), strict=True)
    ]
    return np.unique(np.concatenate([first, last, *extremes]))


def _edges(count: int, points: int) -> np.ndarray:
    """Of the points/4 stretches, first and end included."""
    return np.linspace(0, count, points // 4 + 1).round().astype(np.int64)


def stretch_means(values: Values, chosen: np.ndarray, points: int | None) -> np.ndarray | None:
    """For each value that `thinned` chose the mean of the stretch that it stands for: what is left
    of a stretch is its extremes, of which a smoothed line would make the middle between them.
    float32: it is only looked at. None: nothing was left out, or the values are no numbers."""
    is_whole = len(chosen) == len(values)
    if points is None or points < 4 or is_whole or not isinstance(values, np.ndarray):
        return None
    edges = _edges(len(values), points)
    means = np.add.reduceat(values.astype(np.float64), edges[:-1]) / np.diff(edges)
    return means[np.searchsorted(edges, chosen, side="right") - 1].astype(np.float32)


def series_of(
    names: list[str],
    after: int | None,
    before: int | None,
    points: int | None,
    kept: Kept,
    need: Need,
) -> dict[str, Any]:
    """What `read` says of a history; one column after the other, for all may be more than can be
    held. Raises Refused."""
    table = kept.table
    bounds = (NO_EPOCH if after is None else after, before)
    start, stop = table.rows(*bounds)
    epochs = np.array(table.epochs[start:stop], dtype=np.int64)
    series: dict[str, dict[str, Any]] = {}
    marks: dict[str, dict[int, str]] = {}
    cells = 0
    for name in names:
        need(["timestamp", name])
        places, values = table.places(name, start, stop)
        chosen = thinned(values, points)
        cells += len(chosen)
        if cells > MAX_CELLS:
            raise Refused(413, f"more than {MAX_CELLS} cells in one answer: give points=")
        rows = places[chosen]
        marked = table.not_finite([name], *bounds).get(name, {})
        if marked:
            marks[name] = _some(marked, points)
        series[name] = {
            "epoch": epochs[rows],
            "value": values[chosen]
            if isinstance(values, np.ndarray)
            else [values[i] for i in chosen],
            "timestamp": table.times(rows + start),
            "total": len(values) + len(marked),
        }
        with np.errstate(over="ignore", invalid="ignore"):  # of huge values: null
            means = stretch_means(values, chosen, points)
        if means is not None:
            series[name]["mean"] = means
    answer = {
        "stream": table.stream,
        "cursor": str(table.position),
        "total": stop - start,
        "series": series,
    }
    return {**answer, "not_finite": marks} if marks else answer


def _some(marked: dict[int, str], points: int | None) -> dict[int, str]:
    if points is None or len(marked) <= points:
        return marked
    epochs = list(marked)
    return {
        epochs[i]: marked[epochs[i]]
        for i in np.linspace(0, len(epochs) - 1, points).round().astype(int)
    }


def checked_names(asked: list[str], most: int) -> list[str]:
    if len(asked) > most:
        raise Refused(422, f"metrics: at most {most} names, got {len(asked)}")
    for name in asked:
        if problem := name_problem(name):
            raise InvalidMetric(f"metrics: {problem}, got {shown_name(name)!r}")
    return list(dict.fromkeys(asked))
