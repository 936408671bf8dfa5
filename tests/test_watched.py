"""What a page watches over one socket: any interleaving of writes, changes of the watch, frames and
acknowledgements ends with the store's cells, each metric exactly."""

import asyncio
import json
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from heimdall_dash.cells import START, Position, Write
from heimdall_dash.frames import Said, decode_said
from heimdall_dash.live.framed_all import FramedAllJobs
from heimdall_dash.live.hub import Hub

JOB, NAMES = "job", ("a", "b", "c")
Cells = dict[str, dict[int, float | None]]


class ModelStore:
    """One job's writes; what was published and not yet heard."""

    def __init__(self) -> None:
        self.writes_: list[Write] = []
        self.unheard: list[dict[str, Any]] = []
        self.hub: Hub

    @property
    def position(self) -> Position:
        return self.writes_[-1].position if self.writes_ else START

    @property
    def fields(self) -> dict[str, str]:
        return {
            "id": JOB, "status": "running", "stream": "s", "position": str(self.position),
            "revision": str(len(self.writes_)),
        }  # fmt: skip

    def write(self, epoch: int, row: dict[str, float] | None) -> None:
        """row None: taken back to the epoch."""
        last = self.position
        is_newest = row is not None and epoch > last.epoch
        position = Position(epoch, 1) if is_newest else Position(last.epoch, last.part + 1)
        time = f"t{len(self.writes_)}"
        whole = None if row is None else {"epoch": epoch, "timestamp": time, **row}
        self.writes_.append(Write(position, epoch, whole))
        self.unheard.append(
            {
                "event": "training:progress",
                "job": self.fields,
                "after": str(last),
                "cursor": str(position),
                "writes": [[str(position), whole, None if whole else epoch]],
            }
        )

    def cells(self) -> Cells:
        found: Cells = defaultdict(dict)
        for write in self.writes_:
            if write.row is None:
                found = cut(found, write.epoch)
                continue
            for name, value in write.row.items():
                if name in NAMES:
                    found[name][write.epoch] = value
        return found

    # what the hub asks of a follower

    async def subscribe(self, job_id: str) -> None:
        await self.hub._take(job_id, None)

    async def unsubscribe(self, job_id: str) -> None:
        pass

    async def job(self, job_id: str) -> dict[str, str]:
        return self.fields

    async def now(self) -> datetime:
        return datetime.now(UTC)

    async def writes(
        self, job_id: str, after: Position = START, upto: Position | None = None,
        limit: int | None = None,
    ) -> list[Write]:  # fmt: skip
        return [write for write in self.writes_ if write.position > after][:limit]

    async def newest_positions(self, job_id: str, count: int) -> list[Position]:
        return [write.position for write in self.writes_[-count:]]


def cut(cells: Cells, epoch: int) -> Cells:
    kept: Cells = defaultdict(dict)
    for name, column in cells.items():
        kept[name] = {e: value for e, value in column.items() if e <= epoch}
    return kept


