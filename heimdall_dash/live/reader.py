"""Brings a topic up to date: by what was published where that follows on, else from the stream.

A topic's cursor never passes a write that its tail or the store does not hold.
"""

import logging

from heimdall_dash.cells import START, Position, Write
from heimdall_dash.errors import HistoryCompacted, StoreUnavailable
from heimdall_dash.live.messages import Publication, stored_position, with_kept
from heimdall_dash.live.topic import TAIL_WRITES, Topic
from heimdall_dash.store.follow import Follower
from heimdall_dash.store.jobs import Fields

log = logging.getLogger(__name__)

COMPACTIONS = 10  # that may come between looking where to begin and reading there


class Reader:
    def __init__(self, follower: Follower) -> None:
        self._follower = follower

    async def take(self, topic: Topic, heard: Publication) -> None:
        """What was published about the topic's job."""
        if heard.is_deletion:
            topic.vanish(deleted=True)
            return
        if heard.note is not None:
            topic.take_note(heard.note)
        if reason := _what_is_missing(topic, heard):
            await self.catch_up(topic, reason)
            return
        # writes before the state that counts them: a viewer never hears of a last epoch
        # that it cannot have yet
        async with topic.turn:
            topic.extend(heard.writes or ())
            fields = with_kept(heard.fields, heard.kept, topic.fields)
            topic.take_fields(fields, is_read=False)

    async def catch_up(self, topic: Topic, reason: str) -> None:
        """Read the job's fields, and the stream from the topic's cursor on."""
        async with topic.turn:
            fields = await self._follower.job(topic.job_id)
            if fields:
                await self._read_on(topic, fields, reason)
            elif topic.fields or not topic.ready.is_set():
                topic.vanish(deleted=topic.is_deleted)
            topic.ready.set()

    async def _read_on(self, topic: Topic, fields: Fields, reason: str) -> None:
        before, stream = topic.cursor, fields.get("stream", "")
        if stream != topic.stream or await self._has_less(topic, fields):
            topic.restart(stream, await self._floor(topic.job_id))
        writes = await self._writes(topic, TAIL_WRITES + 1)
        if len(writes) > TAIL_WRITES:
            topic.restart(stream, await self._floor(topic.job_id))
            writes = await self._writes(topic)
        found = topic.extend(writes)
        topic.take_fields(fields, is_read=True)
        if topic.ready.is_set() and (found or topic.cursor < before):
            log.info(
                "Read the stream of job %s (%s): %d writes, cursor %s → %s",
                topic.job_id, reason, found, before, topic.cursor,
            )  # fmt: skip

    async def _writes(self, topic: Topic, limit: int | None = None) -> list[Write]:
        """Those behind the topic's cursor; where they are compacted, it begins with what is
        not."""
        for _ in range(COMPACTIONS):
            try:
                return await self._follower.writes(topic.job_id, topic.cursor, limit=limit)
            except HistoryCompacted as compacted:
                topic.restart(topic.stream, Position.parse(compacted.position))
        raise StoreUnavailable(f"the history of job {topic.job_id} changes too quickly to be read")

    async def _has_less(self, topic: Topic, fields: Fields) -> bool:
        """Whether the store came back with less than it once had."""
        if (stored := stored_position(fields)) is not None:
            return stored < topic.cursor
        newest = await self._follower.newest_positions(topic.job_id, 1)
        return (newest[-1] if newest else START) < topic.cursor

    async def _floor(self, job_id: str) -> Position:
        """The position before the newest that a fresh tail begins with."""
        newest = await self._follower.newest_positions(job_id, TAIL_WRITES // 2 + 1)
        return newest[0] if len(newest) > TAIL_WRITES // 2 else START


def _what_is_missing(topic: Topic, heard: Publication) -> str:
    """Why the stream must be read before this message counts; empty: it follows on."""
    if heard.fields.get("stream", "") != topic.stream:
        return "another history"
    if heard.after is None:
        return ""
    if heard.writes is None:
        return "a large batch"
    return "a gap" if heard.after > topic.cursor else ""
