"""The state of all jobs as far as this process has heard, for viewers of the jobs list."""

import json
import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

from heimdall_dash.live.messages import DELETED, fields_of
from heimdall_dash.live.topic import Pulse, local_now
from heimdall_dash.store.follow import Message
from heimdall_dash.store.jobs import Fields, JobView, light_view, revision
from heimdall_dash.store.stored_job import StoredJob

log = logging.getLogger(__name__)

CONFIGS = 64  # large ones that were read of late
CONFIG_CHARACTERS = 8_000  # of a job's config in the list: a thousand jobs come at once


class AllJobs:
    """Remembers each job's newest fields and at which version they changed; None: deleted."""

    def __init__(self, now: Callable[[], datetime] = local_now) -> None:
        """now: by the store's clock."""
        self.pulse = Pulse()
        self._now = now
        self._views: dict[str, tuple[Fields, JobView]] = {}  # of jobs that viewers heard change
        self.version = 0
        self._jobs: dict[str, tuple[int, Fields | None]] = {}
        self._unshown: set[str] = set()  # jobs whose fields cannot be shown
        self.viewers = 0  # of the list
        self.moved: set[str] = set()  # jobs that have newer fields in the store

    def take(self, message: Message) -> None:
        """Raises ValueError, TypeError or KeyError for what cannot be read."""
        if message["event"] == DELETED:
            self._put(str(message["job_id"]), None)
        else:
            self._put_newer(fields_of(message["job"]))
        self.pulse.beat()

    def read(self, jobs: Iterable[Fields], asked: int) -> None:
        """Some jobs as the store had them after the version `asked`; something may have been heard
        since."""
        for fields in jobs:
            if "id" in fields and not self._is_gone_since(fields["id"], asked):
                self._put_newer(fields)
        self.pulse.beat()

    def reload(self, jobs: Iterable[Fields], asked: int) -> None:
        """Everything the store had after the version `asked`, also where that is older than what
        was known by then; what it lacks is gone."""
        found = {
            fields["id"]: fields
            for fields in jobs
            if "id" in fields and not self._is_gone_since(fields["id"], asked)
        }
        for job_id, (at, fields) in list(self._jobs.items()):
            if job_id not in found and fields is not None and at <= asked:
                self._put(job_id, None)
        for job_id, fields in found.items():
            if self._jobs.get(job_id, (0, None))[0] > asked:
                self._put_newer(fields)
            else:
                self._put(job_id, fields)
        self.pulse.beat()

    def everything(self) -> list[Fields]:
        """All jobs, newest first."""
        known = [fields for _, fields in self._jobs.values() if fields]
        return sorted(known, key=lambda fields: fields.get("created_at", ""), reverse=True)

    def fields(self, job_id: str) -> Fields | None:
        """None: there is no such job."""
        return self._jobs.get(job_id, (0, None))[1]

    def since(self, version: int) -> tuple[list[Fields], list[str]]:
        """Jobs that changed after `version`, and the ids of those deleted."""
        changed = [(job_id, fields) for job_id, (at, fields) in self._jobs.items() if at > version]
        return (
            [fields for _, fields in changed if fields is not None],
            [job_id for job_id, fields in changed if fields is None],
        )

    def views(self, jobs: Iterable[Fields], now: datetime) -> list[JobView]:
        """As the outside reads them, without what is large; a job that cannot be shown is left out
        and named once."""
        shown = []
        for fields in jobs:
            try:
                shown.append(_listed(light_view(fields, now), fields.get("config", "")))
            except Exception as error:
                if fields["id"] not in self._unshown:
                    log.warning("Job %s cannot be shown: %r", fields["id"], error)
                self._unshown.add(fields["id"])
        return shown

    def view(self, fields: Fields) -> JobView | None:
        """One job's as it was made when these fields came: the same for all viewers; None for one
        that cannot be shown."""
        kept = self._views.get(fields["id"])
        if kept is None or kept[0] is not fields:
            made = self.views([fields], self._now())
            if not made:
                return None
            kept = self._views[fields["id"]] = (fields, made[0])
        return kept[1]

    def _is_gone_since(self, job_id: str, asked: int) -> bool:
        """Whether its deletion was heard of meanwhile."""
        at, fields = self._jobs.get(job_id, (0, None))
        return fields is None and at > asked

    def _put_newer(self, fields: Fields) -> None:
        known = self.fields(fields["id"])
        is_same_history = known is not None and known.get("stream") == fields.get("stream")
        if known is None or not is_same_history or revision(fields) >= revision(known):
            self._put(fields["id"], fields)

    def _put(self, job_id: str, fields: Fields | None) -> None:
        known = self._jobs.get(job_id)
        if known is not None and known[1] == fields:
            return
        self.version += 1
        self._jobs[job_id] = (self.version, fields)
        if fields is None:
            self._views.pop(job_id, None)


def _listed(view: JobView, config: str) -> JobView:
    """A job for the list: of a large config those entries that fit, and how many do not."""
    if len(config) <= CONFIG_CHARACTERS:
        return view
    kept, left_out = _entries_that_fit(config)
    return {**view, "config": kept, "config_left_out": left_out}


@lru_cache(CONFIGS)
def _entries_that_fit(config: str) -> tuple[dict[str, Any], int]:
    """And how many do not; read once, for a config of a megabyte takes 20 ms, and its job is told
    of with every epoch, to each viewer."""
    values = StoredJob({"config": config}).config
    kept, left = {}, CONFIG_CHARACTERS
    for name, value in values.items():
        characters = len(json.dumps({name: value}))
        if characters <= left:
            kept[name] = value
            left -= characters
    return kept, len(values) - len(kept)
