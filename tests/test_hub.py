"""The hub's merge: any interleaving of what pub/sub loses, delays and repeats ends in the truth.

A model of the store stands in here, since only a model can lose exactly the messages that
hypothesis chooses; the behaviour against real servers is in test_framed, test_plain and faults.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heimdall_dash.cells import START, Position, Write
from heimdall_dash.live import vitals
from heimdall_dash.live.hub import Hub
from heimdall_dash.live.topic import TAIL_WRITES, Topic

JOB = "job"


class ModelStore:
    """One job's stream, and the messages that were published and not yet delivered."""

    def __init__(self) -> None:
        self.stream, self.revision = 0, 0
        self.writes_: list[Write] = []
        self.undelivered: list[dict[str, Any]] = []

    @property
    def position(self) -> Position:
        return self.writes_[-1].position if self.writes_ else START

    @property
    def fields(self) -> dict[str, str]:
        return {
            "id": JOB, "status": "running", "stream": str(self.stream),
            "position": str(self.position), "revision": str(self.revision),
        }  # fmt: skip

    def append(self, count: int, *, parts: int = 1, is_large: bool = False) -> None:
        """`count` epochs, each written in `parts` writes; a large batch is not published."""
        after, new = self.position, []
        first = after.epoch + 1 if after != START else 0
        for epoch in range(first, first + count):
            for part in range(1, parts + 1):
                row = {"epoch": epoch, f"x{part}": f"{self.stream} {epoch}-{part}"}
                new.append(Write(Position(epoch, part), epoch, row))
        self.writes_ += new
        self.revision += 1
        message = {
            "event": "training:progress", "job": self.fields, "after": str(after),
            "cursor": str(self.position),
        }  # fmt: skip
        if not is_large:
            message["writes"] = [[str(write.position), write.row] for write in new]
        self.undelivered.append(message)

    def come_back_with(self, count: int) -> None:
        """Restarted with the first `count` writes only; none: rebuilt under another stream id."""
        self.writes_ = self.writes_[:count]
        self.revision = count
        if not count:
            self.stream += 1

    # what the hub asks of a follower

    async def job(self, job_id: str) -> dict[str, str]:
        return self.fields

    async def writes(
        self,
        job_id: str,
        after: Position = START,
        upto: Position | None = None,
        limit: int | None = None,
    ) -> list[Write]:
        return [write for write in self.writes_ if write.position > after][:limit]

    async def newest_positions(self, job_id: str, count: int) -> list[Position]:
        return [write.position for write in self.writes_[-count:]]


steps = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 4)),
        st.tuples(st.just("append in parts"), st.integers(1, 3)),
        st.tuples(st.just("append much"), st.integers(1, 4)),
        st.tuples(st.just("nonsense"), st.integers(0, 5)),
        st.tuples(st.just("deliver"), st.integers(0, 3)),
        st.tuples(st.just("repeat"), st.integers(0, 3)),
        st.tuples(st.just("lose"), st.integers(0, 3)),
        st.tuples(st.just("resubscribe"), st.just(0)),
        st.tuples(st.just("rewind"), st.integers(0, 5)),
    ),
    max_size=40,
)


NONSENSE: list[dict[str, Any]] = [
    {},
    {"event": "training:progress"},
    {"event": "training:progress", "job": "x"},
    {"event": "training:progress", "job": {"id": JOB}, "cursor": "x", "after": "y"},
    {"event": "training:warning", "job": {"id": 7, "revision": None}, "note": 3},
    {"event": "training:progress", "job": {}, "cursor": "9-1", "after": "0-0", "writes": [7]},
]


async def play(moves: list[tuple[str, int]]) -> tuple[ModelStore, Topic]:
    store = ModelStore()
    hub = Hub(store)  # type: ignore[arg-type]
    topic = hub._topics[JOB] = Topic(JOB)
    await hub._take(JOB, None)
    for move, number in moves:
        pending = store.undelivered
        if move == "append":
            store.append(number)
        elif move == "append in parts":
            store.append(number, parts=3)
        elif move == "append much":
            store.append(number, is_large=True)
        elif move == "nonsense":
            await hub._take(JOB, NONSENSE[number])
        elif move == "deliver" and pending:
            await hub._take(JOB, pending.pop(min(number, len(pending) - 1)))
        elif move == "repeat" and pending:
            await hub._take(JOB, pending[min(number, len(pending) - 1)])
        elif move == "lose" and pending:
            pending.pop(min(number, len(pending) - 1))
        elif move == "resubscribe":
            await hub._take(JOB, None)
        elif move == "rewind":
            store.come_back_with(number)
            pending.clear()  # the connection broke with the server
            await hub._take(JOB, None)
        check(topic)
    return store, topic


