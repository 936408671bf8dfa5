"""From what a trainer logs to cells: everything that is a number is kept, nothing ever raises."""

import itertools
import math
import time
from collections import UserDict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import Enum, IntEnum
from fractions import Fraction
from types import FunctionType
from typing import Any

import numpy as np
import orjson
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from heimdall_dash.errors import InvalidMetric
from heimdall_dash.metrics import MAX_CELLS, clean_cells, clean_epoch, shown, shown_name
from heimdall_dash.records import MAX_EPOCH


class Raises:
    """An object on which everything raises."""

    def __float__(self) -> float:
        raise RuntimeError("no float")

    def __repr__(self) -> str:
        raise RuntimeError("no repr")

    def __str__(self) -> str:
        raise RuntimeError("no str")

    def __len__(self) -> int:
        raise RuntimeError("no len")

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("no attribute")


class Overflows(Raises):
    def __float__(self) -> float:
        raise OverflowError("too large")


class Unbound:
    """As a lazy proxy that is bound to nothing: even asking for its class raises."""

    @property
    def __class__(self) -> Any:
        raise RuntimeError("bound to nothing")

    @__class__.setter
    def __class__(self, value: Any) -> None:
        raise AttributeError


class OddMapping(Mapping[str, float]):
    def __getitem__(self, name: str) -> float:
        raise RuntimeError("no item")

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError("no iteration")

    def __len__(self) -> int:
        return 1


class Triples(dict[str, float]):
    def items(self) -> Any:
        return [("a", 1.0, 2.0)]


class Level(IntEnum):
    HIGH = 3


class Metric(str, Enum):  # noqa: UP042 - as users write it
    LOSS = "loss"


def made(value: Any) -> Any:
    """The values that pytest itself cannot look at come as functions."""
    return value() if isinstance(value, FunctionType) else value


def cell(value: Any) -> Any:
    """The one cell, with what it says of NaN; it is kept, and JSON can carry it."""
    cells, not_finite, left_out = clean_cells({"x": value})
    assert left_out == {}
    orjson.dumps([cells, not_finite])
    return cells["x"], not_finite.get("x")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.1, 0.1), (7, 7), (-0.0, 0.0), (True, 1), (False, 0), (2**53 - 1, 2**53 - 1),
        (2**60, float(2**60)), (Level.HIGH, 3), (Decimal("0.25"), 0.25), (Fraction(1, 4), 0.25),
        (np.float16(0.5), 0.5), (np.float32(0.1), float(np.float32(0.1))), (np.float64(0.1), 0.1),
        (np.longdouble(0.5), 0.5), (np.int8(-3), -3), (np.uint64(2**63), float(2**63)),
        (np.bool_(True), 1), (np.array(0.5), 0.5), (np.array([0.5]), 0.5),
        (np.array([[[7]]]), 7), (np.array([0.5, 1.5]), [0.5, 1.5]),
        (np.array([True, False]), [1, 0]),
        (np.arange(256), list(range(256))), (np.array([]), []), ([], []), ((1, 2.5), [1, 2.5]),
        (torch.tensor(0.5), 0.5), (torch.tensor([0.5], requires_grad=True), 0.5),
        (torch.tensor([0.5, 1.0], dtype=torch.bfloat16), [0.5, 1.0]),
        (torch.tensor(0.5, dtype=torch.bfloat16), 0.5), (torch.tensor(3, dtype=torch.int8), 3),
        (torch.tensor([True, False]), [1, 0]), (torch.tensor([[0.5]]), 0.5),
        (torch.nn.Parameter(torch.tensor([0.5, 1.0])), [0.5, 1.0]),
        ([torch.tensor(0.5), torch.tensor(1)], [0.5, 1]),
        ([np.array(0.5), np.float32(1)], [0.5, 1.0]),
        ([np.array([0.5])], [0.5]), ([True, None, Decimal("1.5")], [1, None, 1.5]),
    ],
    ids=map(str, itertools.count()),
)  # fmt: skip
def test_whatever_is_one_number_or_a_short_list_of_them_is_a_cell(
    value: Any, expected: Any
) -> None:
    assert cell(value) == (expected, None)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (math.nan, "nan"), (math.inf, "inf"), (-math.inf, "-inf"), (10**400, "inf"),
        (-(10**5000), "-inf"), (Decimal("NaN"), "nan"), (Decimal("1e400"), "inf"),
        (Fraction(-(10**400)), "-inf"), (np.float32("nan"), "nan"), (np.array([np.inf]), "inf"),
        (torch.tensor(math.nan, dtype=torch.bfloat16), "nan"), (torch.tensor([-math.inf]), "-inf"),
    ],
    ids=map(str, itertools.count()),
)  # fmt: skip
def test_what_is_not_finite_is_null_and_named(value: Any, kind: str) -> None:
    assert cell(value) == (None, kind)


