"""Lists that are read item by item: the same as Python's own reader reads, and bounded."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heimdall_dash.api import json_items
from heimdall_dash.api.json_body import MAX_VALUES, UNCOUNTED_BYTES, check_values
from heimdall_dash.api.json_items import read_items
from heimdall_dash.api.refusals import Refused

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(value=VALUES, indent=st.none() | st.just(3), is_plain=st.booleans())
def test_what_is_read_by_items_is_what_json_reads(value: Any, indent: Any, is_plain: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=is_plain)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_items, "FIRST_CHARACTERS", 3)  # numbers and texts are cut everywhere
        assert read_items(text.encode("utf-8", "surrogatepass"), 100, "values") == value


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32-le"])
def test_any_unicode_is_read(encoding: str) -> None:
    assert read_items('[{"ä": 1}, NaN]'.encode(encoding), 9, "values")[0] == {"ä": 1}


@pytest.mark.parametrize(
    "text",
    ["", "[", "[1", "[1,", "[1,]", "[1 2]", "[1]]", "[1] x", "[,1]", "{", "[" * 10_000, "[9e]",
     "[" + "9" * 5000 + "]", '["\\x"]', '["a]'],
)  # fmt: skip
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - or RecursionError
        json.loads(text) if text != "[" * 10_000 else json.loads("[")
    with pytest.raises(Refused, match="not JSON") as refused:
        read_items(text.encode(), 10, "values")
    assert refused.value.code == 400


@pytest.mark.parametrize(
    "text",
    ["[" + "1," * 10 + "1]", "[[" + "[]," * 1_000_000 + "1]]",
     '[{"a": "' + "x" * 5_000_000 + '"}]', '{"a": [' + "1," * 1_000_000 + "1]}"],
    ids=["items", "values of one", "characters of one", "values of no list"],
)  # fmt: skip
def test_what_would_take_long_is_refused_early(text: str) -> None:
    with pytest.raises(Refused) as refused:
        read_items(text.encode(), 10, "values")
    assert refused.value.code == 413


def test_values_of_a_large_body_are_counted_before_they_are_read() -> None:
    text = b"[" + b"1," * MAX_VALUES
    check_values(text, MAX_VALUES)  # small: read in no time
    space = b" " * UNCOUNTED_BYTES
    check_values(b"[" + b"1," * (MAX_VALUES - 1) + space, MAX_VALUES)
    with pytest.raises(Refused, match=str(MAX_VALUES)):
        check_values(text + space, MAX_VALUES)
