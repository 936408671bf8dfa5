"""A viewer that speaks `heimdall.frames.v1`: one frame in flight, and never a gap.

Each frame holds everything after the viewer's cursor; the next comes only when this one was
acknowledged, so what arrives meanwhile is coalesced, and a slow browser slows nobody but itself.
"""

import asyncio

from heimdall_dash.frames import (
    CloseCode,
    Position,
    heartbeat_frame,
    job_frame,
    metrics_frame,
    store_frame,
    sync_frame,
)
from heimdall_dash.live.hub import Hub
from heimdall_dash.live.socket import Closed, Socket, run_both
from heimdall_dash.live.topic import Topic, parse_row
from heimdall_dash.records import FINAL, to_columns

HEARTBEAT_S = 4.0
ACK_TIMEOUT_S = 30.0
FRAME_ROWS = 5_000  # epochs in one frame at most
RECOVER_ROWS = 20_000  # further behind than this, the snapshot by REST is the quicker way


class FramedConnection:
    def __init__(self, socket: Socket, hub: Hub, topic: Topic, position: Position) -> None:
        self._socket, self._hub, self._topic = socket, hub, topic
        self._stream = position.stream or topic.stream
        self._cursor = position.after
        self._told_version = -1
        self._told_available = True
        self._interval_s = 0.0
        self._awaited: int | None = None
        self._acked = asyncio.Event()

    async def serve(self) -> None:
        """Until the job is over, the client gone, or one of the two cannot go on."""
        await run_both(self._socket, self._listen, self._speak)

    async def _listen(self) -> None:
        while True:
            said = await self._socket.said()
            if said is None:
                continue
            if said.interval_ms is not None:
                self._interval_s = said.interval_ms / 1000
            if said.ack is not None and said.ack == self._awaited:
                self._awaited = None
                self._acked.set()

    async def _speak(self) -> None:
        if not await self._sync():
            await self._beat_for_ever()
        clock = asyncio.get_running_loop().time
        while True:
            wake = self._topic.pulse.event()
            began = clock()
            frame = await self._next_frame()
            if frame is None:
                await self._wait(wake)
                continue
            await self._deliver(*frame)
            self._end_if_over()
            await self._pause(began + self._interval_s - clock())

    async def _sync(self) -> bool:
        topic, after = self._topic, self._cursor
        recovered = self._stream == topic.stream and after <= topic.cursor
        if recovered and not topic.holds(after):
            behind = await self._hub.read_rows(topic, after, RECOVER_ROWS + 1)
            recovered = len(behind) <= RECOVER_ROWS
        await self._socket.send(sync_frame(topic.job, topic.stream, topic.cursor, recovered))
        self._told_version = topic.version if recovered and after == topic.cursor else -1
        if recovered:
            self._end_if_over()
        return recovered

    async def _next_frame(self) -> tuple[bytes, int] | None:
        """The next frame and the cursor after it; None when the viewer has everything."""
        topic = self._topic
        self._end_if_impossible()
        if self._told_available != self._hub.available:
            self._told_available = self._hub.available
            return store_frame(self._told_available, self._cursor, topic.version), self._cursor
        if topic.cursor > self._cursor:
            self._told_version = topic.version
            return await self._metrics()
        if self._told_version != topic.version and topic.fields:
            self._told_version = topic.version
            return job_frame(topic.job, self._cursor, topic.version), self._cursor
        return None

    async def _metrics(self) -> tuple[bytes, int]:
        topic, after = self._topic, self._cursor
        if cached := topic.cached_frame("metrics", after):
            return cached
        version, stream = topic.version, topic.stream
        if topic.holds(after):
            rows = topic.rows_after(after)
        else:
            raw_rows = await self._hub.read_rows(topic, after, FRAME_ROWS)
            rows = [parse_row(raw)[0] for raw in raw_rows]
            if not rows:
                raise Closed(CloseCode.HISTORY_CHANGED, "the history was replaced")
            self._end_if_impossible()
        cursor = rows[-1]["epoch"]
        columns = to_columns(rows)
        frame = metrics_frame(topic.job, stream, after, cursor, columns, version)
        if version == topic.version:
            topic.cache_frame("metrics", after, frame, cursor)
        return frame, cursor

    async def _deliver(self, frame: bytes, cursor: int) -> None:
        self._acked.clear()
        self._awaited = cursor
        await self._socket.send(frame)
        try:
            async with asyncio.timeout(ACK_TIMEOUT_S):
                await self._acked.wait()
        except TimeoutError as error:
            raise Closed(CloseCode.TOO_SLOW, "a frame was not acknowledged in time") from error
        self._cursor = cursor

    async def _pause(self, seconds: float) -> None:
        """Keep the least time between frames, with heartbeats while it lasts."""
        deadline = asyncio.get_running_loop().time() + seconds
        while (left := deadline - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(min(left, HEARTBEAT_S))
            if left > HEARTBEAT_S:
                await self._socket.send(heartbeat_frame(self._cursor))

    async def _wait(self, wake: asyncio.Event) -> None:
        try:
            async with asyncio.timeout(HEARTBEAT_S):
                await wake.wait()
        except TimeoutError:
            await self._socket.send(heartbeat_frame(self._cursor))

    async def _beat_for_ever(self) -> None:
        """After `recovered: false` there is nothing to send: the client reloads and returns."""
        while True:
            self._end_if_gone()
            await self._wait(asyncio.Event())

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
