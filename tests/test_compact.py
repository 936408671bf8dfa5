"""Compaction: whoever reads or writes cannot tell a compacted history from one that never was."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from heimdall_dash.api.csv_rows import csv_pieces
from heimdall_dash.api.history import History, left_names
from heimdall_dash.api.json_columns import JSON
from heimdall_dash.api.series import series_of
from heimdall_dash.api.table import Table
from heimdall_dash.cells import Position, Write
from heimdall_dash.records import Status
from heimdall_dash.store.compact import Sizes, compact
from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.log_write import LogWrite, back_write, row_write
from heimdall_dash.store.store import Store
from tests.test_table import columns_of, kinds_of, plain, usual_time

SMALL = Sizes(keep=1, final=1, least=1, round=2, cells=40, touched=2)
TOKEN = "t"


@pytest.fixture(scope="module")
def store(valkey: EmbeddedStore) -> Iterator[Store]:
    opened = Store(valkey.url)
    yield opened
    opened.close()


values = st.one_of(
    st.floats(-1e6, 1e6), st.integers(0, 3), st.sampled_from([0.5, 2**60]),
    st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=2),
)  # fmt: skip
cells = st.dictionaries(st.sampled_from(["a", "b", "val_loss"]), values, max_size=3)
marks = st.dictionaries(
    st.sampled_from(["a", "b"]), st.sampled_from(["nan", "inf", "-inf"]), max_size=1
)
row = st.tuples(st.just("row"), st.integers(0, 14), cells, marks)
moves = st.lists(
    st.one_of(
        row, row, row, st.tuples(st.just("next"), cells, marks), st.tuples(st.just("again")),
        st.tuples(st.just("back"), st.integers(-1, 14)),
        st.tuples(st.just("compact"), st.sampled_from(["whole", "before", "after"])),
        st.tuples(st.just("compact"), st.just("whole")),
        st.tuples(st.just("look"), st.sets(st.sampled_from(["timestamp", "a", "b", "nobody"]))),
    ),
    min_size=10, max_size=60,
)  # fmt: skip


class Killed(Exception):
    """The compacting process is gone."""


class Run:
    """One job; the same moves make the same job."""

    def __init__(self, store: Store, *, compacts: bool) -> None:
        self.store, self.compacts, self.place, self.newest = store, compacts, 0, 0
        fields = store.create_job(
            "run", status=Status.RUNNING, config={}, total_epochs=9, external=True
        )
        self.id = fields["id"]
        self.answers: list[Any] = []
        self.last: LogWrite | None = None
        self.looks: list[tuple[Position, Table]] = []
        self.history = History(store)

    def make(self, number: int, move: tuple[Any, ...]) -> None:
        kind, *given = move
        if kind in {"row", "next"}:
            epoch = given[0] if kind == "row" else self.newest + 1
            self.newest = max(self.newest, epoch)
            held, kinds = given[-2:]
            content = {"epoch": epoch, "timestamp": usual_time(number)} | dict.fromkeys(kinds)
            self.send(row_write(0, {**content, **held}, kinds if kinds.keys() - held else {}))
        elif kind == "again" and self.last is not None:
            self.send(self.last)
        elif kind == "back":
            self.place += 1
            self.deliver(back_write(self.place, given[0]))
        elif kind == "compact" and self.compacts:
            self.compact(given[0])
        elif kind == "look":
            table = self.table()
            self.looks.append((table.position, table))
            self.answers.append(self.columns(given[0]))

    def send(self, write: LogWrite) -> None:
        self.place += 1
        kind, _, *rest = write.arguments
        self.last = LogWrite(self.place, (kind, self.place, *rest), write.row)
        self.deliver(self.last)

    def deliver(self, write: LogWrite) -> None:
        done = self.store.deliver(self.id, [write], token=TOKEN, place=self.place - 1, attempt=0)
        self.answers.append((done.accepted, done.duplicates, done.position, done.needs_recount))

    def compact(self, how: str) -> None:
        class Dying(Store):
            def put_blocks(self, *given: Any, **more: Any) -> bool:
                done = super().put_blocks(*given, **more) if how != "before" else False
                if how != "whole":
                    raise Killed
                return done

            def unlock(self, job_id: str) -> None:
                if how == "whole":
                    super().unlock(job_id)

        dying = Dying(self.store._address)
        try:
            compact(dying, self.id, SMALL)
        except Killed:
            self.store.unlock(self.id)  # as it happens by itself after a minute
        finally:
            dying.close()

    def table(self) -> Table:
        return applied(Table("s"), self.store.each_write(self.id))

    def columns(self, names: set[str]) -> Any:
        """Some columns of the history that a web process keeps."""
        with self.history.of(self.id, lambda _: names) as (_, kept):
            count = len(kept.table.epochs)
            found = {n: plain(kept.table.cut(n, 0, count)) for n in ["epoch", *sorted(names)]}
            marks, position = kept.table.not_finite(names, 2, 9), kept.table.position
        return found, kinds_of(found), marks, position, self.series(sorted(names))

    def series(self, names: list[str]) -> Any:
        """As charts ask for it: whole and thinned, and a stretch looked at closely."""
        asked = ((None, None, None), (None, None, 4), (1, 9, 6))
        found = [
            self.history.answered(self.id, partial(series_of, names, *bounds)) for bounds in asked
        ]
        # the store's own name of the history is another for each job
        return [orjson.dumps({**one, "stream": ""}, option=JSON) for one in found]

    def csv(self) -> str:
        with self.history.of(self.id) as (_, kept):
            names = ["epoch", *sorted(kept.table.names)]
            assert kept.has_sure_names is False or set(kept.names) == set(kept.table.names)
        assert sorted(self.history.answered(self.id, left_names)) == names[1:]
        return "".join(csv_pieces(self.history, self.id, names, -1, 12))

    def counted(self) -> dict[str, str | None]:
        self.store.recount(self.id)
        fields = self.store.job(self.id)
        names = ("position", "current_epoch", "epochs_stored", "best_epoch", "replaced",
                 "best_val_loss", "last_epoch", "least_epoch")  # fmt: skip
        return {name: fields.get(name) for name in names}


def applied(table: Table, writes: Iterator[Write]) -> Table:
    for write in writes:
        table.apply([write])
    return table


def shown(table: Table) -> Any:
    columns = dict(sorted(columns_of(table).items()))
    return columns, kinds_of(columns), table.not_finite(columns, -1, None), table.position


EMPTIED = [  # a compacted history of which nothing is left, and a row after that: it had no time
    ("row", 0, {}, {}), ("row", 0, {}, {"a": "nan"}), ("row", 0, {"a": 0.0}, {}),
    ("compact", "whole"), ("back", 0), ("back", -1), ("look", {"timestamp"}),
]  # fmt: skip


@pytest.mark.slow
@example(EMPTIED)
@example([*EMPTIED, ("next", {}, {}), ("look", {"timestamp"})])
@given(moves)
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_compacted_history_is_the_same_for_whoever_reads_and_writes(
    valkey: EmbeddedStore, script: list[tuple[Any, ...]]
) -> None:
    store = Store(valkey.url)
    bare, compacted = Run(store, compacts=False), Run(store, compacts=True)
    for number, move in enumerate(script):
        bare.make(number, move)
        compacted.make(number, move)
        assert compacted.answers == bare.answers
    assert compacted.counted() == bare.counted()
    everything = shown(bare.table())
    assert shown(compacted.table()) == everything
    with compacted.history.of(compacted.id) as (_, kept):
        assert shown(kept.table) == everything
    assert compacted.csv() == bare.csv()
    for position, table in compacted.looks:  # whoever had something goes on from there
        assert shown(applied(table, store.each_write(compacted.id, after=position))) == everything
    store.close()
