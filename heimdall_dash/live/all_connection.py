"""Viewers of all jobs, plain, for programs: their updates, without epochs."""

import asyncio

from heimdall_dash.frames import CloseCode, plain_event
from heimdall_dash.live.flight import HEARTBEAT_S
from heimdall_dash.live.hub import Hub
from heimdall_dash.live.plain import STATUS_EVENTS
from heimdall_dash.live.socket import Closed, Socket, run_both


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
        async with self._hub.list_viewed():
            await self._tell()

    async def _tell(self) -> None:
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