def test_a_list_with_a_nan_keeps_its_other_values() -> None:
    assert cell([0.5, math.nan, -math.inf, 1]) == ([0.5, None, None, 1], "nan")
    assert cell(torch.tensor([math.inf, 2.0])) == ([None, 2.0], "inf")


@pytest.mark.parametrize(
    "value",
    [
        "0.5", b"1", bytearray(b"1"), 1j, {1.0}, object(), type,
        lambda: Raises(), lambda: Overflows(), lambda: Unbound(), lambda: [Raises()],
        lambda: [Unbound()], ["1"], [[1.0]], [0.0] * 257, np.zeros(257), np.zeros((2, 2)),
        torch.zeros(300), torch.zeros(2, 2), torch.tensor(1j), torch.empty(1, device="meta"),
        np.array("abc"), np.array(["1", "2"]), np.array([object()]), Decimal("sNaN"), OddMapping(),
        np.datetime64("2026-01-01"), UserDict({"deep": "text"}), (x for x in [1.0]),
    ],
    ids=map(str, itertools.count()),
)  # fmt: skip
def test_what_is_no_number_is_left_out_alone_and_said(value: Any) -> None:
    metrics = {"first": 1.0, "odd": made(value), "last": 2.0}
    cells, not_finite, left_out = clean_cells(metrics)
    assert cells == {"first": 1.0, "last": 2.0}
    assert not_finite == {}
    assert len(left_out) == 1
    assert all(len(why) < 400 for why in left_out.values())


def test_a_none_was_not_measured_and_is_no_trouble() -> None:
    assert clean_cells({"a": None, "b": 1.0}) == ({"b": 1.0}, {}, {})


def test_nested_mappings_are_flattened_and_numbers_may_be_names() -> None:
    metrics = {"grad": {"norm": 3.1, 0: {"max": 1}}, 7: 0.5, np.int64(8): 0.25, 1.5: 2, "a": {}}
    assert clean_cells(metrics) == (
        {"grad/norm": 3.1, "grad/0/max": 1, "7": 0.5, "8": 0.25, "1.5": 2}, {}, {},
    )  # fmt: skip


def test_names_of_a_kind_of_text_are_taken_as_text() -> None:
    """orjson refuses such keys: `np.str_("loss")` ended the training with a TypeError."""
    cells, _, left_out = clean_cells({np.str_("acc"): 1.0, Metric.LOSS: 2.0, "g": {Metric.LOSS: 3}})
    assert left_out == {}
    assert orjson.loads(orjson.dumps(cells)) == {"acc": 1.0, "loss": 2.0, "g/loss": 3}


@pytest.mark.parametrize(
    "name",
    ["mAP@0.5", "val/mAP50(B)", "top-1 acc", "σ", "loss[0]", "=cmd()", "<b>", "a" * 200, " ", "'"],
)
def test_names_are_kept_as_they_are(name: str) -> None:
    assert clean_cells({name: 0.5}) == ({name: 0.5}, {}, {})


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a" * 201,
        "a\n",
        "\x00",
        "\ud800",
        None,
        b"a",
        ("a", 1),
        lambda: Raises(),
        lambda: Unbound(),
        10**5000,
        "\u200b",
    ],
    ids=map(str, itertools.count()),
)
@pytest.mark.parametrize("depth", [0, 1])
def test_other_names_are_left_out_alone(name: Any, depth: int) -> None:
    metrics: dict[Any, Any] = {made(name): 1.0}
    if depth and name == "":
        return  # `g/` is a name
    cells, _, left_out = clean_cells({"ok": 0.5} | ({"g": metrics} if depth else metrics))
    assert cells == {"ok": 0.5}
    assert len(left_out) == 1
    orjson.dumps(left_out)
    assert all(key.isprintable() and len(key) <= 60 for key in left_out)


def test_the_tables_own_columns_are_stored_under_another_name() -> None:
    cells, marks, _ = clean_cells({"epoch": 0.5, "timestamp": math.nan, "train": {"epoch": 1}})
    assert cells == {"logged_epoch": 0.5, "logged_timestamp": None, "train/epoch": 1}
    assert marks == {"logged_timestamp": "nan"}


