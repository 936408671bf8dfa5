"""REST for the runs table: what the metrics of many jobs came to, deletion that can be undone, and
the table itself as a file."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query

from heimdall_dash.api.refusals import Refused, documented
from heimdall_dash.api.summaries import Summaries
from heimdall_dash.records import LEGAL, parse_time
from heimdall_dash.store.jobs import JobView, job_view
from heimdall_dash.store.store import Store
from heimdall_dash.store.stored_job import StoredJob
from heimdall_dash.summary import Summary

PREFIX = "/api/v1/training"
UNDO = timedelta(seconds=60)
WITHIN_S = 1.5  # of reading histories that nobody has read yet, per call
MOST_METRICS = 200  # in one call
MOST_NAMES = 2_000  # that a call lists
MOST_NAMES_ALIKE = 100
MOST_GROUPS = 100


def alike(found: Mapping[str, Summary]) -> list[dict[str, Any]]:
    """Which metrics each job has, said once for the many that have the same; of jobs that have
    thousands, the first."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for job_id, summary in found.items():
        groups.setdefault(tuple(summary.metrics)[:MOST_NAMES_ALIKE], []).append(job_id)
    largest = sorted(groups.items(), key=lambda pair: -len(pair[1]))[:MOST_GROUPS]
    return [{"jobs": jobs, "names": names} for names, jobs in largest]


def table_routes(store: Store, summaries: Summaries, now: Callable[[], datetime]) -> APIRouter:
    """now: by the store's clock; does not wait for it."""
    routes = APIRouter(prefix=PREFIX, tags=["runs"])

    @routes.get("/summaries", responses=documented())
    def many(
        metrics: Annotated[list[str] | None, Query(max_length=MOST_METRICS)] = None,
        jobs: Annotated[list[str] | None, Query(max_length=1000)] = None,
    ) -> dict[str, Any]:
        """Of all jobs or those named: `summaries` by job id and metric, each with `last`, `min`,
        `max`, their epochs and `count`; `names`: which metrics there are and how many jobs have
        each, the most common first; `alike`: the jobs that have the same metrics, with their
        `jobs` and `names`, the most jobs first; `left_out`: jobs whose histories are still to be
        read, ask again."""
        wanted = store.jobs()
        if jobs is not None:
            chosen = set(jobs)
            wanted = [fields for fields in wanted if fields.get("id") in chosen]
        wanted = [fields for fields in wanted if fields.get("id")]
        found = summaries.of(wanted, WITHIN_S)
        names = Counter(name for summary in found.values() for name in summary.metrics)
        return {
            "summaries": {
                job_id: summary.views(metrics or []) for job_id, summary in found.items()
            },
            "names": dict(names.most_common(MOST_NAMES)),
            "alike": alike(found),
            "left_out": [fields["id"] for fields in wanted if fields["id"] not in found],
        }

    @routes.get("/jobs/{job_id}/summary", responses=documented(404))
    def one(job_id: str) -> dict[str, Any]:
        """What each metric of the job came to: its last, least and greatest finite value."""
        found = summaries.of([store.job(job_id)], WITHIN_S)
        return {"job_id": job_id, "summary": found[job_id].views() if job_id in found else {}}

    @routes.post("/jobs/{job_id}/discard", responses=documented(404, 409))
    def discard(job_id: str) -> JobView:
        """Delete a job that is not running in a minute; until then `restore` brings it back."""
        at = now() + UNDO
        fields = store.change(
            job_id, event="training:progress", action="delete", allowed=sorted(LEGAL["delete"]),
            fields={"delete_ms": int(at.timestamp() * 1000)},
        )  # fmt: skip
        return job_view(fields, now())

    @routes.post("/jobs/{job_id}/restore", responses=documented(404, 409))
    def restore(job_id: str) -> JobView:
        """Take a deletion back that `discard` announced."""
        due = StoredJob(store.job(job_id)).moment("delete")
        if due is not None and now() > parse_time(due):
            raise Refused(409, f"the minute is over: job {job_id} is being deleted")
        return job_view(
            store.change(job_id, event="training:progress", remove=["delete_ms"]), now()
        )

    return routes
