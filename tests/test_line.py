"""A line of the local log: the quick way writes what the careful way writes, and any line that is
none is a ValueError and nothing else."""

import json
import math
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heimdall_dash.errors import InvalidMetric
from heimdall_dash.metrics import clean_cells
from heimdall_dash.publish.line import decode, encode_other, encode_row, epoch_of
from heimdall_dash.records import MAX_EPOCH, MAX_LIST

NAMES = ("a", "b_m", "null", "x/y", "σ", 'quo"te', "{", "back\\slash", "val_loss")
NUMBER = st.floats() | st.integers(-(2**60), 2**60) | st.none()
VALUE = NUMBER | st.lists(NUMBER, max_size=4) | st.text(max_size=2) | st.booleans()
ROWS = st.dictionaries(st.sampled_from([*NAMES, "epoch", "timestamp", "", 7]), VALUE, max_size=5)


def row_of(line: bytes) -> dict[str, Any]:
    """The row as the store gets it, which is the row that the sender sees."""
    write = decode(line, len(line))
    assert write.row is not None
    assert orjson.loads(write.arguments[3]) == write.row
    return write.row


def learn() -> None:
    """The names are known from here on: ordinary rows take the quick way."""
    encode_row(0, dict.fromkeys(NAMES, 1.0), 0.0)


@given(st.integers(0, MAX_EPOCH), ROWS)
def test_line_holds_what_clean_cells_says(epoch: int, metrics: dict[Any, Any]) -> None:
    learn()
    cells, not_finite, left_out = clean_cells(metrics)
    number, line, named, said = encode_row(epoch, metrics, 12.25)
    assert (number, named, said) == (epoch, not_finite, left_out)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    write = decode(line, 99)
    assert write.stop == write.arguments[1] == 99
    assert orjson.loads(write.arguments[4] or "{}") == not_finite
    stamp = {"epoch": epoch, "timestamp": "1970-01-01T00:00:12.250Z"}
    assert row_of(line) == stamp | cells
    assert epoch_of(line) == epoch


@given(st.dictionaries(st.sampled_from(NAMES), st.floats(allow_nan=False, allow_infinity=False)))
def test_every_double_arrives_to_its_last_bit(metrics: dict[str, float]) -> None:
    learn()
    _, line, not_finite, left_out = encode_row(1, metrics, 0.0)
    assert not not_finite
    assert not left_out
    row = row_of(line)
    assert all(row[name].hex() == value.hex() for name, value in metrics.items())


@given(st.integers(0, 4_102_444_800_000))
def test_the_time_of_a_line_is_exact_to_its_millisecond(unix_ms: int) -> None:
    """Cut instead of rounded, every other time was a millisecond early, and again at each copy."""
    for metrics in ({"a": 1.0}, {"a": 1}):
        write = decode(encode_row(1, metrics, unix_ms / 1000)[1], 0)
        assert write.row is not None
        assert write.arguments[5] == unix_ms
        assert write.row["timestamp"].endswith(f".{unix_ms % 1000:03d}Z")


@pytest.mark.parametrize("unix_s", [-1e9, -0.001, 1e12, 1e300, 253_402_300_799.9999])
def test_a_clock_at_an_impossible_year_costs_no_row(unix_s: float) -> None:
    learn()
    for value in (1.0, 1):
        assert row_of(encode_row(3, {"a": value}, unix_s)[1])["a"] == 1


def test_line_without_metrics_is_a_row() -> None:
    assert encode_row(7, {}, 1.0)[1] == b"[7,1.000,{}]\n"
    assert row_of(b"[7,1.000,{}]\n") == {"epoch": 7, "timestamp": "1970-01-01T00:00:01.000Z"}


def test_line_with_a_nan_says_so() -> None:
    learn()
    metrics = {"a": [0.5, math.nan], "b_m": 1.0, "val_loss": -math.inf}
    _, line, not_finite, _ = encode_row(2, metrics, 0.0)
    assert not_finite == {"a": "nan", "val_loss": "-inf"}
    write = decode(line, 0)
    assert write.row is not None
    assert write.row["a"] == [0.5, None]
    assert orjson.loads(write.arguments[4]) == not_finite
    assert write.arguments[6] == ""  # no loss that could be the best


def test_line_leaves_out_lists_that_are_too_long_or_hold_text() -> None:
    learn()
    for wrong in ([0.5] * (MAX_LIST + 1), ["a"], [[0.5]]):
        _, line, _, left_out = encode_row(2, {"a": wrong, "b_m": 1.0}, 0.0)
        assert list(left_out) == ["a"]
        assert row_of(line)["b_m"] == 1.0


def test_a_known_name_of_another_type_takes_the_careful_way() -> None:
    """`np.str_("a")` equals the known name "a", and ended the training in orjson."""

    class Name(str):
        __slots__ = ()

    learn()
    _, line, _, left_out = encode_row(1, {Name("a"): 0.5}, 0.0)
    assert left_out == {}
    assert row_of(line)["a"] == 0.5


@pytest.mark.parametrize("epoch", [-1, 1.5, "7", None, True, 2**53, 10**400, math.nan])
def test_an_epoch_that_is_none_is_refused(epoch: Any) -> None:
    with pytest.raises(InvalidMetric, match="an epoch is"):
        encode_row(epoch, {"a": 1.0}, 0.0)


