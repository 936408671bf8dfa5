"""The store for threads: REST calls, the publisher and the worker read and write through this.

Guarantees: an epoch is stored once (its number is its entry's id) and what is published is stored,
because one script does both. Does not: wait for a store that is away; that raises
StoreUnavailable, and every call here is safe to repeat.
"""

import json
import logging
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson
from redis.exceptions import ResponseError

from heimdall_dash.errors import (
    HeimdallError,
    IllegalTransition,
    InvalidMetric,
    StaleAttempt,
    StoreUnavailable,
    UnknownJob,
)
from heimdall_dash.records import NO_EPOCH, Row, Status, parse_time, storable, utc_now
from heimdall_dash.store.connect import UNAVAILABLE, connect, disconnect, script
from heimdall_dash.store.jobs import Fields, flat, new_fields, paired
from heimdall_dash.store.keys import JOBS, JOBS_CHANNEL, WORKER_PREFIX, JobKeys

log = logging.getLogger(__name__)
T = TypeVar("T")

TOMBSTONE_S = 7 * 24 * 3600
LAST_METRICS = ("train_loss", "val_loss", "val_rmse_m", "val_distance_p68_m")


class StoreRefused(HeimdallError):
    """The store answers, and does not take what was sent."""


class StoreBehind(HeimdallError):
    """The store has less than it once confirmed: it came back empty, or with an older state."""

    def __init__(self, last_epoch: int) -> None:
        super().__init__(f"the store came back with epochs up to {last_epoch} only")
        self.last_epoch = last_epoch


class JobOver(IllegalTransition):
    """The job has a final status: it takes no more epochs."""


@dataclass(frozen=True)
class Appended:
    """What the store made of a batch of epochs."""

    accepted: int
    duplicates: int
    last_epoch: int
    stream: str
    created: bool


