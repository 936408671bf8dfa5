"""The history as a table, against the plainest model: dictionaries in a dictionary."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heimdall_dash.api.table import COLUMN_BYTES, Table
from heimdall_dash.cells import Position, Write, join
from heimdall_dash.live.messages import publication

GOLDEN = json.loads((Path(__file__).parent / "golden" / "metrics_frames.json").read_text())

values = st.one_of(
    st.floats(-1e6, 1e6), st.integers(0, 9), st.integers(-(2**60), 2**60), st.none(),
    st.lists(st.floats(0, 1), max_size=2),
)  # fmt: skip
cells = st.dictionaries(st.sampled_from("abcde"), values, max_size=4)
marks = st.dictionaries(st.sampled_from("abc"), st.sampled_from(["nan", "inf", "-inf"]), max_size=2)
moves = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 8), cells, marks),
        st.tuples(st.integers(0, 8), st.none(), st.none()),
    ),
    max_size=40,
)


def writes_of(script: list[tuple[int, Any, Any]]) -> list[Write]:
    """Writes with the positions that the store gives: the newest epoch so far, and a number."""
    found, newest, part = [], 0, 0
    for number, (epoch, row, not_finite) in enumerate(script):
        newest, part = (epoch, 1) if row is not None and epoch > newest else (newest, part + 1)
        if row is None:
            found.append(Write(Position(newest, part), epoch, None))
            continue
        row = {**row, **dict.fromkeys(not_finite)}
        usual = f"2026-01-{number % 28 + 1:02}T00:00:00.{number:03}Z"
        row |= {"epoch": epoch, "timestamp": usual if epoch < 8 else f"t{number}"}
        found.append(Write(Position(newest, part), epoch, row, not_finite))
    return found


class Model:
    """Epoch → name → value, and the same of what was not finite."""

    def __init__(self) -> None:
        self.rows: dict[int, dict[str, Any]] = {}
        self.marks: dict[int, dict[str, str]] = {}

    def feed(self, write: Write) -> None:
        if write.row is None:
            for epoch in [epoch for epoch in self.rows if epoch > write.epoch]:
                del self.rows[epoch], self.marks[epoch]
            return
        row = self.rows.setdefault(write.epoch, {"timestamp": write.row["timestamp"]})
        marks = self.marks.setdefault(write.epoch, {})
        for name, value in write.row.items():
            if name in {"epoch", "timestamp"}:
                continue
            if name in write.not_finite:
                row[name], marks[name] = value, write.not_finite[name]
            elif value is not None:
                row[name] = value
                marks.pop(name, None)

    def columns(self) -> dict[str, list[Any]]:
        epochs = sorted(self.rows)
        names = {
            name for row in self.rows.values() for name, value in row.items() if value is not None
        }
        names |= {name for marks in self.marks.values() for name in marks}
        return {"epoch": epochs} | {n: [self.rows[e].get(n) for e in epochs] for n in names}

    def not_finite(self) -> dict[str, dict[int, str]]:
        found: dict[str, dict[int, str]] = {}
        for epoch, marks in self.marks.items():
            for name, kind in marks.items():
                found.setdefault(name, {})[epoch] = kind
        return found


def plain(column: Any) -> list[Any]:
    if not isinstance(column, np.ndarray):
        return list(column)
    return [None if value != value else value for value in column.tolist()]


def columns_of(table: Table) -> dict[str, list[Any]]:
    count = len(table.epochs)
    return {name: plain(table.cut(name, 0, count)) for name in ["epoch", *table.names]}


def kinds_of(columns: dict[str, list[Any]]) -> dict[str, list[type]]:
    """A whole number is not a float, though the two are equal."""
    return {name: [type(value) for value in column] for name, column in columns.items()}


def in_parts(writes: list[Write], sizes: list[int]) -> list[list[Write]]:
    parts, at = [], 0
    for size in [*sizes, len(writes)]:
        parts.append(writes[at : at + size])
        at += size
    return [part for part in parts if part]


@given(moves, st.lists(st.integers(1, 5), max_size=10))
@settings(deadline=None, max_examples=300)
def test_table_holds_what_a_dictionary_of_dictionaries_does(
    script: list[tuple[int, Any, Any]], sizes: list[int]
) -> None:
    writes, model, table = writes_of(script), Model(), Table("s")
    for part in in_parts(writes, sizes):
        table.apply(part)
    for write in writes:
        model.feed(write)
    assert columns_of(table) == model.columns()
    assert kinds_of(columns_of(table)) == kinds_of(model.columns())
    assert table.not_finite(table.names, -1, None) == model.not_finite()
    assert not writes or table.position == writes[-1].position


@given(moves, st.integers(-1, 9), st.one_of(st.none(), st.integers(-1, 9)))
@settings(deadline=None)
def test_table_cuts_any_range_of_epochs(
    script: list[tuple[int, Any, Any]], after: int, before: int | None
) -> None:
    table, model = Table("s"), Model()
    for write in writes_of(script):
        table.apply([write])
        model.feed(write)
    start, stop = table.rows(after, before)
    found = {name: plain(table.cut(name, start, stop)) for name in ["epoch", *table.names]}
    everything = model.columns()
    inside = [
        i for i, e in enumerate(everything["epoch"]) if e > after and (before is None or e < before)
    ]
    assert found == {name: [column[i] for i in inside] for name, column in everything.items()}


@given(moves, st.lists(st.integers(1, 5), max_size=10))
@settings(deadline=None)
def test_frames_joined_one_after_the_other_hold_the_same(
    script: list[tuple[int, Any, Any]], sizes: list[int]
) -> None:
    """Each frame drops what was taken back, then joins its columns: as the wire says."""
    writes, model, viewer = writes_of(script), Model(), Model()
    for write in writes:
        model.feed(write)
    for part in in_parts(writes, sizes):
        joined = join(part)
        if joined.take_back is not None:
            viewer.feed(Write(part[-1].position, joined.take_back, None))
        for i, epoch in enumerate(joined.columns["epoch"]):
            row = {name: column[i] for name, column in joined.columns.items()}
            kinds = {n: kinds[epoch] for n, kinds in joined.not_finite.items() if epoch in kinds}
            viewer.feed(Write(part[-1].position, epoch, row, kinds))
    assert viewer.columns() == model.columns()
    assert viewer.not_finite() == model.not_finite()


def test_table_holds_what_the_golden_frames_say() -> None:
    table = Table("s")

    def apply(given: list[Any]) -> None:
        message = {"event": "x", "job": {}, "after": "0-0", "cursor": "", "writes": given}
        table.apply(publication(message).writes or [])

    apply(GOLDEN["snapshot_writes"])
    assert columns_of(table) == GOLDEN["snapshot"]["columns"]
    for step in GOLDEN["steps"]:
        if "writes" not in step:
            continue
        apply(step["writes"])
        known = {n: c for n, c in step["columns"].items() if any(v is not None for v in c)}
        assert columns_of(table) == known, step["name"]
        found = table.not_finite(table.names, -1, None)
        assert json.loads(json.dumps(found)) == step["not_finite"], step["name"]
        assert str(table.position) == step["cursor"]


@pytest.mark.slow
def test_rows_that_share_no_name_cost_what_was_written() -> None:
    table = Table("s")
    rows = [
        {"epoch": e, "timestamp": usual_time(e)} | {f"m{e}/{k}": 0.5 for k in range(512)}
        for e in range(300)
    ]
    table.apply([Write(Position(e, 1), e, row) for e, row in enumerate(rows)])
    columns = len(table.columns)
    assert table.nbytes - COLUMN_BYTES * columns == 300 * 512 * 16 + 300 * 16  # epoch and time


def test_column_that_every_row_has_shares_the_epochs() -> None:
    table = Table("s")
    rows = [{"epoch": e, "timestamp": usual_time(e), "a": e / 7, "n": e} for e in range(500)]
    table.apply([Write(Position(e, 1), e, row) for e, row in enumerate(rows)])
    assert table.nbytes - COLUMN_BYTES * 3 == 500 * (8 + 8 + 8 + 9)
    table.apply([Write(Position(500, 1), 500, {"epoch": 500, "timestamp": usual_time(500)})])
    assert table.nbytes - COLUMN_BYTES * 3 == 501 * 16 + 500 * (16 + 17)
    epochs, values = table.column("n", after=496)
    assert epochs.tolist() == values.tolist() == [497, 498, 499]
    assert table.cut("timestamp", 499, 501) == [usual_time(499), usual_time(500)]
    assert table.times([500, 3]) == [usual_time(500), usual_time(3)]
    table.apply([Write(Position(501, 1), 501, {"epoch": 501})])
    assert table.times([500, 501]) == [usual_time(500), None]


def usual_time(number: int) -> str:
    return f"2026-01-01T00:{number // 60:02}:{number % 60:02}.000Z"
