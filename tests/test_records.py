"""What every part agrees on: times, statuses, and what JSON can carry."""

import math
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heimdall_dash.errors import InvalidMetric
from heimdall_dash.records import (
    FINAL,
    LAST_UNIX_S,
    LEGAL,
    MAX_DEPTH,
    MAX_EPOCH,
    Status,
    check_json,
    clamped,
    iso_time,
    parse_time,
    storable,
)


@given(st.integers(0, int(LAST_UNIX_S) * 1000))
def test_a_time_reads_back_to_its_millisecond(unix_ms: int) -> None:
    moment = parse_time(iso_time(unix_ms / 1000))
    assert moment.tzinfo == UTC
    assert round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000) == unix_ms


@given(st.floats())
def test_a_clock_at_any_year_gives_a_time_that_can_be_written(unix_s: float) -> None:
    assert 0 <= clamped(unix_s) <= LAST_UNIX_S
    assert iso_time(clamped(unix_s)) == iso_time(unix_s)
    assert 1970 <= parse_time(iso_time(unix_s)).year <= 9999


@pytest.mark.parametrize("value", [None, True, 0, -1.5, MAX_EPOCH, "x", "σ", [], {}, {"a": [1]}])
def test_json_that_can_be_stored_is_let_through(value: Any) -> None:
    check_json(value, "config")


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, MAX_EPOCH + 1, -(10**400), "\ud800", b"x", object(), {1},
     {"\ud800": 1}, 1j],
    ids=range(10),
)  # fmt: skip
@pytest.mark.parametrize("wrap", [lambda v: v, lambda v: [v], lambda v: {"a": {"b": [v]}}])
def test_other_values_are_refused_and_their_place_is_named(value: Any, wrap: Any) -> None:
    with pytest.raises(InvalidMetric, match=r"^config"):
        check_json(wrap(value), "config")


def test_what_is_nested_too_deeply_is_refused() -> None:
    value: Any = 1
    for _ in range(MAX_DEPTH):
        value = [value]
    check_json(value, "config")
    with pytest.raises(InvalidMetric, match="nested deeper"):
        check_json([value], "config")


@given(st.text(st.characters()))
def test_a_storable_text_is_unicode_and_keeps_its_length(text: str) -> None:
    found = storable(text + "\udcff")
    assert found.encode().decode() == orjson.loads(orjson.dumps(found)) == found
    assert len(found) == len(text) + 1


def test_every_status_has_its_transitions() -> None:
    assert set(Status) >= FINAL
    assert all(statuses <= set(Status) for statuses in LEGAL.values())
    assert not any(FINAL & LEGAL[action] for action in ("pause", "resume", "cancel"))
    assert Status.RUNNING not in LEGAL["delete"]
