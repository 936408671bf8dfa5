"""What a run is created with: checked by whoever starts it, and again by a server."""

import json
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heimdall_dash.errors import InvalidMetric
from heimdall_dash.publish.birth import (
    BIRTH_FIELDS,
    MAX_NAME,
    MAX_TAGS,
    birth_fields,
    check_start,
    checked_birth,
)
from heimdall_dash.publish.config import plain_config
from heimdall_dash.store.jobs import flat, job_view, paired

ID = "01234567-89ab-cdef-0123-456789abcdef"


CHARTS = [{"title": "x", "metrics": ["a"], "unit": None, "scale": "linear"}]


class Raises:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")


def born(**more: Any) -> dict[str, Any]:
    return birth_fields(ID, "VHF", more.pop("config", {}), 500, **more)


@pytest.mark.parametrize("name", ["VHF", "é σ 漢", "x" * MAX_NAME, "<b>", " a "])
def test_a_name_of_printable_characters_starts(name: str) -> None:
    check_start(name, None, None)
    check_start(name, 1, ID)


@pytest.mark.parametrize(
    ("name", "total", "job_id"),
    [
        ("", None, None), (" ", None, None), ("x" * 121, None, None), ("a\n", None, None),
        ("\ud800", None, None), (7, None, None), (None, None, None), (Raises(), None, None),
        ("a", 0, None), ("a", -1, None), ("a", True, None), ("a", 1.5, None), ("a", "5", None),
        ("a", 2**53, None), ("a", 10**400, None), ("a", Raises(), None), ("a", 1, "../x"),
        ("a", 1, ID.upper()), ("a", 1, ID + "\n"), ("a", 1, 7), ("a", 1, ""),
    ],
    ids=range(21),
)  # fmt: skip
def test_a_start_that_cannot_be_meant_is_refused(name: Any, total: Any, job_id: Any) -> None:
    with pytest.raises(InvalidMetric):
        check_start(name, total, job_id)


@pytest.mark.parametrize("total", [500.0, np.int64(500), np.float32(500)])
def test_a_total_may_be_any_whole_number(total: Any) -> None:
    check_start("a", total, None)
    assert birth_fields(ID, "a", {}, total)["total_epochs"] == 500


def test_a_birth_reads_back_as_a_job_and_survives_the_network() -> None:
    birth = born(
        config={"lr": 0.1}, tags=["a", "b"], group="g", project="p", step_name="step",
        key_metrics={"val/mIoU": "max"}, charts=CHARTS, first_epoch=1,
        created_at="2026-01-01T00:00:00.000Z",
    )  # fmt: skip
    assert birth.keys() - BIRTH_FIELDS <= {"attempt", "stream", "last_epoch", "current_epoch",
                                           "revision"}  # fmt: skip
    view = job_view(paired(flat(birth)))
    assert (view["tags"], view["group"], view["project"]) == (["a", "b"], "g", "p")
    assert (view["step_name"], view["key_metrics"]) == ("step", {"val/mIoU": "max"})
    assert (view["total_epochs"], view["config"]) == (500, {"lr": 0.1})
    assert view["charts"] == CHARTS
    assert view["created_at"] == view["started_at"] == "2026-01-01T00:00:00.000Z"
    sent = {name: value for name, value in birth.items() if name in BIRTH_FIELDS}
    assert checked_birth(json.loads(json.dumps(sent))) == birth
    stored = paired(flat(sent))  # what `attach` reads from the store: texts
    assert job_view(paired(flat(checked_birth(stored)))) == view