def test_other_lines_become_what_the_store_takes() -> None:
    end = {"status": "failed", "error_message": "no", "config": "x", "ended_because": 7}
    assert decode(encode_other("back", 15, 1.5), 9).arguments[:3] == ("back", 9, 15)
    note = decode(encode_other("note", {"kind": "warning", "epoch": 3, "message": "m"}), 9)
    assert orjson.loads(note.arguments[3]) == {"kind": "warning", "epoch": 3, "message": "m"}
    facts = decode(encode_other("facts", {"a": [1, {"b": None}]}), 9)
    assert orjson.loads(facts.arguments[3]) == {"a": [1, {"b": None}]}
    written = decode(encode_other("end", end), 9)
    assert json.loads(written.arguments[3]) == ["error_message", "no"]
    assert written.arguments[4] == "failed"
    assert epoch_of(encode_other("back", 15)) is None


@pytest.mark.parametrize(
    ("line", "row"),
    [
        (b'{"epoch":3,"timestamp":1.5,"a":0.5}', {"epoch": 3, "a": 0.5}),
        (b'{"epoch":3,"timestamp":"1970-01-01T00:00:01.500Z","a":null}', {"epoch": 3, "a": None}),
        (b'{"epoch":0,"a":[1,null]}', {"epoch": 0, "a": [1, None]}),
    ],
)
def test_lines_of_the_older_format_are_rows(line: bytes, row: dict[str, Any]) -> None:
    decoded = row_of(line + b"\n")
    assert decoded == {"timestamp": decoded["timestamp"]} | row
    assert epoch_of(line) == row["epoch"]


@pytest.mark.parametrize(
    "line",
    [
        b"", b"{", b"7", b"[]", b"null", b"true", b'"x"', b"\x00", b"\xff\xfe", b"[1]", b"[1,2]",
        b'[1,2,"x"]', b"[true,1.0,{}]", b"[-1,1.0,{}]", b"[9007199254740992,1.0,{}]",
        b"[1.5,1.0,{}]", b'["1",1.0,{}]', b'[1,"x",{}]', b"[1,NaN,{}]", b'[1,1.0,{"a":NaN}]',
        b'{"epoch":"7"}', b'{"epoch":true}', b'{"epoch":-1}', b'{"epoch":1,"timestamp":[]}',
        b'{"epoch":1,"timestamp":"x"}', b'{"epoch":1,"timestamp":"0001-01-01T00:00:00"}', b"{}",
        b'["back"]', b'["back","x"]', b'["back",-2]', b'["back",true]', b'["note",7]', b'["note"]',
        b'["note",{"kind":[],"message":"m"}]',
        b'["note",{"kind":"warning","message":"m","epoch":-1}]',
        b'["note",{"kind":"warning","message":{"a":1}}]',
        b'["facts",[]]', b'["end",{}]', b'["end",{"status":[]}]', b'["end",{"status":"done"}]',
        b'["end",{"status":"running"}]', b'["other",{}]', b"[" * 2000, b"[null,1.0,{}]",
    ],
)  # fmt: skip
def test_a_line_that_is_none_is_a_value_error(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(line + b"\n", len(line) + 1)
    epoch_of(line)


@given(
    st.sampled_from([
        encode_row(412, {"a": 0.25, "b_m": [1.0, 2.0], "val_loss": math.nan}, 1.76e9)[1],
        encode_row(7, {"a": 0.25}, 1.76e9)[1],
        encode_other("end", {"status": "failed", "error_message": "x", "completed_at": "y"}),
        encode_other("note", {"kind": "warning", "epoch": 3, "message": "m"}),
        encode_other("back", 15, 1.5),
        b'{"epoch":3,"timestamp":"2026-01-01T00:00:00Z","a":0.5}\n',
    ]),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), min_size=1, max_size=4),
)  # fmt: skip
def test_a_disk_that_flips_bits_gives_a_write_or_a_value_error(
    line: bytes, flips: list[tuple[int, int]]
) -> None:
    torn = bytearray(line)
    for at, bits in flips:
        torn[at % len(torn)] ^= bits
    epoch = epoch_of(bytes(torn))
    try:
        write = decode(bytes(torn), 9)
    except ValueError:
        return
    for argument in write.arguments:  # redis-py takes no others
        assert type(argument) in (str, bytes, int, float)
    if write.row is not None:
        assert epoch == write.row["epoch"]
        assert 0 <= write.row["epoch"] <= MAX_EPOCH
        assert set(orjson.loads(write.arguments[4] or "{}").values()) <= {"nan", "inf", "-inf"}


@given(st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=5)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["note", "facts", "end", "back", "epoch", "timestamp", "status"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(["epoch", "timestamp", "status", "a"]), inner, max_size=4),
    max_leaves=12,
))  # fmt: skip
def test_any_json_is_a_write_or_a_value_error(said: Any) -> None:
    line = orjson.dumps(said) + b"\n"
    epoch_of(line)
    try:
        write = decode(line, 9)
    except ValueError:
        return
    assert all(type(argument) in (str, bytes, int, float) for argument in write.arguments)
