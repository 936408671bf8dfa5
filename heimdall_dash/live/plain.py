"""A viewer that reads one JSON event per message: people and other programs.

It has a cursor and no queue: what it has not read yet stays in the store. `?after=N` replays
every epoch after N first; then live, with no gap and no repeat. Writes of one epoch that follow
on one another and are there together come as one event.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from itertools import groupby

from heimdall_dash.cells import Write
from heimdall_dash.errors import HistoryCompacted
from heimdall_dash.frames import CloseCode, Start, plain_event, plain_writes
from heimdall_dash.live.hub import Hub
from heimdall_dash.live.socket import Closed, Socket, run_both
from heimdall_dash.live.topic import Topic
from heimdall_dash.records import FINAL, Status

HEARTBEAT_S = 4.0
READ_WRITES = 200

STATUS_EVENTS: dict[str, str] = {
    Status.RUNNING: "training_started",
    Status.PAUSED: "training_paused",
    Status.COMPLETED: "training_completed",
    Status.FAILED: "training_failed",
    Status.CANCELLED: "training_cancelled",
}


class PlainConnection:
    def __init__(self, socket: Socket, hub: Hub, topic: Topic, start: Start | None) -> None:
        """start: None follows from now on."""
        self._socket, self._hub, self._topic = socket, hub, topic
        self._cursor = topic.cursor if start is None else start.within(topic.cursor)
        is_over = topic.status in FINAL  # then its end is told once, after the replay
        self._told_status = "" if is_over else topic.status
        self._told_version = -1 if is_over else topic.version
        self._told_note = topic.notes[-1][0] if topic.notes else -1
        self._beat_at = 0.0

    async def serve(self) -> None:
        await run_both(self._socket, self._listen, self._speak)

    async def _listen(self) -> None:
        while True:
            said = await self._socket.said()
            if said is not None and said.is_ping:
                await self._send("pong", {})
            elif said is None:
                await self._send("error", {"detail": 'expected JSON, such as {"event": "ping"}'})

    async def _speak(self) -> None:
        topic = self._topic
        await self._send("connected", {"job": topic.job, "cursor": str(self._cursor)})
        self._beat_at = asyncio.get_running_loop().time() + HEARTBEAT_S
        while True:
            wake = topic.pulse.event()
            self._end_if_impossible()
            await self._tell_start()
            async for together in self._writes():
                await self._socket.send(plain_writes(topic.job_id, together))
                self._cursor = together[-1].position
                await self._beat()
            await self._tell_change()
            await self._wait(wake)

    async def _writes(self) -> AsyncIterator[list[Write]]:
        topic, turns = self._topic, self._hub.turns
        while self._cursor < topic.cursor:
            before = self._cursor
            if topic.holds(self._cursor):
                writes = topic.writes_after(self._cursor)[:READ_WRITES]
            else:
                try:
                    writes = await self._hub.read_writes(topic, self._cursor, READ_WRITES)
                except HistoryCompacted:
                    async for writes in self._hub.joined_writes(topic, self._cursor):
                        async for together in turns.pieces(list(_by_epoch(writes))):
                            yield together
                    if self._cursor == before:
                        return
                    continue
            if not writes:
                return
            async for together in turns.pieces(list(_by_epoch(writes))):
                yield together

    async def _tell_start(self) -> None:
        """A job that has begun says so before its epochs, one that has ended after them."""
        if self._topic.status == Status.RUNNING and self._told_status != Status.RUNNING:
            self._told_status = self._topic.status
            await self._send("training_started", self._topic.job)

    async def _tell_change(self) -> None:
        topic = self._topic
        for number, note in list(topic.notes):
            if number > self._told_note:
                self._told_note = number
                await self._send("training_warning", note)
        if not topic.fields or topic.version == self._told_version:
            return
        self._told_version = topic.version
        if topic.status != self._told_status:
            self._told_status = topic.status
            event = STATUS_EVENTS.get(topic.status, "training_progress")
            await self._send(event, topic.job)
        else:
            await self._send("training_progress", _without_epoch(topic))
        if topic.status in FINAL and self._cursor >= topic.cursor:
            raise Closed(CloseCode.DONE, "the job is over")

    async def _wait(self, wake: asyncio.Event) -> None:
        left_s = self._beat_at - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(max(0.0, left_s)):
                await wake.wait()
        except TimeoutError:
            pass
        await self._beat()

    async def _beat(self) -> None:
        now = asyncio.get_running_loop().time()
        if now >= self._beat_at:
            self._beat_at = now + HEARTBEAT_S
            await self._send(
                "heartbeat", {"cursor": str(self._cursor), "store": self._hub.available}
            )

    async def _send(self, event: str, data: dict[str, object]) -> None:
        await self._socket.send(plain_event(event, self._topic.job_id, data))

    def _end_if_impossible(self) -> None:
        if self._hub.is_closing:
            raise Closed(CloseCode.RESTARTING, "this server is going away")
        if self._topic.is_deleted:
            raise Closed(CloseCode.UNKNOWN_JOB, "the job was deleted")


def _by_epoch(writes: Iterable[Write]) -> Iterator[list[Write]]:
    """Neighbours of one epoch together; a taking back alone."""
    for (_, takes_back), together in groupby(writes, lambda w: (w.epoch, w.takes_back)):
        if takes_back:
            yield from ([write] for write in together)
        else:
            yield list(together)


def _without_epoch(topic: Topic) -> dict[str, object]:
    """A job update: it never has `epoch`, which is what marks a metric."""
    return {name: value for name, value in topic.light_job.items() if name != "epoch"}
