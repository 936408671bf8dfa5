"""What the metrics of many jobs came to, for the runs table: remembered per job and position.

A look at a job that has not changed costs nothing; one that grew costs what was written since. A
cell that takes the place of an earlier one makes its job's history be read again, but not more
often than takes a twentieth of the time: until then the answer is as old as it says.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from heimdall_dash.api.history import History, Need
from heimdall_dash.api.kept import Kept
from heimdall_dash.errors import UnknownJob
from heimdall_dash.records import FINAL
from heimdall_dash.store.compacted import COMPACTED
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
                if COMPACTED in job.fields:  # row by row a million of them take half a minute
                    known = self._history.answered(job.id, _of_columns)
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
        summary = self._history.answered(job.id, _of_columns)
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


def _of_columns(kept: Kept, need: Need) -> Summary:
    summary = Summary(kept.table.stream, kept.table.position)
    for name in kept.names:
        if name == "timestamp":
            continue
        need([name])
        epochs, values = kept.table.column(name)
        if not isinstance(values, np.ndarray):  # lists, or very large numbers, among them
            places = [place for place, value in enumerate(values) if is_number(value)]
            epochs, values = epochs[places], np.array([float(values[place]) for place in places])
        if len(values):
            low, high = values.argmin(), values.argmax()
            summary.metrics[name] = Came(
                float(values[-1]), int(epochs[-1]), float(values[low]), int(epochs[low]),
                float(values[high]), int(epochs[high]), len(values),
            )  # fmt: skip
    return summary
