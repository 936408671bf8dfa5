"""Anything at all, from a training script: nothing raises, every valid cell is stored with its
value, and what is left out is named. Against the real store."""

import logging
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heimdall_dash.cells import join
from heimdall_dash.metrics import shown_name
from heimdall_dash.publisher import Job
from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.store import Store
from tests.test_fuzz import BOUNDED, settings

CALLS = settings(BOUNDED, max_examples=400)
NO_CELL, LEFT_OUT = object(), object()


@dataclass
class Given:
    """A value as a script logs it, the cell that is to be stored, its mark of NaN or infinity."""

    value: Any
    cell: Any
    mark: str | None = None


class Bound:
    """A proxy that is bound to nothing, as frameworks have them: it has not even a class."""

    @property
    def __class__(self) -> Any:
        raise RuntimeError("bound to nothing")

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("bound to nothing")

    def __repr__(self) -> str:
        raise RuntimeError("bound to nothing")

    __str__ = __repr__


class Odd:
    def __float__(self) -> float:
        raise KeyError("odd")

    def tolist(self) -> Any:
        return self

    def item(self) -> Any:
        return "text"


class OddMapping(Mapping[str, float]):
    def __getitem__(self, name: str) -> float:
        raise OSError("gone")

    def __iter__(self) -> Iterator[str]:
        yield "x"

    def __len__(self) -> int:
        return 1


class OddText(str):
    def __str__(self) -> str:
        raise ValueError("odd")

    __hash__ = str.__hash__


def marked(number: float) -> Given:
    if math.isfinite(number):
        return Given(number, number)
    return Given(number, None, "nan" if math.isnan(number) else "inf" if number > 0 else "-inf")


def as_type(make: Any) -> Any:
    def made(number: float) -> Given:
        return Given(make(number), float(np.array(make(number)).item()))

    return made


SMALL = st.floats(-1e30, 1e30).filter(lambda x: x == 0 or abs(x) > 1e-30)
CELLS = st.one_of(
    st.floats().map(marked),
    st.integers(-(2**53) + 1, 2**53 - 1).map(lambda n: Given(n, n)),
    st.booleans().map(lambda b: Given(b, int(b))),
    st.integers(2**53, 10**300).map(lambda n: Given(n, float(n))),
    st.sampled_from([np.float32, np.float64, np.longdouble, lambda x: np.array([[x]])]).flatmap(
        lambda kind: SMALL.map(as_type(kind))
    ),
    SMALL.map(lambda x: Given(Decimal(x), x)),
    SMALL.map(lambda x: Given(Fraction(x), x)),
    st.lists(SMALL, max_size=5).map(lambda xs: Given(xs, xs)),
    st.lists(SMALL, min_size=2, max_size=5).map(lambda xs: Given(np.array(xs), xs)),
    st.lists(SMALL, max_size=3).map(lambda xs: Given((*xs, math.nan), [*xs, None], "nan")),
    st.sampled_from(
        [
            Given(10**400, None, "inf"), Given(-(10**400), None, "-inf"), Given(None, NO_CELL),
            Given(Decimal("NaN"), None, "nan"), Given(np.float16("inf"), None, "inf"),
            Given([0.5] * 256, [0.5] * 256),
        ]
    ),
)  # fmt: skip
MADE = {  # by name, since hypothesis itself stumbles over some of them
    "text": lambda: "text", "bytes": lambda: b"1", "complex": lambda: 1j, "set": lambda: {1},
    "long list": lambda: [0.5] * 257, "lists": lambda: [[1.0]], "matrix": lambda: np.zeros((2, 2)),
    "texts": lambda: np.array(["a"]), "object": object, "bound": Bound, "odd": Odd,
    "odd text": lambda: OddText("1"), "function": lambda: datetime.now, "ellipsis": lambda: ...,
    "date": lambda: datetime(2026, 1, 1), "generator": lambda: (x for x in ()),
    "signalling": lambda: Decimal("sNaN"), "list of bound": lambda: [Bound()],
    "mixed": lambda: [1.0, "x"], "day": lambda: np.datetime64("2026-01-01"),
    "class": lambda: Odd, "bytearray": lambda: bytearray(b"1"),
}  # fmt: skip


@dataclass
class Hostile:
    name: str


def made(value: Any) -> Any:
    """The value, and in it what is hostile."""
    if isinstance(value, Hostile):
        return MADE[value.name]()
    return {name: made(one) for name, one in value.items()} if type(value) is dict else value


HOSTILE = st.sampled_from(sorted(MADE)).map(Hostile)
VALUES = CELLS | HOSTILE.map(lambda value: Given(value, LEFT_OUT))

