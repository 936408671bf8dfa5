"""Everything that Heimdall keeps in a store, as lines of JSON: read from a store that is in use,
and put into another, which may be of another kind or version.

A job is read so that what its fields say is there: these first, then of its stream what they count.
"""

import base64
import json
import time
from collections.abc import Iterable, Iterator
from typing import Any

from heimdall_dash.errors import HeimdallError, StoreUnavailable
from heimdall_dash.store.connect import UNAVAILABLE, connect
from heimdall_dash.store.keys import ALERT_OWNER, JOBS, JOBS_CHANNEL, PROBE, WORKERS, JobKeys

FORMAT = "heimdall-backup"
VERSION = 1
PASSING = frozenset({WORKERS, PROBE, ALERT_OWNER})  # of this moment alone
PAGE = 2_000
TRIES = 5

Line = dict[str, Any]


class Unreadable(HeimdallError):
    """A file that is no backup, or not a whole one."""


class Backup:
    """Raises StoreUnavailable."""

    def __init__(self, url: str) -> None:
        try:
            self._client: Any = connect(url, decode=False)
        except UNAVAILABLE as error:
            raise StoreUnavailable(f"the store does not answer: {error}") from error

    def close(self) -> None:
        self._client.close()

    # -- out -------------------------------------------------------------------------------

    def lines(self) -> Iterator[Line]:
        """A head, one line or several per key, and an end that counts them."""
        count = 0
        yield {"format": FORMAT, "version": VERSION, "at": time.time()}
        try:
            for line in self._keys():
                count += 1
                yield line
        except UNAVAILABLE as error:
            raise StoreUnavailable(f"the store does not answer: {error}") from error
        yield {"end": count}

    def _keys(self) -> Iterator[Line]:
        names = {key.decode() for key in self._client.scan_iter(match="heimdall:*", count=1000)}
        jobs = {job_of(name) for name in names} - {None}
        for name in sorted(names - PASSING):
            if job_of(name) is None:
                yield from self._plain(name)
        for job_id in sorted(jobs, key=str):
            yield from self._job(str(job_id), sorted(n for n in names if job_of(n) == job_id))

    def _job(self, job_id: str, names: list[str]) -> Iterator[Line]:
        """All keys of a job as they stood at one moment."""
        stream = JobKeys(job_id).epochs
        for _ in range(TRIES):
            before = self._first(stream)
            lines = [line for name in names if name != stream for line in self._plain(name)]
            upto = _position(lines, JobKeys(job_id).job)
            entries = list(self._entries(stream, upto)) if stream in names else []
            if self._first(stream) == before:  # else old rows moved elsewhere meanwhile
                yield from lines
                yield from entries
                return
        raise StoreUnavailable(f"job {job_id} changes too quickly to be read as it stands")

    def _first(self, stream: str) -> Any:
        found = self._client.xrange(stream, count=1)
        return found[0][0] if found else None

    def _plain(self, name: str) -> Iterator[Line]:
        kind = self._client.type(name).decode()
        head: Line = {"key": name, "kind": kind}
        if (left_ms := self._client.pttl(name)) > 0:
            head["expires_at"] = time.time() + left_ms / 1000
        if kind == "string":
            yield {**head, "value": _packed(self._client.get(name))}
        elif kind == "hash":
            found = self._client.hgetall(name)
            yield {**head, "value": [[_packed(k), _packed(v)] for k, v in found.items()]}
        elif kind == "list":
            yield {**head, "value": [_packed(v) for v in self._client.lrange(name, 0, -1)]}
        elif kind == "set":
            yield {**head, "value": [_packed(v) for v in self._client.smembers(name)]}
        elif kind == "zset":
            found = self._client.zrange(name, 0, -1, withscores=True)
            yield {**head, "value": [[_packed(v), score] for v, score in found]}

    def _entries(self, stream: str, upto: str) -> Iterator[Line]:
        start = "-"
        while True:
            page = self._client.xrange(stream, start, upto, count=PAGE)
            if not page:
                return
            value = [
                [entry_id.decode(), [[_packed(k), _packed(v)] for k, v in fields.items()]]
                for entry_id, fields in page
            ]
            yield {"key": stream, "kind": "stream", "value": value}
            start = f"({page[-1][0].decode()}"

    # -- in --------------------------------------------------------------------------------

    def restore(self, lines: Iterable[Line], *, replaces: bool) -> tuple[int, list[str]]:
        """Put it all back; returns how many jobs came, and the ids of those that were here already
        and were left as they are. Raises Unreadable."""
        known = {key.decode() for key in self._client.zrange(JOBS, 0, -1)}
        came: set[str] = set()
        left: set[str] = set()
        emptied: set[str] = set()
        try:
            for line in checked(lines):
                name = str(line["key"])
                job_id = job_of(name)
                if job_id is not None and job_id in known and not replaces:
                    left.add(job_id)
                    continue
                if job_id is not None and job_id not in emptied:
                    emptied.add(job_id)
                    self._forget(job_id)
                self._put(name, line)
                came |= {job_id} if job_id and name == JobKeys(job_id).job else set()
            self._tell(came)
        except UNAVAILABLE as error:
            raise StoreUnavailable(f"the store does not answer: {error}") from error
        return len(came), sorted(left)

    def _forget(self, job_id: str) -> None:
        keys = JobKeys(job_id)
        self._client.delete(keys.job, keys.gone, *keys.others)

    def _put(self, name: str, line: Line) -> None:
        kind, value = line["kind"], line["value"]
        if kind == "string":
            self._client.set(name, _unpacked(value))
        elif kind == "hash":
            for part in _pages(value):
                self._client.hset(name, mapping={_unpacked(k): _unpacked(v) for k, v in part})
        elif kind == "list":
            self._client.delete(name)
            for part in _pages(value):
                self._client.rpush(name, *map(_unpacked, part))
        elif kind == "set":
            for part in _pages(value):
                self._client.sadd(name, *map(_unpacked, part))
        elif kind == "zset":
            for part in _pages(value):
                self._client.zadd(name, {_unpacked(v): score for v, score in part})
        elif kind == "stream":
            pipeline = self._client.pipeline(transaction=False)
            for entry_id, fields in value:
                pipeline.xadd(name, {_unpacked(k): _unpacked(v) for k, v in fields}, id=entry_id)
            pipeline.execute()
        if "expires_at" in line:
            self._client.pexpireat(name, int(line["expires_at"] * 1000))

    def _tell(self, job_ids: set[str]) -> None:
        """Dashboards that run show the jobs at once."""
        for job_id in sorted(job_ids):
            found = self._client.hgetall(JobKeys(job_id).job)
            fields = {_text(name): _text(value) for name, value in found.items()}
            told = {"event": "training:progress", "job": fields}
            self._client.publish(JOBS_CHANNEL, json.dumps(told))