@pytest.mark.parametrize(
    "more",
    [
        {"tags": "abc"}, {"tags": 5}, {"tags": [""]}, {"tags": [7]}, {"tags": ["a\n"]},
        {"tags": ["\ud800"]}, {"tags": ["x"] * (MAX_TAGS + 1)}, {"group": ""}, {"group": 7},
        {"project": "x" * 201}, {"step_name": "\n"}, {"step_name": Raises()},
        {"key_metrics": {"a": "up"}}, {"key_metrics": ["a"]}, {"key_metrics": 5},
        {"key_metrics": {"a": []}}, {"key_metrics": {"\ud800": "max"}},
        {"key_metrics": {"": "max"}},
        {"charts": 5}, {"charts": ["a"]}, {"charts": [{"a": float("nan")}]},
        {"charts": [{"a": object()}]}, {"charts": [{"a": "x" * 300_000}]}, {"first_epoch": 2},
        {"first_epoch": "0"}, {"first_epoch": np.zeros(2)},
    ],
    ids=range(26),
)  # fmt: skip
def test_a_description_that_cannot_be_meant_is_refused(more: Any) -> None:
    with pytest.raises(InvalidMetric):
        born(**more)


def test_charts_that_hold_themselves_are_refused() -> None:
    chart: dict[str, Any] = {}
    chart["again"] = [chart]
    deep: Any = {}
    for _ in range(5000):
        deep = {"a": deep}
    for charts in ([chart], [deep]):
        with pytest.raises(InvalidMetric, match="charts"):
            born(charts=charts)


def test_what_a_publisher_lets_through_a_server_takes() -> None:
    """It was refused for good, a level deeper than the server's limit: no epoch ever arrived."""
    deep: Any = 1
    for _ in range(50):
        deep = {"a": [deep]}
    config, _ = plain_config({"deep": deep} | {f"漢{n}": "漢" * 6000 for n in range(100)})
    birth = born(config=config)
    assert len(birth["config"]) > 1_500_000  # texts are escaped
    assert json.loads(checked_birth(birth)["config"]) == config


@pytest.mark.parametrize("tags", [["a"], ("a",), {"a"}, (tag for tag in "a"), []])
def test_tags_are_any_few_words(tags: Any) -> None:
    assert json.loads(born(tags=tags).get("tags", '["a"]')) == ["a"]


BIRTH = {name: value for name, value in born(tags=["a"]).items() if name in BIRTH_FIELDS}


@pytest.mark.parametrize(
    "change",
    [
        {"id": "x"}, {"id": None}, {"job_name": ""}, {"job_name": 7}, {"total_epochs": "x"},
        {"total_epochs": float("inf")}, {"total_epochs": [1]}, {"total_epochs": 0},
        {"created_at": "yesterday"}, {"created_at": 7}, {"created_at": None},
        {"created_at": "2026-01-01T00:00:00"}, {"config": "{"}, {"config": "[]"}, {"config": 7},
        {"config": "[" * 100_000}, {"config": '{"a":' * 300 + "1" + "}" * 300},
        {"config": '{"a": 1e999}'}, {"config": '{"a": NaN}'},
        {"config": '{"a": ' + "9" * 400 + "}"},
        {"config": json.dumps({"a": "x" * 1_100_000})}, {"config": '{"a": "\\ud800"}'},
        {"tags": "{}x"}, {"tags": "7"}, {"key_metrics": "[1]"}, {"charts": "[1]"},
        {"charts": '[{"a": NaN}]'}, {"first_epoch": "x"}, {"group": 7}, {"group": "\n"},
    ],
    ids=range(30),
)  # fmt: skip
def test_a_birth_of_the_network_that_is_none_is_refused(change: Any) -> None:
    checked_birth(BIRTH)
    with pytest.raises(InvalidMetric):
        checked_birth(BIRTH | change)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["{}", "[]", '{"a":"max"}', '["a"]', "1", "[[]]"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@given(ANYTHING | st.dictionaries(st.sampled_from(sorted(BIRTH_FIELDS)), ANYTHING, max_size=4))
def test_any_birth_is_checked_or_refused(said: Any) -> None:
    for birth in (said, BIRTH | said if isinstance(said, dict) else said):
        try:
            checked = checked_birth(birth)
        except InvalidMetric:
            continue
        orjson.dumps(job_view(paired(flat(checked))))
