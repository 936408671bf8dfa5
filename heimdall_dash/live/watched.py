"""One of the jobs that a page watches over its one socket: where the page stands in its history,
and the next part of a frame for it.

Guarantees: every cell of the wanted metrics that is written behind the cursor which the page named
comes in some part, in the order of the writes, also when the page changes what it wants while a
frame is under way; or the part says that the page has to load the history anew.
"""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any

from heimdall_dash.cells import START, Position, join
from heimdall_dash.errors import StoreUnavailable
from heimdall_dash.frames import CloseCode, watch_part, watched_cells
from heimdall_dash.live.behind import can_go_on, writes_behind
from heimdall_dash.live.hub import Hub
from heimdall_dash.live.named import named_writes
from heimdall_dash.live.told import Told
from heimdall_dash.live.topic import Topic
from heimdall_dash.live.wanted import Wanted
from heimdall_dash.portions import first_portion
from heimdall_dash.records import FINAL

log = logging.getLogger(__name__)

UNKNOWN = (CloseCode.UNKNOWN_JOB, "unknown job")
DELETED = (CloseCode.UNKNOWN_JOB, "the job was deleted")
OVER = (CloseCode.DONE, "the job is over")
STORE_LACKS_IT = (CloseCode.STORE_AWAY, "the store does not have this job at present")
FAILED = (CloseCode.FAILED, "an error on the server's side")
STORE_AWAY = (CloseCode.STORE_AWAY, "the store does not answer")


@dataclass(frozen=True)
class Stand:
    """told: the page's cursor in the words that it was said in last."""

    told: str | int
    cursor: Position


