"""A viewer that speaks `heimdall.frames.v1`: one frame in flight, and never a gap.

Each frame holds everything written after the viewer's cursor; the next comes only when this one
was acknowledged, so what arrives meanwhile is coalesced, and a slow browser slows nobody but
itself.
"""

import asyncio
from typing import Any

from heimdall_dash.cells import START, Position, join
from heimdall_dash.frames import (
    CloseCode,
    Start,
    job_frame,
    metrics_frame,
    store_frame,
    sync_frame,
)
from heimdall_dash.live.behind import can_go_on, writes_behind
from heimdall_dash.live.flight import Flight
from heimdall_dash.live.hub import Hub
from heimdall_dash.live.socket import Closed, Socket, run_both
from heimdall_dash.live.topic import Topic
from heimdall_dash.portions import first_portion
from heimdall_dash.records import FINAL
from heimdall_dash.store.jobs import JobView, large_of


class FramedConnection:
    def __init__(self, socket: Socket, hub: Hub, topic: Topic, start: Start) -> None:
        self._socket, self._hub, self._topic = socket, hub, topic
        self._stream = start.stream or topic.stream
        self._start = start
        self._cursor = START  # the position of the last write that the viewer has
        self._told_after = start.told  # the same, in the words of the client at first
        self._told_version = -1
        self._told_large: object = None  # of the job, since the sync
        self._told_available = True
        self._flight = Flight(socket)

    async def serve(self) -> None:
        """Until the job is over, the client gone, or one of the two cannot go on."""
        await run_both(self._socket, self._flight.listen, self._speak)

    async def _speak(self) -> None:
        if not await self._sync():
            await self._beat_for_ever()
        clock = asyncio.get_running_loop().time
        while True:
            wake = self._topic.pulse.event()
            began = clock()
            frame = await self._next_frame()
            if frame is None:
                await self._flight.wait(wake, str(self._cursor))
                continue
            await self._deliver(*frame)
            self._end_if_over()
            await self._flight.pause(began, str(self._cursor))

    async def _sync(self) -> bool:
        topic = self._topic
        recovered = await can_go_on(self._hub, topic, self._start)
        self._cursor = self._start.within(topic.cursor)
        self._told_available = self._hub.available
        self._told_version = topic.version if recovered and self._cursor == topic.cursor else -1
        self._told_large = large_of(topic.fields)
        frame = sync_frame(
            topic.job, topic.stream, topic.cursor, recovered, self._told_available, topic.version
        )
        await self._flight.deliver(frame, str(topic.cursor))
        if recovered:
            self._end_if_over()
        return recovered

    async def _next_frame(self) -> tuple[bytes, Position] | None:
        """The next frame and the cursor after it; None when the viewer has everything."""
        topic = self._topic
        self._end_if_impossible()
        if self._told_available != self._hub.available:
            self._told_available = self._hub.available
            frame = store_frame(self._told_available, str(self._cursor), topic.version)
            return frame, self._cursor
        if topic.cursor > self._cursor:
            self._told_version = topic.version
            return await self._metrics()
        if self._told_version != topic.version and topic.fields:
            self._told_version = topic.version
            return job_frame(self._job(), str(self._cursor), topic.version), self._cursor
        return None

    async def _metrics(self) -> tuple[bytes, Position]:
        topic, told_after = self._topic, self._told_after
        large = large_of(topic.fields)
        stands = (told_after, self._cursor, large == self._told_large)
        if cached := self._cached(stands):
            return cached
        version, stream = topic.version, topic.stream
        writes = await writes_behind(self._hub, topic, self._cursor)
        if not writes:
            raise Closed(CloseCode.HISTORY_CHANGED, "the history was replaced")
        self._end_if_impossible()
        if version == topic.version and (cached := self._cached(stands)):
            return cached  # somebody's turn came first
        part = first_portion(writes)
        cursor = part[-1].position
        frame = metrics_frame(self._job(), stream, told_after, cursor, join(part), version)
        if version == topic.version:
            topic.cache_frame("metrics", stands, frame, cursor)
        self._told_after = str(cursor)
        return frame, cursor

    def _cached(self, stands: tuple[Any, ...]) -> tuple[bytes, Position] | None:
        if cached := self._topic.cached_frame("metrics", stands):
            self._told_after = str(cached[1])
            if not stands[-1]:
                self._told_large = large_of(self._topic.fields)
        return cached

    def _job(self) -> JobView:
        """With what is large only where that has changed."""
        large = large_of(self._topic.fields)
        if large == self._told_large:
            return self._topic.light_job
        self._told_large = large
        return self._topic.job

    async def _deliver(self, frame: bytes, cursor: Position) -> None:
        await self._flight.deliver(frame, str(cursor))
        self._cursor = cursor

    async def _beat_for_ever(self) -> None:
        """After `recovered: false` there is nothing to send: the client reloads and returns."""
        while True:
            self._end_if_gone()
            await self._flight.wait(asyncio.Event(), str(self._topic.cursor))

    def _end_if_gone(self) -> None:
        if self._hub.is_closing:
            raise Closed(CloseCode.RESTARTING, "this server is going away")
        if self._topic.is_deleted:
            raise Closed(CloseCode.UNKNOWN_JOB, "the job was deleted")

    def _end_if_impossible(self) -> None:
        self._end_if_gone()
        topic = self._topic
        if topic.fields and (topic.stream != self._stream or topic.cursor < self._cursor):
            raise Closed(CloseCode.HISTORY_CHANGED, "the history was replaced")

    def _end_if_over(self) -> None:
        topic = self._topic
        everything = self._cursor == topic.cursor and self._told_version == topic.version
        if topic.status in FINAL and everything:
            raise Closed(CloseCode.DONE, "the job is over")
