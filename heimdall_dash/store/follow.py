"""The store for an event loop: the hub reads and subscribes through this. It never writes."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson

from heimdall_dash.errors import StoreUnavailable
from heimdall_dash.store.connect import UNAVAILABLE, Url, address, connect_async
from heimdall_dash.store.jobs import Fields
from heimdall_dash.store.keys import JOBS, JOBS_CHANNEL, JobKeys

log = logging.getLogger(__name__)

Message = dict[str, Any]
SUBSCRIBED = "subscribed"


class Follower:
    """One pub/sub connection and one for reading, per web process.

    Pub/sub alone loses what is published while a connection is away, so each (re)subscription is
    handed on as a message of its own: it means "read the stream from your position".
    """

    def __init__(self, url: Url) -> None:
        self._url = url
        self._client: Any = None
        self._pubsub: Any = None
        self._sharded = False
        self._job_ids: dict[str, str] = {}  # channel → job id
        self._turn = asyncio.Lock()  # (un)subscriptions reach the server in the order they are made

    async def open(self, job_ids: Callable[[], list[str]]) -> None:
        """Connect, subscribe to the updates of all jobs and to the epochs of `job_ids()`."""
        await self.close()
        with _outages_named():
            client = await connect_async(address(self._url))
        async with self._turn:
            self._client, self._pubsub = client, client.pubsub()
            self._sharded = hasattr(client, "get_primaries")
            self._job_ids = {}
            with _outages_named():
                await self._pubsub.subscribe(JOBS_CHANNEL)
                for job_id in job_ids():
                    await self._subscribe(job_id)

    async def subscribe(self, job_id: str) -> None:
        """Follow one more job; a SUBSCRIBED message will say when it is in force."""
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

        A message None means that the subscription has (re)started. Yields nothing for
        `timeout_s` → ends, so that the caller can look around. Raises StoreUnavailable.
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
                yield job_id, orjson.loads(raw["data"])

    async def job(self, job_id: str) -> Fields:
        """The job's fields, empty when the store does not have it."""
        with _outages_named():
            return await self._reader().hgetall(JobKeys(job_id).job)

    async def jobs(self) -> list[Fields]:
        """All jobs, newest first."""
        with _outages_named():
            client = self._reader()
            ids = await client.zrevrange(JOBS, 0, -1)
            pipeline = client.pipeline(transaction=False)
            for job_id in ids:
                pipeline.hgetall(JobKeys(job_id).job)
            return [fields for fields in await pipeline.execute() if fields] if ids else []

    async def rows(
        self, job_id: str, after: int, upto: int | None = None, limit: int | None = None
    ) -> list[bytes]:
        """Rows as JSON bytes with after < epoch ≤ upto, oldest first, at most `limit`."""
        stop = "+" if upto is None else f"{upto}-1"
        with _outages_named():
            entries = await self._reader().xrange(
                JobKeys(job_id).epochs, f"{after + 1}-0", stop, count=limit
            )
        return [entry["row"].encode() for _, entry in entries]

    async def newest_epochs(self, job_id: str, count: int) -> list[int]:
        """The numbers of the last `count` epochs, oldest first."""
        with _outages_named():
            entries = await self._reader().xrevrange(JobKeys(job_id).epochs, count=count)
        return [int(entry_id.partition("-")[0]) for entry_id, _ in reversed(entries)]

    async def ping(self) -> None:
        with _outages_named():
            await self._reader().ping()

    async def close(self) -> None:
        for closing in (self._pubsub, self._client):
            if closing is not None:
                try:
                    await closing.aclose()
                except UNAVAILABLE as error:
                    log.debug("closing a connection to the store failed: %s", error)
        self._pubsub = self._client = None

    async def _subscribe(self, job_id: str) -> None:
        channel = JobKeys(job_id).channel
        self._job_ids[channel] = job_id
        if self._pubsub is not None:
            await (self._pubsub.ssubscribe if self._sharded else self._pubsub.subscribe)(channel)

    async def _next(self, timeout_s: float) -> dict[str, Any] | None:
        if self._pubsub is None:
            raise StoreUnavailable("not connected to the store")
        if self._sharded:
            return await self._next_of_cluster(timeout_s)
        return await self._pubsub.get_message(timeout=timeout_s)

    async def _next_of_cluster(self, timeout_s: float) -> dict[str, Any] | None:
        # A cluster's client keeps a connection per node: sharded messages come from another
        # connection than plain ones, and each is asked in turn.
        deadline = asyncio.get_running_loop().time() + timeout_s
        while True:
            for read in (self._pubsub.get_sharded_message, self._pubsub.get_message):
                raw = await read(timeout=0.005)
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
        if isinstance(error, UNAVAILABLE) and not isinstance(error, StoreUnavailable):
            raise StoreUnavailable(f"the store does not answer: {error}") from error