def _text(value: bytes) -> str:
    return value.decode(errors="replace")


def job_of(key: str) -> str | None:
    """The job that a key belongs to."""
    start, end = key.find("{"), key.find("}")
    return key[start + 1 : end] if 0 <= start < end else None


def _position(lines: list[Line], job_key: str) -> str:
    """Up to where the job's fields count its writes; all, where they do not say."""
    for line in lines:
        if line["key"] == job_key:
            return next((str(v) for k, v in line["value"] if k == "position"), "+")
    return "+"


def checked(lines: Iterable[Line]) -> Iterator[Line]:
    """The keys' lines. Raises Unreadable for what is no backup, or has no end."""
    count = -1
    for line in lines:
        if count < 0:
            if line.get("format") != FORMAT or line.get("version") != VERSION:
                raise Unreadable(f"not a backup of this version of Heimdall: {str(line)[:60]}")
            count = 0
        elif "end" in line:
            if line["end"] != count:
                raise Unreadable(f"{line['end']} keys were written, {count} are here")
            return
        else:
            count += 1
            yield line
    raise Unreadable("the backup is not whole: its end is missing")


def _pages(values: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(values), PAGE):
        yield values[start : start + PAGE]


def _packed(value: bytes) -> Any:
    """A text as it is; other bytes as `{"base64": …}`."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}


def _unpacked(value: Any) -> bytes:
    return base64.b64decode(value["base64"]) if isinstance(value, dict) else str(value).encode()