class Store:
    """Opens its connection when it is first used, and again when the server has changed."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._client: Any = None
        self._publish_command = "PUBLISH"

    # -- jobs ------------------------------------------------------------------------------

    def create_job(
        self,
        name: str,
        *,
        status: Status,
        config: Mapping[str, Any],
        total_epochs: int | None,
        external: bool,
        job_id: str | None = None,
    ) -> Fields:
        """Create a job; raises StoreUnavailable."""
        job_id = job_id or str(uuid.uuid4())
        keys = JobKeys(job_id)
        fields = new_fields(
            job_id,
            name,
            status,
            stream=new_stream_id(),
            config=config,
            total_epochs=total_epochs,
            external=external,
        )
        self._list(job_id, fields["created_at"])
        self._script("create", [keys.job, keys.gone], [JOBS_CHANNEL, json.dumps(flat(fields))])
        return self.job(job_id)

    def job(self, job_id: str) -> Fields:
        """The job's fields; raises UnknownJob, StoreUnavailable."""
        fields: Fields = self._call(lambda client: client.hgetall(JobKeys(job_id).job))
        if not fields:
            raise UnknownJob(job_id)
        return fields

    def jobs(self) -> list[Fields]:
        """All jobs, newest first."""

        def read(client: Any) -> list[Fields]:
            ids = client.zrevrange(JOBS, 0, -1)
            pipeline = client.pipeline(transaction=False)
            for job_id in ids:
                pipeline.hgetall(JobKeys(job_id).job)
            return [fields for fields in pipeline.execute() if fields] if ids else []

        return self._call(read)

    def change(
        self,
        job_id: str,
        *,
        event: str = "",
        action: str = "change",
        allowed: Iterable[Status] = (),
        fields: Mapping[str, Any] | None = None,
        remove: Sequence[str] = (),
        least_attempt: int | None = None,
        exact_attempt: int | None = None,
        note: Mapping[str, Any] | None = None,
    ) -> Fields:
        """Set and remove fields in one step; returns the job's fields afterwards.

        Raises UnknownJob, IllegalTransition (status not in `allowed`), StaleAttempt.
        """
        keys = JobKeys(job_id)
        reply = self._script(
            "change",
            [keys.job, keys.notes, keys.checkpoint],
            [
                keys.channel,
                JOBS_CHANNEL,
                self._publish,
                event,
                "" if least_attempt is None else least_attempt,
                "" if exact_attempt is None else exact_attempt,
                json.dumps([str(status) for status in allowed]),
                json.dumps(flat(fields or {})),
                json.dumps(list(remove)),
                storable(json.dumps(note, ensure_ascii=False)) if note else "",
            ],
        )
        if reply[0] == "OK":
            return paired(reply[1:])
        raise _refusal(job_id, action, reply)

    def delete(self, job_id: str, allowed: Iterable[Status]) -> None:
        """Raises UnknownJob, or IllegalTransition while the status is not in `allowed`."""
        keys = JobKeys(job_id)
        reply = self._script(
            "delete",
            [keys.job, keys.epochs, keys.facts, keys.notes, keys.checkpoint, keys.gone],
            [
                keys.channel,
                JOBS_CHANNEL,
                self._publish,
                job_id,
                json.dumps([str(status) for status in allowed]),
                TOMBSTONE_S,
            ],
        )
        if reply[0] != "OK":
            raise _refusal(job_id, "delete", reply)
        self._call(lambda client: client.zrem(JOBS, job_id))

    # -- epochs ----------------------------------------------------------------------------

    def append(
        self,
        job_id: str,
        rows: Sequence[Row],
        *,
        attempt: int = 0,
        birth: Mapping[str, Any] | None = None,
        facts: Mapping[str, Any] | None = None,
        known_last: int | None = None,
    ) -> Appended:
        """Append rows (rising epochs, each with its `timestamp`), repeats counted and left out.

        birth: fields to create the job with if the store does not have it.
        known_last: the last epoch that the writer knows was stored; StoreBehind if it is not.
        Raises UnknownJob, StaleAttempt, JobOver; InvalidMetric for an epoch that is older than
        the newest and not a repeat. Then nothing of the batch is stored.
        """
        keys = JobKeys(job_id)
        if birth is not None:
            self._list(job_id, birth["created_at"])
        arguments: list[Any] = [
            keys.channel,
            JOBS_CHANNEL,
            self._publish,
            attempt,
            utc_now(),
            new_stream_id(),
            json.dumps(flat(birth)) if birth is not None else "",
            json.dumps(facts, allow_nan=False) if facts is not None else "",
            json.dumps({name: rows[-1].get(name) for name in LAST_METRICS} if rows else {}),
            "" if known_last is None else known_last,
        ]
        for row in rows:
            loss = row.get("val_loss")
            arguments += [
                row["epoch"],
                orjson.dumps(row).decode(),
                "" if not isinstance(loss, (int, float)) else repr(float(loss)),
                int(parse_time(row["timestamp"]).timestamp() * 1000),
            ]
        reply = self._script("append", [keys.job, keys.epochs, keys.gone, keys.facts], arguments)
        if reply[0] != "OK":
            raise _refusal(job_id, "append epochs to", reply)
        return Appended(
            int(reply[1]), int(reply[2]), int(reply[3]), str(reply[4]), bool(int(reply[5]))
        )

    def rows(
        self,
        job_id: str,
        *,
        after: int = NO_EPOCH,
        before: int | None = None,
        limit: int | None = None,
    ) -> list[bytes]:
        """Rows as JSON bytes with after < epoch < before, oldest first, at most `limit`."""
        start, stop = f"{after + 1}-0", "+" if before is None else f"({before}-0"

        def read(client: Any) -> list[bytes]:
            entries = client.xrange(JobKeys(job_id).epochs, start, stop, count=limit)
            return [entry["row"].encode() for _, entry in entries]

        return self._call(read)

    def newest_rows(self, job_id: str, count: int) -> list[bytes]:
        """The last `count` rows as JSON bytes, oldest first."""

        def read(client: Any) -> list[bytes]:
            entries = client.xrevrange(JobKeys(job_id).epochs, count=count)
            return [entry["row"].encode() for _, entry in reversed(entries)]

        return self._call(read)

    # -- facts, notes, signs of life -------------------------------------------------------

    def facts(self, job_id: str) -> dict[str, Any]:
        text = self._call(lambda client: client.get(JobKeys(job_id).facts))
        return json.loads(text) if text else {}

    def notes(self, job_id: str) -> list[dict[str, Any]]:
        texts = self._call(lambda client: client.lrange(JobKeys(job_id).notes, 0, -1))
        return [json.loads(text) for text in texts]

    def beat_worker(self, name: str, ttl_s: int) -> None:
        """Note that worker `name` lives; forgotten after `ttl_s` without another call."""
        self._call(lambda client: client.set(WORKER_PREFIX + name, utc_now(), ex=ttl_s))

    def forget_worker(self, name: str) -> None:
        self._call(lambda client: client.delete(WORKER_PREFIX + name))

    def workers(self) -> list[str]:
        """Names of the workers that lived a moment ago."""
        return self._call(
            lambda client: [
                key.removeprefix(WORKER_PREFIX)
                for key in client.scan_iter(match=WORKER_PREFIX + "*", count=1000)
            ]
        )

    def ping(self) -> None:
        """Raises StoreUnavailable."""
        self._call(lambda client: client.ping())

    def close(self) -> None:
        with self._lock:
            if self._client is not None:
                disconnect(self._client)
            self._client = None

    # -- inside ----------------------------------------------------------------------------

    def _list(self, job_id: str, created_at: str) -> None:
        score = parse_time(created_at).timestamp() * 1000
        self._call(lambda client: client.zadd(JOBS, {job_id: score}, nx=True))

    @property
    def _publish(self) -> str:
        self._call(lambda client: None)  # only a connection knows which kind of server it is
        return self._publish_command

    def _script(self, name: str, keys: list[str], arguments: list[Any]) -> Any:
        text = _TEXTS[name]
        return self._call(lambda client: client.eval(text, len(keys), *keys, *arguments))

    def _call(self, command: Callable[[Any], T]) -> T:
        try:
            return command(self._connected())
        except ResponseError as error:
            if "user_script" in str(error):  # a fault of ours: trying again would not help
                raise StoreRefused(f"the store refuses this: {error}") from error
            raise StoreUnavailable(f"the store does not answer: {error}") from error
        except UNAVAILABLE as error:
            raise StoreUnavailable(f"the store does not answer: {error}") from error

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = connect(self._url)
                is_cluster = hasattr(self._client, "get_primaries")
                self._publish_command = "SPUBLISH" if is_cluster else "PUBLISH"
            return self._client


_TEXTS = {name: script(name) for name in ("append", "change", "create", "delete")}


def new_stream_id() -> str:
    """Names one history of a job: a rebuilt one gets another, so the two are never mixed up."""
    return uuid.uuid4().hex[:12]


def _refusal(job_id: str, action: str, reply: list[Any]) -> Exception:
    match reply[0]:
        case "UNKNOWN" | "GONE":
            return UnknownJob(job_id)
        case "STALE":
            return StaleAttempt(f"job {job_id} is now in attempt {reply[1]}; this writer is older")
        case "STATUS":
            return IllegalTransition(job_id, action, reply[1])
        case "BEHIND":
            return StoreBehind(int(reply[1]))
        case "FINAL":
            return JobOver(job_id, action, reply[1])
        case "LATE":
            return InvalidMetric(
                f"epoch {reply[1]} comes after epoch {reply[2]} was stored; epochs must rise"
            )
    return StoreUnavailable(f"unexpected reply of the store: {reply!r:.200}")
