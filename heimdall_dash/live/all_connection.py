"""Viewers of all jobs: their updates, without epochs, framed for the page or plain for programs."""

import asyncio

from heimdall_dash.frames import (
    CloseCode,
    all_jobs_frame,
    heartbeat_frame,
    plain_event,
    store_frame,
)
from heimdall_dash.live.framed import ACK_TIMEOUT_S, HEARTBEAT_S
from heimdall_dash.live.hub import Hub
from heimdall_dash.live.plain import STATUS_EVENTS
from heimdall_dash.live.socket import Closed, Socket, run_both
from heimdall_dash.records import Status
from heimdall_dash.store.jobs import job_view


class FramedAllJobs:
    """One frame in flight; the cursor is the version of the list that the viewer has."""

    def __init__(self, socket: Socket, hub: Hub) -> None:
        self._socket, self._hub, self._jobs = socket, hub, hub.all_jobs
        self._awaited: int | None = None
        self._acked = asyncio.Event()
        self._interval_s = 0.0
        self._told_available = True

    async def serve(self) -> None:
        await run_both(self._socket, self._listen, self._speak)

    async def _listen(self) -> None:
        while True:
            said = await self._socket.said()
            if said is None:
                continue
            if said.interval_ms is not None:
                self._interval_s = said.interval_ms / 1000
            if said.ack is not None and said.ack == self._awaited:
                self._acked.set()

    async def _speak(self) -> None:
        cursor = self._jobs.version
        views = [job_view(fields) for fields in self._jobs.everything()]
        await self._socket.send(all_jobs_frame("sync", views, [], cursor))
        while True:
            wake = self._jobs.pulse.event()
            if self._hub.is_closing:
                raise Closed(CloseCode.RESTARTING, "this server is going away")
            if self._told_available != self._hub.available:
                self._told_available = self._hub.available
                await self._deliver(store_frame(self._told_available, cursor, cursor), cursor)
                continue
            if self._jobs.version == cursor:
                await self._wait(wake, cursor)
                continue
            changed, deleted = self._jobs.since(cursor)
            cursor = self._jobs.version
            views = [job_view(fields) for fields in changed]
            await self._deliver(all_jobs_frame("jobs", views, deleted, cursor), cursor)
            await asyncio.sleep(min(self._interval_s, HEARTBEAT_S))

    async def _deliver(self, frame: bytes, cursor: int) -> None:
        self._acked.clear()
        self._awaited = cursor
        await self._socket.send(frame)
        try:
            async with asyncio.timeout(ACK_TIMEOUT_S):
                await self._acked.wait()
        except TimeoutError as error:
            raise Closed(CloseCode.TOO_SLOW, "a frame was not acknowledged in time") from error

    async def _wait(self, wake: asyncio.Event, cursor: int) -> None:
        try:
            async with asyncio.timeout(HEARTBEAT_S):
                await wake.wait()
        except TimeoutError:
            await self._socket.send(heartbeat_frame(cursor))


class PlainAllJobs:
    """One event per changed job; several changes of one job may come as one."""

    def __init__(self, socket: Socket, hub: Hub) -> None:
        self._socket, self._hub, self._jobs = socket, hub, hub.all_jobs

    async def serve(self) -> None:
        await run_both(self._socket, self._listen, self._speak)

    async def _listen(self) -> None:
        while True:
            said = await self._socket.said()
            if said is not None and said.is_ping:
                await self._socket.send(plain_event("pong", None, {}))

    async def _speak(self) -> None:
        clock = asyncio.get_running_loop().time
        cursor, told = self._jobs.version, {}
        for fields in self._jobs.everything():
            told[fields["id"]] = fields.get("status", "")
        await self._socket.send(plain_event("connected", None, {"jobs": len(told)}))
        beat_at = clock() + HEARTBEAT_S
        while True:
            wake = self._jobs.pulse.event()
            if self._hub.is_closing:
                raise Closed(CloseCode.RESTARTING, "this server is going away")
            changed, deleted = self._jobs.since(cursor)
            cursor = self._jobs.version
            for fields in changed:
                job_id, status = fields["id"], fields.get("status", "")
                is_news = told.get(job_id) != status
                told[job_id] = status
                event = STATUS_EVENTS.get(Status(status)) if is_news else None
                data = job_view(fields)
                await self._socket.send(plain_event(event or "training_progress", job_id, data))
            for job_id in deleted:
                await self._socket.send(plain_event("training_deleted", job_id, {}))
            try:
                async with asyncio.timeout(max(0.0, beat_at - clock())):
                    await wake.wait()
            except TimeoutError:
                pass
            if clock() >= beat_at:
                beat_at = clock() + HEARTBEAT_S
                await self._socket.send(plain_event("heartbeat", None, {}))
