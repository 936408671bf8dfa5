"""REST for several runs as one file: what stands on a chart, whole, for a spreadsheet or pandas."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from heimdall_dash.api.csv_rows import csv_header, csv_pieces, labelled
from heimdall_dash.api.history import History
from heimdall_dash.api.jobs import PREFIX
from heimdall_dash.api.metrics import CSV, MAX_NAMES
from heimdall_dash.api.refusals import Refused, documented
from heimdall_dash.api.series import checked_names
from heimdall_dash.records import MOST_RUNS, NO_EPOCH
from heimdall_dash.store.jobs import Fields
from heimdall_dash.store.store import Store


def runs_csv_routes(store: Store, history: History) -> APIRouter:
    routes = APIRouter(prefix=PREFIX, tags=["metrics"])

    @routes.get(
        "/metrics.csv",
        response_class=StreamingResponse,
        responses=documented(404) | {200: {"content": {"text/csv": {}}}},
    )
    def read(
        jobs: Annotated[
            list[str], Query(description=f"repeated: one id each, {MOST_RUNS} at most")
        ],
        metrics: Annotated[list[str], Query(description="repeated: one exact name each")],
    ) -> StreamingResponse:
        """These metrics of these jobs as CSV: a row for each job and epoch, one job after the
        other, with its `run` and `run_id`; all epochs, of any number, in bounded memory."""
        if len(jobs) > MOST_RUNS:
            raise Refused(422, f"jobs: at most {MOST_RUNS}, got {len(jobs)}")
        names = ["epoch", "timestamp"]
        names += [name for name in checked_names(metrics, MAX_NAMES) if name not in names]
        chosen = [store.job(job_id) for job_id in dict.fromkeys(jobs)]
        head = {"Content-Disposition": "attachment"}  # a name would hide that of a link
        return StreamingResponse(_lines(history, chosen, names), media_type=CSV, headers=head)

    return routes


def _lines(history: History, jobs: list[Fields], names: list[str]) -> Iterator[str]:
    yield csv_header(["run", "run_id", *names])
    for job in jobs:
        for lines in csv_pieces(history, job["id"], names, NO_EPOCH, None):
            yield labelled(lines, [job.get("job_name", ""), job["id"]])
