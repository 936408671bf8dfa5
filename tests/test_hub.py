"""The hub's merge: any interleaving of what pub/sub loses, delays and repeats ends in the truth.

A model of the store stands in here, since only a model can lose exactly the messages that
hypothesis chooses; the behaviour against real servers is in test_framed, test_plain and faults.
"""

from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from heimdall_dash.live import hub as hub_module
from heimdall_dash.live.hub import Hub
from heimdall_dash.live.topic import TAIL_ROWS, Topic
from heimdall_dash.records import Row

JOB = "job"


class ModelStore:
    """One job's stream, and the messages that were published and not yet delivered."""

    def __init__(self) -> None:
        self.stream, self.revision = 0, 0
        self.rows_: list[Row] = []
        self.undelivered: list[dict[str, Any]] = []

    @property
    def fields(self) -> dict[str, str]:
        last = self.rows_[-1]["epoch"] if self.rows_ else -1
        return {
            "id": JOB, "status": "running", "stream": str(self.stream), "last_epoch": str(last),
            "revision": str(self.revision),
        }  # fmt: skip

    def append(self, count: int) -> None:
        after = int(self.fields["last_epoch"])
        rows = [{"epoch": after + n + 1, "x": (self.stream, after + n + 1)} for n in range(count)]
        self.rows_ += rows
        self.revision += 1
        self.undelivered.append(
            {"event": "training:progress", "job": self.fields, "after": after, "rows": rows}
        )

    def come_back_with(self, count: int) -> None:
        """Restarted with the first `count` epochs only; none: rebuilt under another stream id."""
        self.rows_ = self.rows_[:count]
        self.revision = count
        if not count:
            self.stream += 1

    # what the hub asks of a follower

    async def job(self, job_id: str) -> dict[str, str]:
        return self.fields

    async def rows(
        self, job_id: str, after: int, upto: int | None = None, limit: int | None = None
    ) -> list[bytes]:
        found = [row for row in self.rows_ if row["epoch"] > after]
        return [orjson.dumps(row) for row in found[:limit]]

    async def newest_epochs(self, job_id: str, count: int) -> list[int]:
        return [row["epoch"] for row in self.rows_[-count:]]


steps = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 4)),
        st.tuples(st.just("deliver"), st.integers(0, 3)),
        st.tuples(st.just("repeat"), st.integers(0, 3)),
        st.tuples(st.just("lose"), st.integers(0, 3)),
        st.tuples(st.just("resubscribe"), st.just(0)),
        st.tuples(st.just("rewind"), st.integers(0, 5)),
    ),
    max_size=40,
)


async def play(moves: list[tuple[str, int]]) -> tuple[ModelStore, Topic]:
    store = ModelStore()
    hub = Hub(store)  # type: ignore[arg-type]
    topic = hub._topics[JOB] = Topic(JOB)
    await hub._take(JOB, None)
    for move, number in moves:
        pending = store.undelivered
        if move == "append":
            store.append(number)
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
    rows = topic.rows_after(topic.floor)
    epochs = [row["epoch"] for row in rows]
    assert epochs == list(range(topic.floor + 1, topic.cursor + 1))
    assert all(str(next(iter(row["x"]))) == topic.stream for row in rows)


@given(steps)
@settings(deadline=None)
async def test_hub_merges_any_interleaving_into_what_the_store_has(
    moves: list[tuple[str, int]],
) -> None:
    store, topic = await play(moves)
    hub = Hub(store)  # type: ignore[arg-type]
    await hub._catch_up(topic, "the end")
    stored = [row["epoch"] for row in store.rows_]
    assert [row["epoch"] for row in topic.rows_after(-1)] == stored
    assert topic.fields == store.fields


async def test_hub_keeps_a_bounded_tail_of_a_long_history() -> None:
    store = ModelStore()
    store.append(5 * TAIL_ROWS)
    store.undelivered.clear()
    hub = Hub(store)  # type: ignore[arg-type]
    topic = hub._topics[JOB] = Topic(JOB)
    await hub._take(JOB, None)
    assert topic.cursor == 5 * TAIL_ROWS - 1
    for _ in range(3 * TAIL_ROWS):
        store.append(1)
        await hub._take(JOB, store.undelivered.pop())
    check(topic)
    assert len(topic.rows_after(topic.floor)) == TAIL_ROWS
    assert topic.cursor == 8 * TAIL_ROWS - 1


async def test_hub_far_behind_jumps_to_the_newest_and_leaves_the_rest_to_the_store() -> None:
    store = ModelStore()
    store.append(10)
    hub = Hub(store)  # type: ignore[arg-type]
    topic = hub._topics[JOB] = Topic(JOB)
    await hub._take(JOB, None)
    store.append(3 * TAIL_ROWS)
    await hub._take(JOB, None)
    check(topic)
    assert topic.cursor == 3 * TAIL_ROWS + 9
    assert topic.floor > 10
    assert not topic.holds(9)
    assert hub_module.TAIL_ROWS >= len(topic.rows_after(topic.floor)) > 0