class Watched:
    def __init__(self, hub: Hub, job_id: str, wanted: Wanted, bell: asyncio.Event) -> None:
        """bell: is rung when there may be something to say."""
        self.job_id = job_id
        self.is_done = False  # nothing more will come of it
        self._hub, self._bell = hub, bell
        self._topic: Topic | None = None
        self._ended: tuple[int, str] | None = None
        self._told_version = -1
        self._is_synced = False
        self._stream = ""
        self._before: Stand | None = None  # where it stood before the frame that is under way
        self._owed_since: Position | None = None  # cells of metrics that came to be wanted late
        self._begin(wanted)
        self._holding = asyncio.create_task(self._hold())

    # -- what the page says ----------------------------------------------------------------

    def change(self, wanted: Wanted, *, is_under_way: bool) -> None:
        """is_under_way: the page said this before it acknowledged a frame, which has reached it by
        now: where it was when it said so, the frame has it moved on, with the old metrics."""
        told, stream = wanted.start.told, wanted.start.stream
        before = self._before if is_under_way else None
        if not self._is_synced or stream not in {None, self._stream}:
            self._begin(wanted)
        elif told == self._stand.told:
            self._names = wanted.metrics
        elif before is not None and told == before.told:
            self._names = wanted.metrics
            self._owed_since = min(self._owed_since or before.cursor, before.cursor)
        else:
            self._begin(wanted)

    def acknowledged(self) -> None:
        self._before = None

    async def close(self) -> None:
        self._holding.cancel()
        await asyncio.gather(self._holding, return_exceptions=True)

    def _begin(self, wanted: Wanted) -> None:
        self._start, self._names = wanted.start, wanted.metrics
        self._stand: Stand = Stand(wanted.start.told, START)
        self._is_synced, self._before, self._owed_since = False, None, None

    # -- what the page is told -------------------------------------------------------------

    async def next_part(self, told: Told) -> bytes | None:
        """JSON of what there is to say now; None: nothing. It counts as said."""
        topic = self._topic
        if self._ended is None and topic is not None and topic.is_deleted:
            self._ended = DELETED
        if self._ended is not None:
            return self._last(self._ended)
        if topic is None or not topic.fields:
            return None
        first: dict[str, Any] = {}
        if not self._is_synced:
            if not await can_go_on(self._hub, topic, self._start):
                return self._reload(topic)
            self._stream, self._is_synced = topic.stream, True
            self._stand = Stand(self._start.told, self._start.within(topic.cursor))
            first = {"recovered": True}
        if topic.stream != self._stream or topic.cursor < self._stand.cursor:
            return self._reload(topic)
        return await self._part(topic, told, first)

    async def _part(self, topic: Topic, told: Told, said: dict[str, Any]) -> bytes | None:
        is_first, stand, cells = bool(said), self._stand, b""
        if topic.cursor > stand.cursor or self._owed_since is not None:
            found = await self._cells(topic)
            if found is None:
                return self._reload(topic)
            cells, cursor = found
            self._stand, self._owed_since = Stand(str(cursor), cursor), None
        elif is_first:
            self._stand = Stand(str(stand.cursor), stand.cursor)
            said |= {"stream": self._stream, "after": stand.told, "cursor": str(stand.cursor)}
        if job := self._job(topic, told, is_first):
            said["job"] = job
        is_whole = topic.cursor == self._stand.cursor and topic.version == self._told_version
        if topic.status in FINAL and is_whole:
            said |= _closed(OVER)
            self.is_done = True
        if not said and not cells:
            return None
        self._before = stand
        return watch_part(said, cells)

    async def _cells(self, topic: Topic) -> tuple[bytes, Position] | None:
        """The cells behind the page's cursor, and the cursor after them; None: they are gone."""
        stand, version = self._stand, topic.version
        after = min(stand.cursor, self._owed_since or stand.cursor)
        key = (stand, after, self._names)
        if cached := topic.cached_frame("cells", key):
            return cached
        writes = await writes_behind(self._hub, topic, after)
        if not writes or topic.stream != self._stream:
            return None
        if cached := topic.cached_frame("cells", key):  # somebody's turn came first
            return cached
        cursor = max(first_portion(writes)[-1].position, stand.cursor)
        part = [write for write in writes if write.position <= cursor]
        joined = join(named_writes(part, self._names, topic.times))
        names = topic.names_after(after)
        cells = watched_cells(self._stream, stand.told, cursor, joined, names)
        if version == topic.version:
            topic.cache_frame("cells", key, cells, cursor)
        return cells, cursor

    def _job(self, topic: Topic, told: Told, is_first: bool) -> dict[str, Any]:
        if is_first or not told.knows(self.job_id):
            self._told_version = topic.version
            return told.whole(topic.fields, topic.job)
        if topic.version == self._told_version:
            return {}
        self._told_version = topic.version
        return told.news(topic.fields, topic.job)

    def _reload(self, topic: Topic) -> bytes:
        """The page has another history, or is too far behind: it loads that by REST, and says then
        where it stands."""
        self.is_done = True
        said = {"recovered": False, "stream": topic.stream, "cursor": str(topic.cursor)}
        return watch_part(said)

    def fail(self) -> bytes:
        """Something of this job is not as it should be: the page may come back."""
        return self._last(FAILED)

    def _last(self, ended: tuple[int, str]) -> bytes:
        self.is_done = True
        return watch_part(_closed(ended))

    # -- the job's topic -------------------------------------------------------------------

    async def _hold(self) -> None:
        """Keep the topic as long as the page watches."""
        try:
            async with self._hub.watch(self.job_id) as topic:
                if not topic.fields:
                    is_away = self._hub.may_come_back(self.job_id)
                    self._ended = STORE_LACKS_IT if is_away else UNKNOWN
                    return
                topic.pulse.bells.add(self._bell)
                self._topic = topic
                self._bell.set()
                try:
                    await asyncio.Event().wait()
                finally:
                    topic.pulse.bells.discard(self._bell)
        except StoreUnavailable:
            self._ended = STORE_AWAY
        except Exception as error:
            log.warning("Job %s cannot be watched: %r", self.job_id, error)
            self._ended = FAILED
        finally:
            self._bell.set()


def _closed(ended: tuple[int, str]) -> dict[str, Any]:
    """In the words of a socket of one job: its close code, and the reason."""
    return {"closed": {"code": int(ended[0]), "reason": ended[1]}}