def test_the_later_of_two_equal_names_wins_with_its_mark() -> None:
    assert clean_cells({"a/b": math.nan, "a": {"b": 1.0}}) == ({"a/b": 1.0}, {}, {})
    assert clean_cells({"a/b": 1.0, "a": {"b": math.nan}}) == ({"a/b": None}, {"a/b": "nan"}, {})


@pytest.mark.parametrize("metrics", [OddMapping(), Triples(a=1.0)])
def test_a_mapping_that_cannot_be_read_is_said(metrics: Any) -> None:
    assert clean_cells(metrics)[0] == {}
    assert len(clean_cells(metrics)[2]) == 1
    cells, _, left_out = clean_cells({"ok": 1.0, "odd": metrics})
    assert cells == {"ok": 1.0}
    assert list(left_out) == ["odd"]


def test_a_mapping_that_holds_itself_twice_costs_no_time() -> None:
    """Two references on each of twenty levels were a million names."""
    circle: dict[str, Any] = {"x": 1.0}
    circle |= {"a": circle, "b": circle}
    laughs: dict[str, Any] = {"x": 1.0}
    for _ in range(15):
        laughs = {str(i): laughs for i in range(10)}
    began = time.monotonic()
    cells, _, left_out = clean_cells({"circle": circle, "ok": 1.0})
    assert cells == {"circle/x": 1.0, "ok": 1.0}
    assert len(left_out) == 2
    cells, _, left_out = clean_cells({"laughs": laughs})
    assert len(cells) <= MAX_CELLS
    assert len(left_out) == 1
    hollow: dict[str, Any] = {}
    for _ in range(30):
        hollow = {str(i): hollow for i in range(10)}
    assert clean_cells({"hollow": hollow})[0] == {}
    assert time.monotonic() - began < 5


def test_the_message_for_a_huge_value_is_short_and_cheap() -> None:
    huge = [[0.5] * 1000] * 10_000
    began = time.monotonic()
    for value in (huge, "x" * 10**7, {"a": huge}, 10**5000, Raises(), "\ud800\n", np.zeros((9, 9))):
        text = shown(value)
        assert len(text) < 120
        assert "\n" not in text
        text.encode()
        assert len(shown_name(value)) <= 60
    assert time.monotonic() - began < 0.5


@pytest.mark.parametrize(
    "epoch",
    [0, 7, 7.0, np.int64(7), np.float32(4096.0), torch.tensor(7), np.array([7]), Decimal(7),
     Fraction(14, 2), Level.HIGH, MAX_EPOCH, float(2**52)],
    ids=map(str, itertools.count()),
)  # fmt: skip
def test_an_epoch_is_any_whole_number_from_zero(epoch: Any) -> None:
    assert type(clean_epoch(epoch)) is int
    assert clean_epoch(epoch) == epoch


@pytest.mark.parametrize(
    "epoch",
    [-1, 1.5, "7", b"7", True, np.bool_(1), None, MAX_EPOCH + 1, math.nan, math.inf, [7], 1j,
     10**400, -(10**5000), float(2**60), Decimal("1e999999999"), Decimal("NaN"), np.array([1, 2]),
     torch.tensor([1, 2]), lambda: Raises(), lambda: Overflows(), lambda: Unbound(), {}, object()],
    ids=map(str, itertools.count()),
)  # fmt: skip
def test_an_epoch_of_another_kind_is_refused_in_words(epoch: Any) -> None:
    with pytest.raises(InvalidMetric, match="an epoch is") as raised:
        clean_epoch(made(epoch))
    assert len(str(raised.value)) < 200


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.decimals()
    | st.binary(max_size=3) | st.complex_numbers() | st.builds(Raises) | st.builds(Unbound),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.text(st.characters(), max_size=4) | st.integers() | st.none(), inner, max_size=4
    ),
    max_leaves=20,
)  # fmt: skip


@given(st.dictionaries(st.text(max_size=4) | st.integers(), ANYTHING, max_size=5))
def test_anything_becomes_finite_cells_or_is_left_out(metrics: dict[Any, Any]) -> None:
    cells, not_finite, left_out = clean_cells(metrics)
    assert orjson.loads(orjson.dumps(cells)).keys() == cells.keys()
    assert not_finite.keys() <= cells.keys()
    orjson.dumps([not_finite, left_out])
    assert set(not_finite.values()) <= {"nan", "inf", "-inf"}
    assert not {"epoch", "timestamp"} & cells.keys()
    for name, value in cells.items():
        values = value if isinstance(value, list) else [value]
        assert all(v is None or math.isfinite(v) for v in values)
        assert (None not in values) or name in not_finite or isinstance(value, list)
