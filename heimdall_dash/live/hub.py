"""Follows the store's pub/sub for all viewers of this web process, over one connection.

Guarantees: a topic's cursor never passes an epoch that its tail or the store does not hold. The
order is always subscribe, read the stream, merge by position; a re-subscription, a message that
does not follow on, and a check every few seconds all end in the same read. Does not: keep
history (the store does), or know viewers (connections come and look).
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from heimdall_dash.errors import StoreUnavailable
from heimdall_dash.live.all_jobs import AllJobs
from heimdall_dash.live.topic import TAIL_ROWS, Topic, parse_row
from heimdall_dash.log import Rarely
from heimdall_dash.records import NO_EPOCH
from heimdall_dash.store.follow import Follower, Message

log = logging.getLogger(__name__)

CHECK_S = 5.0  # every so often the positions are compared with the store's
RETRY_MAX_S = 2.0
SUSPECT_S = 20.0  # for so long after an outage a missing job may still be restored by its trainer


class Hub:
    def __init__(self, follower: Follower) -> None:
        self._follower = follower
        self._topics: dict[str, Topic] = {}
        self._seen_ids: set[str] = set()  # jobs that this process has shown to somebody
        self._had_outage = False
        self._outage_ended_at = float("-inf")
        self.all_jobs = AllJobs()
        self.available = False
        self.is_closing = False
        self._received, self._broadcast, self._broadcast_job = Rarely(log), Rarely(log), Rarely(log)

    # -- for connections -------------------------------------------------------------------

    @asynccontextmanager
    async def watch(self, job_id: str) -> AsyncIterator[Topic]:
        """The job's topic, read from the store at least once; raises StoreUnavailable.

        A job that the store does not have comes as a topic with empty `fields`.
        """
        topic = self._topics.get(job_id)
        if topic is None:
            topic = self._topics[job_id] = Topic(job_id)
        topic.viewers += 1
        try:
            if not topic.ready.is_set() and topic.viewers == 1:
                await self._follower.subscribe(job_id)
            await asyncio.wait_for(topic.ready.wait(), timeout=CHECK_S * 2)
            if topic.fields:
                self._seen_ids.add(job_id)
            yield topic
        except TimeoutError as error:
            raise StoreUnavailable("the store does not answer") from error
        finally:
            topic.viewers -= 1
            if topic.viewers == 0 and self._topics.get(job_id) is topic:
                del self._topics[job_id]
                await self._unsubscribe(job_id)

    def may_come_back(self, job_id: str) -> bool:
        """Whether a job that the store does not have may yet be restored by its trainer."""
        just_recovered = asyncio.get_running_loop().time() - self._outage_ended_at < SUSPECT_S
        return not self.available or job_id in self._seen_ids or just_recovered

    async def read_rows(self, topic: Topic, after: int, limit: int) -> list[bytes]:
        """Rows older than the topic's tail, straight from the store."""
        return await self._follower.rows(topic.job_id, after, upto=topic.cursor, limit=limit)

    # -- following -------------------------------------------------------------------------

    async def run(self) -> None:
        """Follow until cancelled; outages are announced once and retried for ever."""
        failures = 0
        try:
            while True:
                try:
                    await self._follower.open(lambda: list(self._topics))
                    failures = 0
                    await self._follow()
                except StoreUnavailable as error:
                    self._announce(False, str(error))
                    failures += 1
                    delay_s = min(RETRY_MAX_S, 0.1 * 2 ** min(failures, 6))
                    await asyncio.sleep(delay_s * random.uniform(0.5, 1.0))
        finally:
            await self._follower.close()

    def close(self) -> None:
        """Let every connection know that this server is going away."""
        self.is_closing = True
        for topic in self._topics.values():
            topic.changed()
        self.all_jobs.pulse.beat()

    async def _follow(self) -> None:
        clock = asyncio.get_running_loop().time
        check_at = clock() + CHECK_S
        while True:
            async for job_id, message in self._follower.messages(max(0.05, check_at - clock())):
                await self._take(job_id, message)
                if clock() >= check_at:
                    break
            if clock() >= check_at:
                await self._check()
                check_at = clock() + CHECK_S

    async def _take(self, job_id: str | None, message: Message | None) -> None:
        if message is None:  # a subscription has (re)started: what came before it may be missing
            if job_id is None:
                self.all_jobs.reload(await self._follower.jobs())
                self._announce(True, "")
            elif job_id in self._topics:
                await self._catch_up(self._topics[job_id], "subscribed")
        elif job_id is None:
            self.all_jobs.take(message)
        elif job_id in self._topics:
            self._received.info(message["event"], "Received event from Redis: %s", message["event"])
            await self._merge(self._topics[job_id], message)

    async def _merge(self, topic: Topic, message: Message) -> None:
        if message["event"] == "training:deleted":
            topic.vanish(deleted=True)
            return
        fields = message["job"]
        if "note" in message:
            topic.take_note(message["note"])
        if fields["stream"] != topic.stream:
            await self._catch_up(topic, "another history")
            return
        rows = message.get("rows", [])
        if rows and message["after"] > topic.cursor:
            await self._catch_up(topic, "a gap")
            return
        # epochs before the state that counts them: a viewer never hears of a last epoch
        # that it cannot have yet
        topic.extend([(row, 64 * len(row)) for row in rows])
        topic.take_fields(fields, is_read=False)
        event, job_id, viewers = message["event"], topic.job_id, topic.viewers
        self._broadcast.info(
            job_id + event, "Broadcasted %s to %d WebSocket clients", event, viewers
        )
        self._broadcast_job.info(job_id + event, "Broadcasted %s to training job %s", event, job_id)

    async def _catch_up(self, topic: Topic, reason: str) -> None:
        fields = await self._follower.job(topic.job_id)
        if not fields:
            if topic.fields or not topic.ready.is_set():
                topic.vanish(deleted=topic.is_deleted)
            topic.ready.set()
            return
        last, before = int(fields["last_epoch"]), topic.cursor
        if fields["stream"] != topic.stream or last < topic.cursor:
            topic.restart(fields["stream"], await self._floor(topic.job_id))
        rows = await self._follower.rows(topic.job_id, topic.cursor, limit=TAIL_ROWS + 1)
        if len(rows) > TAIL_ROWS:
            topic.restart(fields["stream"], await self._floor(topic.job_id))
            rows = await self._follower.rows(topic.job_id, topic.cursor)
        found = topic.extend([parse_row(raw) for raw in rows])
        topic.take_fields(fields, is_read=True)
        if topic.ready.is_set() and (found or topic.cursor < before):
            log.info(
                "Read the stream of job %s (%s): %d epochs, cursor %d → %d",
                topic.job_id, reason, found, before, topic.cursor,
            )  # fmt: skip
        topic.ready.set()

    async def _floor(self, job_id: str) -> int:
        """The epoch before the newest that a fresh tail begins with."""
        newest = await self._follower.newest_epochs(job_id, TAIL_ROWS // 2 + 1)
        return newest[0] if len(newest) > TAIL_ROWS // 2 else NO_EPOCH

    async def _check(self) -> None:
        for topic in list(self._topics.values()):
            await self._catch_up(topic, "the periodic check")
            topic.look_at_clock()
        await self._follower.ping()

    async def _unsubscribe(self, job_id: str) -> None:
        try:
            await self._follower.unsubscribe(job_id)
        except StoreUnavailable as error:
            log.debug("unsubscribing from job %s failed: %s", job_id, error)

    def _announce(self, available: bool, why: str) -> None:
        if available == self.available:
            return
        self.available = available
        if available:
            if self._had_outage:
                self._outage_ended_at = asyncio.get_running_loop().time()
            log.info("The store answers: following it")
        else:
            self._had_outage = True
            log.warning("The store is away, trying again: %s", why)
        for topic in self._topics.values():
            topic.changed()
        self.all_jobs.pulse.beat()
