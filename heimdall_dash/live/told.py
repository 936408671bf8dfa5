"""What a viewer was told of jobs, so that it hears of changes alone.

Views are shared between viewers (whoever makes them keeps them), so a viewer costs a reference for
each job that changed while it looked.
"""

from collections.abc import Iterable
from typing import Any

from heimdall_dash.store.jobs import Fields, JobView, revision


class Told:
    def __init__(self) -> None:
        self._views: dict[str, tuple[int, JobView]] = {}

    def knows(self, job_id: str) -> bool:
        return job_id in self._views

    def whole(self, fields: Fields, view: JobView) -> JobView:
        """The job, for a viewer that may not know it."""
        self._views[view["id"]] = (revision(fields), view)
        return view

    def news(self, fields: Fields, view: JobView) -> dict[str, Any]:
        """What is other than the viewer was told; empty when nothing is, or when this is older."""
        known, before = self._views[view["id"]]
        if revision(fields) < known:
            return {}
        self._views[view["id"]] = (revision(fields), view)
        return changes(before, view)

    def forget(self, job_ids: Iterable[str]) -> None:
        for job_id in job_ids:
            self._views.pop(job_id, None)


def changes(before: JobView, now: JobView) -> dict[str, Any]:
    """Fields of `now` that are others than before; of `last_metrics` the entries that are, with
    None for one that is gone."""
    if before is now:
        return {}
    found = {name: value for name, value in now.items() if before.get(name, ...) != value}
    if "last_metrics" in found and "last_metrics" in before:
        old, new = before["last_metrics"], now["last_metrics"]
        gone = {name: None for name in old if name not in new}
        found["last_metrics"] = gone | {
            name: value for name, value in new.items() if old.get(name, ...) != value
        }
    return found