def check(topic: Topic) -> None:
    """At any moment: what the tail shows is in order, once, without a gap, of one history."""
    writes = topic.writes_after(topic.floor)
    positions = [write.position for write in writes]
    assert positions == sorted(set(positions))
    assert [topic.cursor] == positions[-1:] or topic.cursor == topic.floor
    epochs = sorted({position.epoch for position in positions})
    assert not epochs or epochs == list(range(epochs[0], topic.cursor.epoch + 1))
    assert all(str(list((w.row or {}).values())[1])[0] == topic.stream for w in writes)


@given(steps)
@settings(deadline=None)
async def test_hub_merges_any_interleaving_into_what_the_store_has(
    moves: list[tuple[str, int]],
) -> None:
    store, topic = await play(moves)
    hub = Hub(store)  # type: ignore[arg-type]
    await hub._reader.catch_up(topic, "the end")
    assert topic.writes_after(START) == store.writes_
    assert topic.fields == store.fields


async def test_hub_keeps_a_bounded_tail_of_a_long_history() -> None:
    store = ModelStore()
    store.append(5 * TAIL_WRITES)
    store.undelivered.clear()
    hub = Hub(store)  # type: ignore[arg-type]
    topic = hub._topics[JOB] = Topic(JOB)
    await hub._take(JOB, None)
    assert topic.cursor == Position(5 * TAIL_WRITES - 1, 1)
    for _ in range(3 * TAIL_WRITES):
        store.append(1)
        await hub._take(JOB, store.undelivered.pop())
    check(topic)
    assert len(topic.writes_after(topic.floor)) == TAIL_WRITES
    assert topic.cursor == Position(8 * TAIL_WRITES - 1, 1)


async def test_hub_far_behind_jumps_to_the_newest_and_leaves_the_rest_to_the_store() -> None:
    store = ModelStore()
    store.append(10)
    hub = Hub(store)  # type: ignore[arg-type]
    topic = hub._topics[JOB] = Topic(JOB)
    await hub._take(JOB, None)
    store.append(3 * TAIL_WRITES)
    await hub._take(JOB, None)
    check(topic)
    assert topic.cursor == Position(3 * TAIL_WRITES + 9, 1)
    assert topic.floor > Position(10, 1)
    assert not topic.holds(Position(9, 1))
    assert TAIL_WRITES >= len(topic.writes_after(topic.floor)) > 0


@pytest.mark.parametrize("position", ["x", "", None])
async def test_hub_follows_a_job_whose_position_cannot_be_read(position: str | None) -> None:
    class Odd(ModelStore):
        @property
        def fields(self) -> dict[str, str]:
            fields = {**super().fields, "position": position, "revision": "x"}
            return {name: value for name, value in fields.items() if value is not None}

    store = Odd()
    store.append(4)
    hub = Hub(store)  # type: ignore[arg-type]
    topic = hub._topics[JOB] = Topic(JOB)
    await hub._take(JOB, None)
    assert topic.writes_after(START) == store.writes_
    store.come_back_with(2)
    await hub._take(JOB, None)
    assert topic.cursor == Position(1, 1)


class Failing(ModelStore):
    """Raises what it is told to, then goes on as if nothing had been."""

    def __init__(self, faults: list[Exception]) -> None:
        super().__init__()
        self.faults, self.opened = faults, 0

    async def open(self, job_ids: Any) -> None:
        self.opened += 1

    async def messages(self, timeout_s: float) -> Any:
        if self.faults:
            raise self.faults.pop()
        yield None, None
        await asyncio.sleep(timeout_s)

    async def now(self) -> datetime:
        return datetime.now(UTC)

    async def jobs(self) -> list[dict[str, str]]:
        return [self.fields]

    async def moved(self) -> set[str]:
        return set()

    async def close(self) -> None:
        pass


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  the hub's clock has no event for time that passes
            await asyncio.sleep(0.01)


@pytest.mark.slow
async def test_hub_that_ends_by_a_fault_is_begun_again_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(vitals, "STEADY_S", 2.0)
    store = Failing([KeyError("stream"), RuntimeError("x")])
    hub = Hub(store)  # type: ignore[arg-type]
    task = asyncio.create_task(hub.run())
    try:
        await until(lambda: hub.available)
        assert (hub.vitals.faults, store.opened) == (2, 3)
        assert hub.health().startswith("unhealthy: following ended 2 times")
        await until(lambda: hub.health() == "healthy")
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_hub_that_has_not_heard_the_store_for_long_is_not_available(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(vitals, "HEARD_WITHIN_S", 0.2)
    hub = Hub(Failing([]))  # type: ignore[arg-type]
    task = asyncio.create_task(hub.run())  # its store answers once, and then says nothing more
    try:
        await until(lambda: hub.available)
        await until(lambda: not hub.available)
        assert hub.health() == "unhealthy: not following the store"
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
