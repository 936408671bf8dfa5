"""The store for an event loop: the hub reads and subscribes through this. It never writes.

What one job holds or publishes may be wrong in any way: an entry or a message that cannot be read
is left out, named once per job in the log and counted, and costs no other job anything.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple

import orjson
from redis.exceptions import ResponseError

from heimdall_dash.cells import START, Position, Write, write_of_entry
from heimdall_dash.errors import HeimdallError, StoreUnavailable
from heimdall_dash.store.compacted import COMPACTED, refuse_compacted
from heimdall_dash.store.connect import (
    SOCKET_TIMEOUT_S,
    UNAVAILABLE,
    Url,
    address,
    connect_async,
)
from heimdall_dash.store.jobs import Fields
from heimdall_dash.store.keys import JOBS, JOBS_CHANNEL, MOVED_CHANNEL, JobKeys
from heimdall_dash.store.store import Store
from heimdall_dash.turns import Turns

log = logging.getLogger(__name__)

Message = dict[str, Any]
Raw = dict[str, Any]  # what the client library hands out
Entry = tuple[str, dict[str, str]]  # of a stream: its id and its fields
PAGE = 2_000  # entries read in one go
WEIGHED = 500  # the same where they are only counted
TURN_S = 0.005
BURST = 500  # messages between two turns of the event loop
MOST_IN_A_BURST = 20_000


class Amount(NamedTuple):
    writes: int
    bytes: int


class JobUnreadable(HeimdallError):
    """One job's keys hold something else than they should; all others are well."""


