"""Viewers of all jobs: their updates, without epochs, framed for the page or plain for programs."""

import asyncio

from heimdall_dash.frames import CloseCode, all_jobs_frame, plain_event, store_frame
from heimdall_dash.live.flight import HEARTBEAT_S, Flight
from heimdall_dash.live.hub import Hub
from heimdall_dash.live.plain import STATUS_EVENTS
from heimdall_dash.live.socket import Closed, Socket, run_both
from heimdall_dash.store.jobs import Fields


class FramedAllJobs:
    """One frame in flight; the cursor is the version of the list that the viewer has."""

    def __init__(self, socket: Socket, hub: Hub) -> None:
        self._socket, self._hub, self._jobs = socket, hub, hub.all_jobs
        self._flight = Flight(socket)
        self._told_available = True

    async def serve(self) -> None:
        await run_both(self._socket, self._flight.listen, self._speak)

    async def _speak(self) -> None:
        clock = asyncio.get_running_loop().time
        cursor = self._jobs.version
        self._told_available = self._hub.available
        await self._deliver("sync", self._jobs.everything(), [], cursor)
        while True:
            wake = self._jobs.pulse.event()
            if self._hub.is_closing:
                raise Closed(CloseCode.RESTARTING, "this server is going away")
            if self._told_available != self._hub.available:
                self._told_available = self._hub.available
                frame = store_frame(self._told_available, cursor, cursor)
                await self._flight.deliver(frame, cursor)
            elif self._jobs.version == cursor:
                await self._flight.wait(wake, cursor)
            else:
                began = clock()
                changed, deleted = self._jobs.since(cursor)
                cursor = self._jobs.version
                await self._deliver("jobs", changed, deleted, cursor)
                await self._flight.pause(began, cursor)

    async def _deliver(
        self, event: str, jobs: list[Fields], deleted: list[str], cursor: int
    ) -> None:
        views = self._jobs.views(jobs, self._hub.now())
        frame = all_jobs_frame(event, views, deleted, cursor, self._told_available)
        await self._flight.deliver(frame, cursor)


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
                event = STATUS_EVENTS.get(status) if is_news else None
                for data in self._jobs.views([fields], self._hub.now()):
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
