"""Summaries of jobs that are over, kept in the store, so that no other web process, and none that
starts later, reads their histories for them."""

from collections.abc import Sequence

from heimdall_dash.store.keys import JobKeys
from heimdall_dash.store.store import Store
from heimdall_dash.summary import Summary


class Shelf:
    """Every call raises StoreUnavailable."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, job_id: str, summary: Summary) -> None:
        """Of a job that was deleted meanwhile, nothing is kept."""
        keys = JobKeys(job_id)

        def write(client: object) -> None:
            client.set(keys.summary, summary.text())  # type: ignore[attr-defined]
            if not client.exists(keys.job):  # type: ignore[attr-defined]
                client.unlink(keys.summary)  # type: ignore[attr-defined]

        self._store.call(write)

    def take(self, job_ids: Sequence[str]) -> dict[str, Summary]:
        """Those that are there and can be read."""

        def read(client: object) -> list[object]:
            pipeline = client.pipeline(transaction=False)  # type: ignore[attr-defined]
            for job_id in job_ids:
                pipeline.get(JobKeys(job_id).summary)
            return list(pipeline.execute(raise_on_error=False)) if job_ids else []

        found = {}
        for job_id, text in zip(job_ids, self._store.call(read), strict=True):
            summary = Summary.parse(text) if isinstance(text, (str, bytes)) else None
            if summary is not None:
                found[job_id] = summary
        return found