class Page:
    """As docs/wire.md says: it watches first, then loads what is new to it, and joins to that what
    came meanwhile."""

    def __init__(self, store: ModelStore) -> None:
        self.store = store
        self.cursor = "0-0"
        self.wanted: set[str] = set()
        self.cells: Cells = {}
        self.late: dict[str, list[dict[str, Any]]] = {}  # parts that came before the history did
        self.frames: list[dict[str, Any]] = []
        self.says: asyncio.Queue[str] = asyncio.Queue()
        self.on_the_way: list[str] = []  # said, and not at the server yet

    # what a connection asks of a socket

    async def send(self, message: bytes) -> None:
        self.frames.append(json.loads(message))

    async def said(self) -> Said | None:
        return decode_said(await self.says.get())

    async def close(self, code: int, reason: str) -> None:
        raise AssertionError(f"closed with {code}: {reason}")

    # what the reader does

    def watch(self, names: tuple[str, ...] | None) -> None:
        wanted = set(NAMES if names is None else names)
        for name in wanted - self.wanted:
            self.cells.pop(name, None)
            self.late[name] = []
        for name in self.wanted - wanted:
            self.late.pop(name, None)
        self.wanted = wanted
        metrics = None if names is None else list(names)
        watch = {JOB: {"after": self.cursor, "stream": "s", "metrics": metrics}}
        self.on_the_way.append(json.dumps({"watch": watch}))

    def arrive(self) -> None:
        """What was said longest ago reaches the server."""
        if self.on_the_way:
            self.says.put_nowait(self.on_the_way.pop(0))

    def load(self) -> None:
        stored = self.store.cells()
        for name, parts in list(self.late.items()):
            self.cells[name] = dict(stored[name])
            del self.late[name]
            for part in parts:
                self._join(name, part)

    def draw(self) -> None:
        """The oldest frame that was not drawn yet."""
        for frame in self.frames:
            if "drawn" not in frame:
                frame["drawn"] = True
                if part := frame.get("jobs", {}).get(JOB) if frame["event"] == "metrics" else None:
                    self._take(part)
                return

    def acknowledge(self) -> None:
        if self.frames and "drawn" in self.frames[0]:
            frame = self.frames.pop(0)
            if frame["event"] != "heartbeat":
                self.on_the_way.append(json.dumps({"ack": frame["cursor"]}))

    def _take(self, part: dict[str, Any]) -> None:
        assert part.get("recovered", True), "nothing here is too far behind"
        if "after" not in part:
            return
        assert part["after"] == self.cursor
        self.cursor = part["cursor"]
        for name in self.cells:
            if name in self.wanted:
                self._join(name, part)
        for parts in self.late.values():
            parts.append(part)

    def _join(self, name: str, part: dict[str, Any]) -> None:
        if "take_back" in part:
            self.cells[name] = cut({name: self.cells[name]}, part["take_back"])[name]
        columns = part.get("columns", {})
        for epoch, value in zip(columns.get("epoch", []), columns.get(name, []), strict=False):
            if value is not None:
                self.cells[name][epoch] = value


moves = st.lists(
    st.one_of(
        st.tuples(
            st.just("write"),
            st.tuples(st.integers(0, 6), st.sets(st.sampled_from(NAMES), min_size=1)),
        ),
        st.tuples(st.just("take back"), st.integers(-1, 4)),
        st.tuples(
            st.just("watch"),
            st.one_of(st.none(), st.sets(st.sampled_from(NAMES)).map(lambda s: tuple(sorted(s)))),
        ),
        st.tuples(st.just("watch and load"), st.just(NAMES)),
        st.tuples(st.just("hear"), st.none()),
        st.tuples(st.just("load"), st.none()),
        st.tuples(st.just("draw"), st.none()),
        st.tuples(st.just("acknowledge"), st.none()),
        st.tuples(st.just("arrive"), st.none()),
    ),
    max_size=60,
)


async def settled() -> None:
    for _ in range(12):
        await asyncio.sleep(0)


async def hear(store: ModelStore) -> None:
    while store.unheard:
        await store.hub._take(JOB, store.unheard.pop(0))


@given(moves)
@settings(deadline=None, max_examples=300)
async def test_each_watched_metric_has_the_stores_cells_whatever_happens_in_between(
    played: list[tuple[str, Any]],
) -> None:
    store = ModelStore()
    store.hub = Hub(store)  # type: ignore[arg-type]
    store.hub.vitals.is_following = True
    store.hub.vitals.heard()
    page = Page(store)
    serving = asyncio.create_task(FramedAllJobs(page, store.hub).serve())  # type: ignore[arg-type]
    value = 0.0
    seen = [("draw", None), ("acknowledge", None), ("arrive", None)]
    for move, given_ in [
        ("watch", ("a",)),
        ("arrive", None),
        *seen,
        ("load", None),
        *seen,
        *played,
    ]:
        if move == "write":
            epoch, names = given_
            row = {}
            for name in sorted(names):
                value += 1
                row[name] = value
            store.write(epoch, row)
        elif move == "take back":
            store.write(given_, None)
        elif move == "watch":
            page.watch(given_)
        elif move == "hear":
            await hear(store)
        elif move == "watch and load":
            page.watch(given_)
            page.load()
        else:
            getattr(page, move)()
        await settled()
    await hear(store)
    page.load()
    for _ in range(len(played) + 20):
        page.draw()
        page.acknowledge()
        page.arrive()
        await settled()
    assert page.cursor == str(store.position)
    stored = store.cells()
    assert {name: page.cells[name] for name in page.wanted} == {
        name: stored[name] for name in page.wanted
    }
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
