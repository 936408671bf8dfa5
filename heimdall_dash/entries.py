"""RQ's side of the queue: one entry for each attempt of a job that waits for a worker.

The only file of the web side that knows RQ. An entry is gone when nobody waits for it any more;
RQ itself would keep what was dropped, or failed, for ever.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, Self

from redis.exceptions import ResponseError
from rq import Queue
from rq.exceptions import NoSuchJobError
from rq.job import Job as RqJob
from rq.serializers import JSONSerializer

from heimdall_dash.errors import NoQueue, StoreUnavailable
from heimdall_dash.store.connect import UNAVAILABLE, Url, address, connect_bytes, is_cluster

log = logging.getLogger(__name__)

NAME = "heimdall"
TRAIN = "trainer.worker.train"  # by name: this side does not import torch
ANSWER_WITHIN_S = 10.0
FAILURE_KEPT_S = 3600  # what RQ notes of a failed entry, for those who look with RQ's own tools
HAPPENS_YET_S = 60.0  # a started entry's sign of life may be late by so much


class Entry(NamedTuple):
    """One attempt of a job."""

    job_id: str
    attempt: int

    def __str__(self) -> str:
        return f"{self.job_id}-{self.attempt}"

    @classmethod
    def parse(cls, entry_id: str) -> Self | None:
        """None for an entry that is not one of ours."""
        job_id, _, attempt = entry_id.rpartition("-")
        return cls(job_id, int(attempt)) if job_id and attempt.isdecimal() else None


class Entries:
    """Opens its connection when it is first used, and anew after each failure. Every call raises
    StoreUnavailable, and NoQueue where the store is one that RQ cannot use."""

    def __init__(self, url: Url) -> None:
        self._url = url
        self._connection: Any = None
        self._address = ""  # of the connection

    def check(self) -> None:
        """Raises NoQueue where nothing can ever be queued."""
        with self._queue() as queue:
            queue.connection.ping()

    def add(self, entry: Entry) -> None:
        with self._queue() as queue:
            queue.enqueue_call(
                TRAIN,
                args=(entry.job_id, entry.attempt),
                job_id=str(entry),
                timeout=-1,  # RQ's default would end a training after 180 s
                result_ttl=0,
                failure_ttl=FAILURE_KEPT_S,
            )

    def is_waiting(self, entry: Entry) -> bool:
        """Whether a worker will come upon it, or has."""
        with self._queue() as queue:
            try:
                found = RqJob.fetch(
                    str(entry), connection=queue.connection, serializer=JSONSerializer
                )
                return found.get_status() not in {"finished", "failed", "stopped", "canceled"}
            except NoSuchJobError:
                return False

    def all(self, *, with_lost: bool = False) -> set[str]:
        """Ids of all entries but those that a worker is busy with.

        with_lost: also what is in none of RQ's lists, as earlier versions left it; this looks at
        every key of the store.
        """
        with self._queue() as queue:
            found = set(queue.get_job_ids())
            for registry in _registries(queue):
                found |= set(registry.get_job_ids(cleanup=False))
            if with_lost:
                for key in queue.connection.scan_iter(match="rq:job:*", count=1000):
                    found.add(key.decode().removeprefix("rq:job:").partition(":")[0])
            started = queue.started_job_registry
            busy = set(started.get_job_ids(cleanup=False))
            return found - (busy - set(started.get_expired_job_ids(time.time() - HAPPENS_YET_S)))

    def forget(self, *entry_ids: str) -> None:
        """Remove entries, and all that RQ notes about them."""
        if not entry_ids:
            return
        with self._queue() as queue:
            pipeline = queue.connection.pipeline(transaction=False)
            for entry_id in entry_ids:
                pipeline.lrem(queue.key, 0, entry_id)
                for registry in _registries(queue):
                    pipeline.zrem(registry.key, entry_id)
                pipeline.delete(
                    f"rq:job:{entry_id}", f"rq:job:{entry_id}:dependents",
                    f"rq:job:{entry_id}:dependencies", f"rq:results:{entry_id}",
                    f"rq:executions:{entry_id}",
                )  # fmt: skip
            pipeline.execute()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def _queue(self) -> Iterator[Queue]:
        try:
            yield Queue(NAME, connection=self._connected(), serializer=JSONSerializer)
        except StoreUnavailable:
            raise
        except ResponseError as error:
            raise StoreUnavailable(f"the queue takes nothing at present: {error}") from error
        except UNAVAILABLE as error:
            self.close()
            raise StoreUnavailable(f"the queue does not answer: {error}") from error

    def _connected(self) -> Any:
        now_at = address(self._url)
        if now_at != self._address:
            self.close()
        if self._connection is None:
            connection = connect_bytes(now_at, ANSWER_WITHIN_S)
            if is_cluster(connection):
                connection.close()
                raise NoQueue(
                    "jobs cannot be queued here: the store is a Redis Cluster, which the job queue "
                    'cannot use. Start trainers outside, and announce their jobs with "external": '
                    "true"
                )
            self._connection, self._address = connection, now_at
        return self._connection


def _registries(queue: Queue) -> list[Any]:
    return [
        queue.started_job_registry, queue.finished_job_registry, queue.failed_job_registry,
        queue.deferred_job_registry, queue.scheduled_job_registry, queue.canceled_job_registry,
    ]  # fmt: skip