class Follower:
    """Two pub/sub connections and one for reading, per web process: the second is for the ids of
    the jobs to which epochs came, which are many, and are read in bursts.

    Pub/sub alone loses what is published while a connection is away, so each (re)subscription is
    handed on as a message of its own: it means "read the stream from your position".
    """

    def __init__(self, url: Url) -> None:
        self._url = url
        self._client: Any = None
        self._pubsub: Any = None
        self._moved: Any = None
        self._sharded = False
        self._job_ids: dict[str, str] = {}  # channel → job id
        self._turn = asyncio.Lock()  # (un)subscriptions reach the server in the order they are made
        self._threads = Store(url)  # for what is read in pieces, beside the loop
        self.unreadable: Counter[str] = Counter()  # entries and messages, by job id
        self._turns = Turns()  # whoever reads much

    async def open(self, job_ids: Callable[[], list[str]]) -> None:
        """Connect, subscribe to the updates of all jobs and to the epochs of `job_ids()`."""
        await self.close()
        with _outages_named():
            client = await connect_async(address(self._url))
        async with self._turn:
            self._client, self._pubsub, self._moved = client, client.pubsub(), client.pubsub()
            self._sharded = hasattr(client, "get_primaries")
            self._job_ids = {}
            with _outages_named():
                await self._moved.subscribe(MOVED_CHANNEL)
                if await self._moved.get_message(timeout=SOCKET_TIMEOUT_S) is None:
                    raise StoreUnavailable("the store does not answer a subscription")
                await self._pubsub.subscribe(JOBS_CHANNEL)
                for job_id in job_ids():
                    await self._subscribe(job_id)

    async def subscribe(self, job_id: str) -> None:
        """Follow one more job; a message None will say when it is in force."""
        async with self._turn:
            with _outages_named():
                await self._subscribe(job_id)

    async def unsubscribe(self, job_id: str) -> None:
        channel = JobKeys(job_id).channel
        async with self._turn:
            self._job_ids.pop(channel, None)
            if self._pubsub is None:
                return
            with _outages_named():
                leave = self._pubsub.sunsubscribe if self._sharded else self._pubsub.unsubscribe
                await leave(channel)

    async def messages(self, timeout_s: float) -> AsyncIterator[tuple[str | None, Message | None]]:
        """(job id, message) as they come; (None, message) for the channel of all jobs.

        A message None means that the subscription has (re)started, or that what came cannot be
        read: either way the store knows better. Yields nothing for `timeout_s` → ends, so that
        the caller can look around. Raises StoreUnavailable.
        """
        while True:
            with _outages_named():
                raw = await self._next(timeout_s)
            if raw is None:
                return
            job_id = self._job_ids.get(raw["channel"])
            if raw["type"] in {"subscribe", "ssubscribe"}:
                yield job_id, None
            elif raw["type"] in {"message", "smessage"} and (
                job_id is not None or raw["channel"] == JOBS_CHANNEL
            ):
                yield job_id, self._decoded(job_id, raw["data"])

    async def moved(self) -> set[str] | None:
        """The ids of the jobs to which epochs came since the last call; None: some may have been
        missed. Raises StoreUnavailable."""
        found: set[str] = set()
        is_sure = True
        for number in range(1, MOST_IN_A_BURST):
            with _outages_named():
                if self._moved is None:
                    raise StoreUnavailable("not connected to the store")
                raw = await self._moved.get_message(timeout=TURN_S)
            if raw is None:
                break
            if raw["type"] == "message":
                found.add(raw["data"])
            else:
                is_sure = False  # subscribed again
            if number % BURST == 0:
                await asyncio.sleep(0)
        return found if is_sure else None

    async def job(self, job_id: str) -> Fields:
        """The job's fields, empty when the store does not have it; raises JobUnreadable."""
        with _outages_named():
            fields: Fields = await self._reader().hgetall(JobKeys(job_id).job)
        return fields

    async def jobs(self) -> list[Fields]:
        """All jobs that can be read, newest first."""
        with _outages_named():
            client = self._reader()
            ids = await client.zrevrange(JOBS, 0, -1)
        return await self.jobs_of(ids)

    async def jobs_of(self, ids: Sequence[str]) -> list[Fields]:
        """Those of these jobs that are there and can be read."""
        if not ids:
            return []
        with _outages_named():
            pipeline = self._reader().pipeline(transaction=False)
            for job_id in ids:
                pipeline.hgetall(JobKeys(job_id).job)
            found = await pipeline.execute(raise_on_error=False)
        for job_id, fields in zip(ids, found, strict=True):
            if isinstance(fields, Exception) and not _is_about_one_job(fields):
                raise StoreUnavailable(f"the store does not answer: {fields}") from fields
            if isinstance(fields, Exception):
                self._note(job_id, f"its fields: {fields}")
        return [fields for fields in found if isinstance(fields, dict) and fields]

    async def writes(
        self,
        job_id: str,
        after: Position = START,
        upto: Position | None = None,
        limit: int | None = None,
    ) -> list[Write]:
        """Writes with after < position ≤ upto, oldest first, at most `limit` that can be read.
        Raises HistoryCompacted where the first of them are not in the stream any more."""
        found: list[Write] = []
        while True:
            count = PAGE if limit is None else min(PAGE, limit - len(found))
            entries = await self._entries(job_id, after, upto, count)
            found += await self._readable(job_id, entries)
            if len(entries) < count or len(found) == limit:
                return found
            after = Position.parse(entries[-1][0])

    async def is_more(self, job_id: str, after: Position, upto: Position, most: Amount) -> bool:
        """Whether there are more writes with after < position ≤ upto, or more bytes of them. They
        are not looked into: that would take forty times as long. Raises HistoryCompacted."""
        writes = size = 0
        while writes <= most.writes and size <= most.bytes:
            await self._turns.next()
            entries = await self._entries(job_id, after, upto, WEIGHED)
            writes += len(entries)
            size += sum(len(text) for _, fields in entries for text in fields.values())
            if len(entries) < WEIGHED:
                return writes > most.writes or size > most.bytes
            after = Position.parse(entries[-1][0])
        return True

    async def joined_writes(self, job_id: str, after: Position) -> AsyncIterator[list[Write]]:
        """The same where they are compacted: joined by epoch, then what follows in the stream.
        Whoever breaks off here begins anew. Raises StoreUnavailable."""
        writes = self._threads.each_write(job_id, after=after)
        while found := await asyncio.to_thread(lambda: list(islice(writes, PAGE))):
            yield found

    async def newest_positions(self, job_id: str, count: int) -> list[Position]:
        """Positions of the last `count` writes, oldest first."""
        with _outages_named():
            entries = await self._reader().xrevrange(JobKeys(job_id).epochs, count=count)
        return [write.position for write in reversed(await self._readable(job_id, entries))]

    async def now(self) -> datetime:
        """The store's clock."""
        with _outages_named():
            if self._sharded:
                node = self._reader().get_random_node()
                seconds, micros = await self._reader().execute_command("TIME", target_nodes=node)
            else:
                seconds, micros = await self._reader().time()
        return datetime.fromtimestamp(int(seconds) + int(micros) / 1e6, UTC)

    async def close(self) -> None:
        ending = (self._pubsub, self._moved, self._client)
        self._pubsub = self._moved = self._client = None  # whoever still reads begins no connection
        # twice: a reading that was under way is tried again, and connects once more
        for one in (*ending, ending[-1]):
            if one is not None:
                try:
                    await one.aclose()
                except UNAVAILABLE as error:
                    log.debug("closing a connection to the store failed: %s", error)
                await asyncio.sleep(0)
        await asyncio.to_thread(self._threads.close)

    # -- inside ----------------------------------------------------------------------------

    async def _entries(
        self, job_id: str, after: Position, upto: Position | None, count: int
    ) -> list[Entry]:
        stop = "+" if upto is None else str(upto)
        with _outages_named():
            pipeline = self._reader().pipeline(transaction=False)
            pipeline.xrange(JobKeys(job_id).epochs, f"({after}", stop, count=count)
            # Read afterwards: what was not compacted then was in the stream before.
            pipeline.hget(JobKeys(job_id).job, COMPACTED)
            entries, compacted = await pipeline.execute(raise_on_error=False)
            for reply in (entries, compacted):
                if isinstance(reply, Exception):
                    raise reply
        refuse_compacted(compacted, after)
        return list(entries)

    async def _readable(self, job_id: str, entries: list[Entry]) -> list[Write]:
        found = []
        async for entry_id, fields in self._turns.pieces(entries):
            try:
                found.append(write_of_entry(entry_id, fields))
            except (ValueError, TypeError) as error:
                self._note(job_id, str(error))
        return found

    def _decoded(self, job_id: str | None, text: str) -> Message | None:
        try:
            message = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            self._note(job_id or "?", f"a message: {error}")
            return None
        return message if isinstance(message, dict) else None

    def _note(self, job_id: str, what: str) -> None:
        """Once per job in the log: a damaged history may hold thousands of such entries."""
        if job_id not in self.unreadable:
            log.warning("Job %s holds what cannot be read, it is left out: %.200s", job_id, what)
        self.unreadable[job_id] += 1

    async def _subscribe(self, job_id: str) -> None:
        channel = JobKeys(job_id).channel
        self._job_ids[channel] = job_id
        if self._pubsub is not None:
            await (self._pubsub.ssubscribe if self._sharded else self._pubsub.subscribe)(channel)

    async def _next(self, timeout_s: float) -> Raw | None:
        if self._pubsub is None:
            raise StoreUnavailable("not connected to the store")
        if self._sharded:
            return await self._next_of_cluster(timeout_s)
        raw: Raw | None = await self._pubsub.get_message(timeout=timeout_s)
        return raw

    async def _next_of_cluster(self, timeout_s: float) -> Raw | None:
        # A cluster's client keeps a connection per node and asks them in turn: what one is waited
        # for is the delay of another's message. 5 ms cost 2.4 % of a core while nothing comes.
        deadline = asyncio.get_running_loop().time() + timeout_s
        while True:
            for read in (self._pubsub.get_sharded_message, self._pubsub.get_message):
                try:
                    raw: Raw | None = await read(timeout=TURN_S)
                except RuntimeError as error:
                    # redis-py 8.1 lists a node's connection before it is open, while somebody
                    # else subscribes to that node's first channel
                    if "connection not set" not in str(error):
                        raise
                    await asyncio.sleep(TURN_S)
                    continue
                if raw is not None:
                    return raw
            if asyncio.get_running_loop().time() > deadline:
                return None

    def _reader(self) -> Any:
        if self._client is None:
            raise StoreUnavailable("not connected to the store")
        return self._client


class _outages_named:
    """Turns what the client library raises when the server is away into StoreUnavailable."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if error is not None and _is_about_one_job(error):
            raise JobUnreadable(str(error)) from error
        if isinstance(error, UNAVAILABLE) and not isinstance(error, StoreUnavailable):
            raise StoreUnavailable(f"the store does not answer: {error}") from error


def _is_about_one_job(error: BaseException) -> bool:
    return isinstance(error, ResponseError) and str(error).startswith("WRONGTYPE")