NAMES = st.sampled_from(
    [
        *((name, name) for name in ("loss", "val/mAP50(B)", "σ", "a" * 200, " ", "__proto__")),
        ("=1", "=1"),
        ("epoch", "logged_epoch"), ("timestamp", "logged_timestamp"), (7, "7"), (2.5, "2.5"),
        (np.str_("of numpy"), "of numpy"), (OddText("odd"), "odd"),
        *((name, None) for name in ("", "\n", "b" * 201, "\ud800", "\u202e", None, b"x", (1, 2))),
    ]
)  # fmt: skip
EPOCHS = st.one_of(
    st.integers(0, 20).map(lambda n: (n, n)),
    st.integers(0, 20).map(lambda n: (float(n), n)),
    st.integers(0, 20).map(lambda n: (np.int32(n), n)),
    st.sampled_from(
        [(bad, None) for bad in (-1, 2**53, 1.5, math.nan, "3", None, True, Decimal("1e999999999"))]
    ),
    HOSTILE.map(lambda value: (value, None)),
)
ROWS = st.lists(st.tuples(NAMES, VALUES), max_size=5)
ANYTHING = st.one_of(
    HOSTILE, st.text(max_size=30), st.floats(), st.integers(), st.none(),
    st.dictionaries(st.text(max_size=8) | st.integers() | st.none(), HOSTILE | st.floats()),
    st.just(OddMapping()),
)  # fmt: skip

Place = tuple[int, str]


class Expected:
    """What the calls so far must have come to."""

    def __init__(self) -> None:
        self.cells: dict[Place, Any] = {}
        self.marks: dict[Place, str] = {}
        self.named: set[str] = set()  # what is left out

    def row(self, epoch: int, prefix: str, row: Mapping[Any, tuple[str | None, Given]]) -> None:
        for name, (stored, value) in row.items():
            if prefix and isinstance(name, str):  # below another name nothing is the product's own
                stored = prefix + str.__str__(name)
                stored = stored if stored.isprintable() and len(stored) <= 200 else None
                name = prefix + str.__str__(name)
            elif prefix and stored is not None:
                stored = prefix + stored
            if stored is None:
                self.named.add(shown_name(name))
            elif value.cell is LEFT_OUT:
                self.named.add(stored)
            elif value.cell is not NO_CELL:
                self._cell((epoch, stored), value)

    def _cell(self, place: Place, value: Given) -> None:
        self.cells[place] = value.cell
        self.marks.pop(place, None)
        if value.mark:
            self.marks[place] = value.mark


def test_publisher_takes_anything_and_stores_each_valid_cell(
    valkey: EmbeddedStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    job = Job.start("fuzzed", url=valkey.url, data_dir=tmp_path, with_origin=False)
    expected = Expected()

    @CALLS
    @given(epoch=EPOCHS, row=ROWS, inner=ROWS, said=ANYTHING, at=ANYTHING)
    def one(epoch: Any, row: Any, inner: Any, said: Any, at: Any) -> None:
        rows = {name: (stored, value) for (name, stored), value in row}
        inners = {name: (stored, value) for (name, stored), value in inner}
        said, at = made(said), made(at)
        metrics = {name: made(value.value) for name, (_, value) in rows.items()}
        nested = {name: made(value.value) for name, (_, value) in inners.items()}
        job.log(made(epoch[0]), {**metrics, "in": nested})
        job.log(-1, said)
        job.warn(said, epoch=at, kind=at)
        job.describe(said)
        job.configure(at)
        if epoch[1] is not None:
            expected.row(epoch[1], "", rows)
            expected.row(epoch[1], "in/", inners)

    with caplog.at_level(logging.WARNING, "heimdall_dash.publisher"):
        one()
        assert job.close()
    assert len(expected.cells) > 50  # what is generated differs with its library
    assert len(expected.named) > 10
    store = Store(valkey.url)
    joined = join(store.writes(job.id))
    epochs = joined.columns["epoch"]
    assert epochs == sorted(set(epochs))
    marks = {
        (epoch, name): kind
        for name, kinds in joined.not_finite.items()
        for epoch, kind in kinds.items()
    }
    cells = {
        (epoch, name): value
        for name, column in joined.columns.items()
        for epoch, value in zip(epochs, column, strict=True)
        if name not in {"epoch", "timestamp"} and (value is not None or (epoch, name) in marks)
    }
    assert cells == expected.cells
    assert marks == expected.marks
    assert {name for name in expected.named if name not in caplog.text} == set()
    assert store.job(job.id)["status"] == "completed"
    store.close()


@pytest.mark.slow
def test_publisher_ends_however_it_is_told_to(valkey: EmbeddedStore, tmp_path: Path) -> None:
    store = Store(valkey.url)

    @settings(BOUNDED, max_examples=40)
    @given(status=ANYTHING | st.sampled_from(["failed", "cancelled"]), reason=ANYTHING)
    def one(status: Any, reason: Any) -> None:
        status, reason = made(status), made(reason)
        job = Job.start("fuzzed", url=valkey.url, data_dir=tmp_path, with_origin=False)
        job.log(1, loss=0.5)
        job.finish(status, reason, more=reason)
        job.log(2, loss=0.25)  # after its end, and still before it is closed
        assert job.close()
        job.finish(status, reason)
        job.log(3, loss=0.125)
        known = type(status) is str and status in ("failed", "cancelled")
        assert store.job(job.id)["status"] == (status if known else "completed")
        assert join(store.writes(job.id)).columns["loss"][0] == 0.5

    one()
    store.close()
