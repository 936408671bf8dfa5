"""What the metrics of many jobs came to, for the runs table: remembered per job and position.

A look at a job that has not changed costs nothing; one that grew costs what was written since. A
cell that takes the place of an earlier one makes its job's history be read again, but not more
often than takes a twentieth of the time: until then the answer is as old as it says.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence

from heimdall_dash.api.history import History
from heimdall_dash.errors import UnknownJob
from heimdall_dash.records import FINAL
from heimdall_dash.store.jobs import Fields
from heimdall_dash.store.shelf import Shelf
from heimdall_dash.store.store import Store
from heimdall_dash.store.stored_job import StoredJob
from heimdall_dash.summary import Came, Summary, is_number

MAX_METRICS = 500_000  # over all jobs, about 100 MB; least recently asked for are dropped first
REREAD_SHARE = 20.0


class Summaries:
    def __init__(
        self, store: Store, history: History, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store, self._history, self._clock = store, history, clock
        self._shelf = Shelf(store)
        self._lock = threading.Lock()  # held by whoever reads the store into one of them
        self._kept: OrderedDict[str, Summary] = OrderedDict()
        self._reread_at: dict[str, float] = {}
        self._shelved: set[str] = set()

    def of(self, jobs: Sequence[Fields], within_s: float) -> dict[str, Summary]:
        """By id; those that took longer than `within_s` are missing: ask again.

        Raises StoreUnavailable.
        """
        deadline = self._clock() + within_s
        with self._lock:
            self._take_from_shelf(jobs)
            found: dict[str, Summary] = {}
            for fields in jobs:
                job = StoredJob(fields)
                if found and self._clock() > deadline and not self._is_current(job):
                    continue
                try:
                    found[job.id] = self._one(job)
                except UnknownJob:
                    continue
            self._drop_oldest(found)
            return found

    def _one(self, job: StoredJob) -> Summary:
        if not self._is_current(job):
            known = self._kept.get(job.id)
            if known is None or known.stream != job.fields.get("stream", ""):
                known = Summary(job.fields.get("stream", ""))
            if known.position > job.position:  # a look that is older, or a store that lost some
                job = StoredJob(self._store.job(job.id))
            writes = self._store.each_write(job.id, after=known.position)
            if known.position > job.position or not known.take(writes):
                known = self._reread(job)
            self._kept[job.id] = known
        summary = self._kept[job.id]
        self._kept.move_to_end(job.id)
        if job.status in FINAL and job.id not in self._shelved and self._is_current(job):
            self._shelf.put(job.id, summary)
            self._shelved.add(job.id)
        return summary

    def _is_current(self, job: StoredJob) -> bool:
        known = self._kept.get(job.id)
        if known is None or known.stream != job.fields.get("stream", ""):
            return False
        return known.position == job.position or self._clock() < self._reread_at.get(job.id, 0.0)

    def _reread(self, job: StoredJob) -> Summary:
        began = self._clock()
        with self._history.of(job.id) as (fields, kept):
            table = kept.table
            summary = Summary(fields.get("stream", ""), table.position)
            for name in table.names:
                if name == "timestamp":
                    continue
                places, values = table.places(name, 0, len(table.epochs))
                cells = [
                    (table.epochs[place], float(value))
                    for place, value in zip(places.tolist(), list(values), strict=True)
                    if is_number(value) or (isinstance(value, float) and value == value)
                ]
                if cells:
                    epochs, numbers = zip(*cells, strict=True)
                    summary.metrics[name] = Came.of(epochs, numbers)
        self._shelved.discard(job.id)
        now = self._clock()
        self._reread_at[job.id] = now + REREAD_SHARE * (now - began)
        return summary

    def _take_from_shelf(self, jobs: Iterable[Fields]) -> None:
        wanted = [
            job
            for job in map(StoredJob, jobs)
            if job.status in FINAL and job.id not in self._kept and job.id
        ]
        found = self._shelf.take([job.id for job in wanted])
        for job in wanted:
            summary = found.get(job.id)
            if summary is None or summary.stream != job.fields.get("stream", ""):
                continue
            self._kept[job.id] = summary
            if summary.position == job.position:
                self._shelved.add(job.id)

    def _drop_oldest(self, wanted: Iterable[str]) -> None:
        total = sum(len(summary.metrics) for summary in self._kept.values())
        while total > MAX_METRICS and self._kept:
            job_id, dropped = self._kept.popitem(last=False)
            total -= len(dropped.metrics)
            self._reread_at.pop(job_id, None)
            self._shelved.discard(job_id)
