"""The record against the plainest model: a dictionary of dictionaries, fed in order."""

from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heimdall_dash.cells import START, Joined, Position, Write, is_row, join, write_of_entry
from heimdall_dash.records import MAX_EPOCH

Table = dict[int, dict[str, Any]]

CELLS = st.dictionaries(
    st.sampled_from(["a", "b", "c"]),
    st.integers(0, 9) | st.none() | st.sampled_from(["nan", "inf", "-inf"]),
    max_size=3,
)
WRITES = st.lists(
    st.tuples(st.integers(0, 5), CELLS) | st.tuples(st.integers(0, 5), st.none()), max_size=12
)


def writes_of(said: list[tuple[int, dict[str, Any] | None]]) -> list[Write]:
    """Writes with rising positions; a text stands for the value that is not finite."""
    found, newest = [], START
    for number, (epoch, cells) in enumerate(said):
        newest = Position(max(epoch, newest.epoch), newest.part + 1)
        if cells is None:
            found.append(Write(newest, epoch, None))
            continue
        marks = {name: value for name, value in cells.items() if isinstance(value, str)}
        row = {name: None if name in marks else value for name, value in cells.items()}
        found.append(
            Write(newest, epoch, {"epoch": epoch, "timestamp": f"t{number}", **row}, marks)
        )
    return found


def model_of(said: list[tuple[int, dict[str, Any] | None]]) -> Table:
    table: Table = {}
    for number, (epoch, cells) in enumerate(said):
        if cells is None:
            table = {known: row for known, row in table.items() if known <= epoch}
            continue
        row = table.setdefault(epoch, {"timestamp": f"t{number}"})
        row |= {name: value for name, value in cells.items() if value is not None}
    return table


def add(table: Table, joined: Joined) -> None:
    """What a reader does with a frame: the newest cell wins, the first time stays."""
    if joined.take_back is not None:
        for epoch in [epoch for epoch in table if epoch > joined.take_back]:
            del table[epoch]
    for index, epoch in enumerate(joined.columns["epoch"]):
        row = table.setdefault(epoch, {})
        for name, column in joined.columns.items():
            value = joined.not_finite.get(name, {}).get(epoch, column[index])
            if name == "timestamp":
                row.setdefault(name, value)
            elif name != "epoch" and value is not None:
                row[name] = value


@given(WRITES)
def test_joined_writes_are_the_table_that_they_make_one_by_one(said: Any) -> None:
    joined = join(writes_of(said))
    table: Table = {}
    add(table, joined)
    assert table == model_of(said)
    epochs = joined.columns["epoch"]
    assert epochs == sorted(set(epochs))
    assert {len(column) for column in joined.columns.values()} == {len(epochs)}
    for name, marks in joined.not_finite.items():
        for epoch in marks:
            assert joined.columns[name][epochs.index(epoch)] is None


@given(WRITES, st.lists(st.integers(0, 12), max_size=4))
def test_frames_of_any_cut_give_the_same_table(said: Any, cuts: list[int]) -> None:
    writes, table = writes_of(said), {}
    edges = sorted({0, len(writes), *(min(cut, len(writes)) for cut in cuts)})
    for start, stop in pairwise(edges):
        add(table, join(writes[start:stop]))
    assert table == model_of(said)


def test_join_leaves_the_writes_as_they_are() -> None:
    writes = writes_of([(1, {"a": 1}), (1, {"a": "nan"}), (1, {"b": 2})])
    before = orjson.dumps([[w.row, w.not_finite] for w in writes])
    join(writes)
    assert orjson.dumps([[w.row, w.not_finite] for w in writes]) == before


@given(WRITES)
def test_an_entry_reads_back_as_the_write_that_it_holds(said: Any) -> None:
    for write in writes_of(said):
        if write.row is None:
            fields = {"back": str(write.epoch)}
        else:
            row = {**write.row, "timestamp": "2026-01-01T00:00:00.000Z"}
            write = Write(write.position, write.epoch, row, write.not_finite)
            fields = {"row": orjson.dumps(row).decode()}
            fields |= {"nf": orjson.dumps(write.not_finite).decode()} if write.not_finite else {}
        assert write_of_entry(str(write.position), fields) == write


