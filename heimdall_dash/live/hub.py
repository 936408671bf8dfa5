"""Follows the store's pub/sub for all viewers of this web process. Of the jobs somebody watches it
hears in full; of all others that epochs came, and it looks at them a few times a second while
somebody has the list before him: an epoch that nobody watches costs next to nothing.

Guarantees: the order is always subscribe, read the stream, merge by position; a re-subscription,
a message that does not follow on, and a check every few seconds all end in the same read. What
one job holds or publishes is that job's trouble alone, and a hub that ends is begun again. Does
not: keep history (the store does), or know viewers (connections come and look).
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from heimdall_dash import telemetry
from heimdall_dash.cells import Position, Write
from heimdall_dash.errors import StoreUnavailable
from heimdall_dash.live.all_jobs import AllJobs
from heimdall_dash.live.messages import Publication, publication
from heimdall_dash.live.reader import Reader
from heimdall_dash.live.topic import Topic, local_now
from heimdall_dash.live.vitals import STEADY_S, Vitals
from heimdall_dash.log import Rarely
from heimdall_dash.records import parse_time
from heimdall_dash.store.follow import Amount, Follower, Message
from heimdall_dash.turns import Turns

log = logging.getLogger(__name__)
clock = Vitals.clock

LIST_EVERY_S = 0.25  # how often jobs to which epochs came are looked at, at most
JOBS_AT_ONCE = 200
CHECK_S = 5.0  # every so often the positions are compared with the store's
CHECK_WITHIN_S = 20.0  # a check that takes longer means that the store does not answer
RETRY_MAX_S = 2.0
RESTART_MAX_S = 30.0
MAX_TROUBLED = 1_000  # jobs whose trouble is remembered to have been logged
SUSPECT_S = 20.0  # for so long after an outage a missing job may still be restored by its trainer


class Hub:
    def __init__(self, follower: Follower, now: Callable[[], datetime] | None = None) -> None:
        """now: the store's clock, if somebody reads it already; else the hub does."""
        self._follower = follower
        self._given_now = now
        self._topics: dict[str, Topic] = {}
        self._seen_ids: set[str] = set()  # jobs that this process has shown to somebody
        self._had_outage = False
        self._outage_ended_at = float("-inf")
        self._clock_ahead = timedelta(0)  # the store's clock minus ours
        self._reader = Reader(follower)
        self.turns = Turns()  # for connections that have much to do
        self._list_turn = asyncio.Lock()  # whoever reads jobs for the list holds it
        self.vitals = Vitals()
        self.troubled: set[str] = set()  # jobs that could not be followed as they should
        self.all_jobs = AllJobs(self.now)
        self.is_closing = False
        self._received, self._broadcast, self._broadcast_job = Rarely(log), Rarely(log), Rarely(log)

    # -- for connections -------------------------------------------------------------------

    @property
    def available(self) -> bool:
        """Whether the store was really heard a moment ago."""
        return self.vitals.available

    def health(self) -> str:
        """`healthy`, or `unhealthy: …`."""
        return self.vitals.health()

    def now(self) -> datetime:
        """By the store's clock."""
        return self._given_now() if self._given_now else local_now() + self._clock_ahead

    @asynccontextmanager
    async def watch(self, job_id: str) -> AsyncIterator[Topic]:
        """The job's topic, read from the store at least once; raises StoreUnavailable.

        A job that the store does not have comes as a topic with empty `fields`.
        """
        topic = self._topics.get(job_id)
        if topic is None:
            topic = self._topics[job_id] = Topic(job_id, self.now)
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
        just_recovered = clock() - self._outage_ended_at < SUSPECT_S
        return not self.available or job_id in self._seen_ids or just_recovered

    async def read_writes(self, topic: Topic, after: Position, limit: int) -> list[Write]:
        """Writes older than the topic's tail, straight from the store. Raises HistoryCompacted."""
        await self.turns.next()
        return await self._follower.writes(topic.job_id, after, upto=topic.cursor, limit=limit)

    async def has_more(self, topic: Topic, after: Position, most: Amount) -> bool:
        """Whether more than that was written behind `after`. Raises HistoryCompacted."""
        return await self._follower.is_more(topic.job_id, after, topic.cursor, most)

    def joined_writes(self, topic: Topic, after: Position) -> AsyncIterator[list[Write]]:
        """The same where `read_writes` raises HistoryCompacted: joined by epoch, and up to now."""
        return self._follower.joined_writes(topic.job_id, after)

    @asynccontextmanager
    async def list_viewed(self) -> AsyncIterator[AllJobs]:
        """The list of jobs, no older than a moment while somebody is in here. Raises
        StoreUnavailable."""
        self.all_jobs.viewers += 1
        try:
            await self._read_moved()
            yield self.all_jobs
        finally:
            self.all_jobs.viewers -= 1

    async def look(self, topic: Topic) -> None:
        """Read the store now, for a viewer that has more than this process has heard of."""
        await self._reader.catch_up(topic, "a viewer was ahead")

    # -- following -------------------------------------------------------------------------

    async def run(self) -> None:
        """Follow until cancelled; outages are announced once and retried for ever, and so are
        faults of ours, which are logged and counted."""
        outages, faults = 0, 0
        try:
            while True:
                began = clock()
                try:
                    await self._follow()
                except StoreUnavailable as error:
                    self._announce(False, str(error))
                    outages = 1 if self.vitals.heard_at >= began else outages + 1
                    await _pause(0.1 * 2 ** min(outages, 6), RETRY_MAX_S)
                except Exception as error:
                    faults = 1 if clock() - began > STEADY_S else faults + 1
                    self._note_fault(error)
                    await _pause(0.1 * 2 ** min(faults, 10), RESTART_MAX_S)
        finally:
            await self._follower.close()

    def close(self) -> None:
        """Let every connection know that this server is going away."""
        self.is_closing = True
        for topic in self._topics.values():
            topic.changed()
        self.all_jobs.pulse.beat()

    async def _follow(self) -> None:
        await self._follower.open(lambda: list(self._topics))
        await _until_one_ends(self._hear(), self._keep_list())

    async def _hear(self) -> None:
        check_at = clock() + CHECK_S
        while True:
            async for job_id, message in self._follower.messages(max(0.05, check_at - clock())):
                self.vitals.heard()
                await self._take(job_id, message)
                if clock() >= check_at:
                    break
            if clock() >= check_at:
                await self._check()
                check_at = clock() + CHECK_S

    async def _take(self, job_id: str | None, message: Message | None) -> None:
        if job_id is None:
            await self._take_for_all(message)
        elif (topic := self._topics.get(job_id)) is None:
            return
        elif message is None:  # subscribed (again), or unreadable: something may be missing
            await self._guarded(job_id, partial(self._reader.catch_up, topic, "subscribed"))
        else:
            event = str(message.get("event"))
            self._received.info(event, "Received event from Redis: %s", event)
            await self._guarded(job_id, partial(self._merge, topic, message))

    async def _take_for_all(self, message: Message | None) -> None:
        if message is None:
            await self._measure_clock()
            await self._reload()
            self._announce(True, "")
            return
        try:
            self.all_jobs.take(message)
        except (ValueError, TypeError, KeyError) as error:
            self._note_trouble(str(message.get("job_id", "?")), error)

    async def _keep_list(self) -> None:
        took_s = 0.0
        while True:
            await asyncio.sleep(max(LIST_EVERY_S, took_s))
            began = clock()
            moved = await self._follower.moved()
            if moved is None:
                await self._reload()
            else:
                self.all_jobs.moved |= moved
            if self.all_jobs.viewers:
                await self._read_moved()
            took_s = clock() - began

    async def _reload(self) -> None:
        asked = self.all_jobs.version
        self.all_jobs.reload(await self._follower.jobs(), asked)

    async def _read_moved(self) -> None:
        async with self._list_turn:
            moved = self.all_jobs.moved
            waiting = list(moved)
            for start in range(0, len(waiting), JOBS_AT_ONCE):
                ids = waiting[start : start + JOBS_AT_ONCE]
                moved.difference_update(ids)  # first: they may move again meanwhile
                asked = self.all_jobs.version
                try:
                    self.all_jobs.read(await self._follower.jobs_of(ids), asked)
                except BaseException:
                    moved.update(ids)
                    raise

    async def _guarded(self, job_id: str, work: Callable[[], Awaitable[None]]) -> None:
        """One job's trouble stays its own; an outage is everybody's."""
        try:
            await work()
        except StoreUnavailable:
            raise
        except Exception as error:
            self._note_trouble(job_id, error)
            if topic := self._topics.get(job_id):
                topic.ready.set()  # its viewers are told, and do not wait for what cannot come

    async def _merge(self, topic: Topic, message: Message) -> None:
        try:
            heard = publication(message)
        except (ValueError, TypeError, KeyError) as error:
            self._note_trouble(topic.job_id, error)
            await self._reader.catch_up(topic, "a message that cannot be read")
            return
        await self._reader.take(topic, heard)
        self._count(heard)
        event, job_id, viewers = heard.event, topic.job_id, topic.viewers
        self._broadcast.info(
            job_id + event, "Broadcasted %s to %d WebSocket clients", event, viewers
        )
        self._broadcast_job.info(job_id + event, "Broadcasted %s to training job %s", event, job_id)

    def _count(self, heard: Publication) -> None:
        rows = [write.row for write in heard.writes or () if write.row is not None]
        telemetry.writes.inc(len(rows))
        for row in rows[-1:]:
            with suppress(ValueError, TypeError):
                lag = self.now() - parse_time(row["timestamp"])
                telemetry.lag.observe(max(0.0, lag.total_seconds()))

    async def _check(self) -> None:
        try:
            async with asyncio.timeout(CHECK_WITHIN_S):
                await self._measure_clock()
                for topic in list(self._topics.values()):
                    await self._guarded(topic.job_id, partial(self._look_after, topic))
        except TimeoutError as error:
            raise StoreUnavailable(f"no answer within {CHECK_WITHIN_S:.0f} s") from error

    async def _look_after(self, topic: Topic) -> None:
        await self._reader.catch_up(topic, "the periodic check")
        self.vitals.heard()
        topic.look_at_clock()

    async def _measure_clock(self) -> None:
        self._clock_ahead = await self._follower.now() - local_now()
        self.vitals.heard()

    async def _unsubscribe(self, job_id: str) -> None:
        try:
            await self._follower.unsubscribe(job_id)
        except StoreUnavailable as error:
            log.debug("unsubscribing from job %s failed: %s", job_id, error)

    # -- saying how it goes ----------------------------------------------------------------

    def _announce(self, available: bool, why: str) -> None:
        if available == self.vitals.is_following:
            return
        self.vitals.is_following = available
        if available:
            if self._had_outage:
                self._outage_ended_at = clock()
            log.info("The store answers: following it")
        else:
            self._had_outage = True
            telemetry.store_outages.inc()
            log.warning("The store is away, trying again: %s", why)
        for topic in self._topics.values():
            topic.changed()
        self.all_jobs.pulse.beat()

    def _note_trouble(self, job_id: str, error: Exception) -> None:
        """Once per job in the log."""
        if len(self.troubled) > MAX_TROUBLED:
            self.troubled.clear()
        if job_id not in self.troubled:
            log.warning("Job %s cannot be followed as it should: %r", job_id, error)
            self.troubled.add(job_id)

    def _note_fault(self, error: Exception) -> None:
        fault = self.vitals.note_fault(error)
        log.error("Following the store ended by a fault, it is begun again", exc_info=error)
        self._announce(False, fault)


async def _until_one_ends(*works: Coroutine[Any, Any, None]) -> None:
    """Run them together; the first that fails or ends takes the others with it."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for error in ended:
        if isinstance(error, Exception):
            raise error


async def _pause(seconds: float, at_most_s: float) -> None:
    await asyncio.sleep(min(at_most_s, seconds) * random.uniform(0.5, 1.0))
