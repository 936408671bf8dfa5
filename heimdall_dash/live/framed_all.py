"""What a page watches, over its one socket: the list of jobs, and the metrics that it names of up
to a hundred of them. One frame in flight over all of it.

Frames are numbered; the number is what the page acknowledges. What is said of a watched job stands
in its own part, see `Watched`.
"""

import asyncio
import logging
import math

from heimdall_dash.errors import StoreUnavailable
from heimdall_dash.frames import (
    CloseCode,
    Said,
    list_frame,
    list_sync,
    refused_frame,
    store_frame,
    watch_frame,
)
from heimdall_dash.live.flight import Flight
from heimdall_dash.live.hub import Hub
from heimdall_dash.live.socket import Closed, Socket, run_both
from heimdall_dash.live.told import Told
from heimdall_dash.live.wanted import Wanted, WatchRefused, wanted_jobs
from heimdall_dash.live.watched import Watched

log = logging.getLogger(__name__)

LIST_INTERVAL_S = (
    0.4  # between two frames of the list, to a page that watches jobs: cards need no more
)
MOST_UNHEARD = 100  # wishes while one frame is under way
FRAME_BYTES = 2**20  # beyond, the other watched jobs wait for the next frame


class FramedAllJobs:
    def __init__(self, socket: Socket, hub: Hub) -> None:
        self._socket, self._hub, self._jobs = socket, hub, hub.all_jobs
        self._flight = Flight(socket)
        self._number = 0  # of the newest frame
        self._version = 0  # of the list that the viewer has
        self._told_available = True
        self._told = Told()
        self._is_watching = False  # from its first watch on, jobs come as changes
        self._watched: dict[str, Watched] = {}
        self._wishes: list[tuple[object, bool]] = []  # a watch, and whether a frame was under way
        self._unlisted: set[str] = set()  # jobs that the list left to their parts
        self._listed_at = self._watch_told_at = -math.inf
        self._bell = asyncio.Event()

    async def serve(self) -> None:
        self._jobs.pulse.bells.add(self._bell)
        try:
            await run_both(self._socket, lambda: self._flight.listen(self._hear), self._speak)
        finally:
            self._jobs.pulse.bells.discard(self._bell)
            await self._drop(list(self._watched))

    def _hear(self, said: Said) -> None:
        if said.interval_ms is not None:
            self._bell.set()
        if said.watches:
            if len(self._wishes) >= MOST_UNHEARD:
                raise Closed(CloseCode.TOO_SLOW, "too many watches without an acknowledgement")
            self._wishes.append((said.watch, self._flight.is_busy))
            self._bell.set()

    async def _speak(self) -> None:
        async with self._hub.list_viewed():
            await self._tell()

    async def _tell(self) -> None:
        self._version, self._told_available = self._jobs.version, self._hub.available
        views = self._jobs.views(self._jobs.everything(), self._hub.now())
        await self._deliver(list_sync(views, self._next_number(), self._told_available))
        while True:
            self._bell.clear()
            if self._hub.is_closing:
                raise Closed(CloseCode.RESTARTING, "this server is going away")
            frame = await self._change_watch() or await self._next_frame()
            if frame is not None:
                await self._deliver(frame)
            else:
                await self._flight.wait(self._bell, self._number, self._pause_s())

    async def _deliver(self, frame: bytes) -> None:
        await self._flight.deliver(frame, self._number)

    def _next_number(self) -> int:
        self._number += 1
        return self._number

    # -- frames ----------------------------------------------------------------------------

    async def _next_frame(self) -> bytes | None:
        now = asyncio.get_running_loop().time()
        if self._told_available != self._hub.available:
            self._told_available = self._hub.available
            return store_frame(self._told_available, self._next_number())
        if now >= self._watch_at and (frame := await self._parts()):
            self._watch_told_at = now
            return frame
        if now >= self._list_at and (frame := self._list()):
            self._listed_at = now
            return frame
        return None

    @property
    def _watch_at(self) -> float:
        """From when on watched jobs may be told of."""
        return self._watch_told_at + self._flight.interval_s

    @property
    def _list_at(self) -> float:
        least_s = LIST_INTERVAL_S if self._is_watching else self._flight.interval_s
        return self._listed_at + least_s

    def _pause_s(self) -> float:
        """Until something that waits may be said."""
        now = asyncio.get_running_loop().time()
        times = [at for at in (self._list_at, self._watch_at) if at > now]
        return min(times, default=math.inf) - now

    def _list(self) -> bytes | None:
        changed, deleted = self._jobs.since(self._version)
        self._version = self._jobs.version
        self._told.forget(deleted)
        if not self._is_watching:
            views = self._jobs.views(changed, self._hub.now())
            return list_frame(views, {}, deleted, self._next_number()) if views or deleted else None
        jobs, changes = [], {}
        self._unlisted.update(fields["id"] for fields in changed)
        self._unlisted.difference_update(deleted)
        for job_id in self._unlisted - self._watched.keys():  # of those, their parts tell
            self._unlisted.remove(job_id)
            fields = self._jobs.fields(job_id)
            view = self._jobs.view(fields) if fields else None
            if fields is None or view is None:
                continue
            if not self._told.knows(view["id"]):
                jobs.append(self._told.whole(fields, view))
            elif news := self._told.news(fields, view):
                changes[view["id"]] = news
        if not jobs and not changes and not deleted:
            return None
        return list_frame(jobs, changes, deleted, self._next_number())

    async def _parts(self) -> bytes | None:
        """One frame for all watched jobs that have something to say, or for as many as fit."""
        parts: dict[str, bytes] = {}
        size = 0
        for job_id, watched in list(self._watched.items()):
            part = await self._part(watched)
            if part is None:
                continue
            parts[job_id] = part
            size += len(part)
            # whoever was served goes to the end: none waits for ever
            self._watched[job_id] = self._watched.pop(job_id)
            if size > FRAME_BYTES:
                break
        return watch_frame(parts, self._next_number()) if parts else None

    async def _part(self, watched: Watched) -> bytes | None:
        """What one job holds or publishes is that job's trouble alone."""
        try:
            return await watched.next_part(self._told)
        except (StoreUnavailable, Closed):
            raise
        except Exception as error:
            log.warning("Job %s cannot be told of: %r", watched.job_id, error)
            return watched.fail()

    # -- what is watched -------------------------------------------------------------------

    async def _change_watch(self) -> bytes | None:
        """Take the client's wishes to heart, in their order; a refusal is a frame."""
        await self._drop([job_id for job_id, watched in self._watched.items() if watched.is_done])
        while self._wishes:
            watch, is_under_way = self._wishes.pop(0)
            try:
                wanted = wanted_jobs(watch)
            except WatchRefused as refusal:
                return refused_frame(str(refusal), self._next_number())
            await self._watch(wanted, is_under_way)
        for watched in self._watched.values():
            watched.acknowledged()
        return None

    async def _watch(self, wanted: dict[str, Wanted], is_under_way: bool) -> None:
        self._is_watching = True
        self._watch_told_at = -math.inf  # whoever asks anew does not wait
        await self._drop([job_id for job_id in self._watched if job_id not in wanted])
        for job_id, want in wanted.items():
            if (known := self._watched.get(job_id)) is not None:
                known.change(want, is_under_way=is_under_way)
            else:
                self._watched[job_id] = Watched(self._hub, job_id, want, self._bell)

    async def _drop(self, job_ids: list[str]) -> None:
        for job_id in job_ids:
            await self._watched.pop(job_id).close()