@pytest.mark.parametrize(
    ("entry_id", "fields"),
    [
        ("x", {"row": '{"epoch":1}'}), ("1", {"row": '{"epoch":1}'}), ("1-", {"back": "1"}),
        ("1-1", {}), ("1-1", {"row": "{"}), ("1-1", {"row": "[]"}), ("1-1", {"row": "{}"}),
        ("1-1", {"row": '{"epoch":-1}'}), ("1-1", {"row": '{"epoch":true}'}),
        ("1-1", {"row": '{"epoch":1.0}'}), ("1-1", {"row": '{"epoch":9007199254740992}'}),
        ("1-1", {"row": '{"epoch":1}', "nf": "["}), ("1-1", {"row": '{"epoch":1}', "nf": "[]"}),
        ("1-1", {"back": ""}), ("1-1", {"back": "x"}), ("1-1", {"back": "-5"}),
        ("1-1", {"back": "9" * 5000}), ("1-1", {"back": "1.5"}), ("9" * 5000 + "-1", {"back": "1"}),
        ("1-1", {"row": '{"epoch":1,"a":"\ud800"}'}),
    ],
    ids=str,
)  # fmt: skip
def test_an_entry_that_cannot_be_read_is_a_value_error(entry_id: str, fields: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        write_of_entry(entry_id, fields)


def test_odd_cells_of_an_entry_are_left_out_and_cost_no_other() -> None:
    """Somebody used redis-cli: an object or a text in a column ended the thinning of all."""
    row = {
        "epoch": 1, "timestamp": "2026-01-01T00:00:00.000Z", "ok": 0.5, "list": [1, None, 0.5],
        "text": "x", "object": {"a": 1}, "bool": True, "nested": [[1]], "texts": ["a"],
        "bad_nan": None, "nan": None, "big": 1e300,
    }  # fmt: skip
    marks = {"nan": "nan", "bad_nan": "x", "stranger": "nan", "ok": 7}
    text, nf = orjson.dumps(row).decode(), orjson.dumps(marks).decode()
    write = write_of_entry("1-1", {"row": text, "nf": nf})
    assert write.row == {
        "epoch": 1, "timestamp": "2026-01-01T00:00:00.000Z", "ok": 0.5, "list": [1, None, 0.5],
        "bad_nan": None, "nan": None, "big": 1e300,
    }  # fmt: skip
    assert write.not_finite == {"nan": "nan"}
    for stamp in (7, None, "yesterday", ["2026"]):
        text = orjson.dumps(row | {"timestamp": stamp}).decode()
        read = write_of_entry("1-1", {"row": text})
        assert read.row is not None
        assert "timestamp" not in read.row


@given(st.text(max_size=30) | st.from_regex(r"\d{1,25}-\d{1,25}", fullmatch=True))
def test_a_position_is_read_exactly_or_refused(text: str) -> None:
    try:
        position = Position.parse(text)
    except ValueError:
        return
    assert position == tuple(map(int, text.split("-")))
    assert 0 <= position.epoch <= MAX_EPOCH
    assert 0 <= position.part < 2**63  # what a stream takes as an id


@pytest.mark.parametrize("text", ["", "-", "1", "1-", "-1", "1-1-1", "1 -1", "²-1", "+1-1", "1_0-1",
                                  f"{2**53}-1", f"1-{2**63}", "9" * 5000 + "-1"])  # fmt: skip
def test_what_is_no_position_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="position"):
        Position.parse(text)


def test_positions_are_ordered_as_numbers() -> None:
    assert Position.parse("9-10") > Position.parse("9-2") > Position.parse("2-11") > START
    assert str(Position(412, 1)) == "412-1"


def test_a_row_is_what_has_an_epoch() -> None:
    assert is_row({"epoch": 0})
    assert not any(is_row(odd) for odd in (None, [], {}, {"epoch": True}, {"epoch": -1}, 7, "x"))
