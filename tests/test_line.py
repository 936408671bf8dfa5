"""A line of the local log: what the quick way writes is what the careful way writes."""

import json
import math
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heimdall_dash.errors import InvalidMetric
from heimdall_dash.publish.line import decode, encode
from heimdall_dash.records import MAX_LIST, clean_row

VALUE = st.one_of(
    st.floats(),
    st.integers(-(2**60), 2**60),
    st.none(),
    st.lists(st.one_of(st.floats(), st.integers(-9, 9), st.none()), max_size=5),
    st.text(max_size=3),
    st.booleans(),
)
NAMES = st.sampled_from(["a", "b_m", "null", "x/y", "not a name", "epoch"])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(-1, 2**53), st.dictionaries(NAMES, VALUE, max_size=5))
def test_line_says_what_clean_row_says(epoch: int, metrics: dict[str, Any]) -> None:
    for name in ("a", "b_m", "null", "x/y"):
        encode(0, {name: 1.0}, 0.0)  # known names: the quick way
    try:
        row, not_finite = clean_row(epoch, metrics)
    except InvalidMetric as error:
        with pytest.raises(InvalidMetric, match=re.escape(str(error))):
            encode(epoch, metrics, 12.25)
        return
    number, line, named = encode(epoch, metrics, 12.25)
    assert number == row["epoch"]
    assert named == not_finite
    assert line.endswith(b"}\n")
    assert line.count(b"\n") == 1
    assert decode(line) == row | {"timestamp": "1970-01-01T00:00:12.250Z"}


def test_line_without_metrics_is_json() -> None:
    assert json.loads(encode(7, {}, 1.0)[1]) == {"epoch": 7, "timestamp": 1.0}


def test_line_refuses_lists_that_are_too_long_or_hold_text() -> None:
    encode(1, {"curve": [0.5]}, 0.0)
    for wrong in ([0.5] * (MAX_LIST + 1), ["a"], [[0.5]]):
        with pytest.raises(InvalidMetric, match="curve"):
            encode(2, {"curve": wrong}, 0.0)


def test_line_names_a_nan_inside_a_list() -> None:
    encode(1, {"curve": [0.5]}, 0.0)
    _, line, not_finite = encode(2, {"curve": [0.5, math.nan]}, 0.0)
    assert not_finite == ["curve"]
    assert decode(line)["curve"] == [0.5, None]


@pytest.mark.parametrize("torn", [b"", b"{", b"7", b'{"epoch": "7"}', b'{"epoch": true}', b"\x00"])
def test_line_that_is_no_row_is_an_error(torn: bytes) -> None:
    with pytest.raises(ValueError, match=r"(?i)row|JSON|input|character|byte|unexpected"):
        decode(torn)
