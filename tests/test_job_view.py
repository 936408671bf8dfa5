"""A job as the outside reads it: nulls, progress, estimates, signs of life."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heimdall_dash.records import Status
from heimdall_dash.store.jobs import job_view
from heimdall_dash.store.stored_job import StoredJob

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


def at(seconds_ago: float) -> str:
    return (NOW - timedelta(seconds=seconds_ago)).isoformat().replace("+00:00", "Z")


def view(**fields: Any) -> dict[str, Any]:
    basis = {"id": "x", "job_name": "VHF", "status": "running", "created_at": at(100)}
    return job_view(basis | {name: str(value) for name, value in fields.items()}, NOW)


def test_unknown_values_are_null() -> None:
    job = view()
    for name in ("started_at", "best_epoch", "best_val_loss", "total_epochs"):
        assert job[name] is None
    assert (job["progress_percent"], job["estimated_completion"], job["current_epoch"]) == (
        None, None, 0,
    )  # fmt: skip


def test_estimate_is_by_the_median_pace_so_that_one_slow_epoch_does_not_move_it() -> None:
    job = view(
        total_epochs=100, current_epoch=40, intervals="1000 1000 90000 1000 1000",
        last_metric_at=at(0),
    )  # fmt: skip
    assert job["estimated_completion"] == "2026-11-23T12:01:00Z"
    assert job["progress_percent"] == 40.0


def test_only_a_running_job_has_an_estimate() -> None:
    job = view(
        status="paused", total_epochs=9, current_epoch=4, intervals="1000", last_metric_at=at(0)
    )
    assert job["estimated_completion"] is None


@pytest.mark.parametrize(
    ("fields", "is_stalled"),
    [
        ({"heartbeat_at": at(5)}, False),
        ({"heartbeat_at": at(25)}, True),
        ({"heartbeat_at": at(25), "status": "paused"}, False),
        # fed by curl: its only signs of life are its epochs
        ({"heartbeat_at": at(25), "external": 1, "intervals": "1000 1000"}, True),
        ({"heartbeat_at": at(25), "external": 1, "intervals": "60000 60000"}, False),
        ({"heartbeat_at": at(3600), "external": 1}, False),
        # a publisher beats every 2 s
        ({"heartbeat_at": at(25), "external": 1, "beats": 1, "intervals": "60000"}, True),
    ],
)
def test_stalled_is_a_trainer_that_is_silent_for_longer_than_it_ever_is(
    fields: dict[str, Any], is_stalled: bool
) -> None:
    assert view(**fields)["stalled"] is is_stalled


def test_an_odd_field_hides_no_job() -> None:
    job = view(total_epochs="2.5", best_val_loss="x", attempt="y")
    assert (job["total_epochs"], job["best_val_loss"], job["attempt"]) == (None, None, 0)


# -- what is read is distrusted ------------------------------------------------------------

FIELDS = [
    "id", "job_name", "status", "created_at", "started_at", "completed_at", "current_epoch",
    "total_epochs", "best_epoch", "best_val_loss", "last_metric_at", "last_metric_ms",
    "heartbeat_at", "heartbeat_ms", "error_message", "config", "external", "beats", "attempt",
    "desired", "intervals", "ended_because", "last_metrics", "last:val_loss", "last:",
    "epochs_stored", "notes_revision", "position", "last_epoch", "least_epoch", "first_epoch",
    "tags", "group", "project", "notes_text", "is_hidden", "step_name", "key_metrics", "charts",
    "stray",
]  # fmt: skip
ODD = [
    "", "0", "1", "-1", "7", "9" * 30, "-" + "9" * 30, "9" * 5000, "1e999", "nan", "-inf", "true",
    "null", "[]", "{}", "[7]", '["a", 7, {}]', '{"a": "max", "b": 7}', '{"a": NaN}', '{"a": 1e999}',
    "[" * 500 + "]" * 500, '{"a":' * 300 + "1" + "}" * 300, "[" * 5000, '"\\ud800"', "running",
    "paused", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00", "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59", "2026-W01-1T00:00Z",
    "2026-02-31T29:61:61Z", "2026-02-31T00:00:00Z", "99999999999999999999", "1000 1000",
    "1000/5 2000/0", "9" * 400 + " 1", "9" * 5000, "1/" + "9" * 400, "/ / 1/2/3", "٣-١", "1_000",
    "412-2", "9" * 19 + "-1", "253402300799999", "1700000000000", "\x00", "é",
]  # fmt: skip
VALUES = st.sampled_from(ODD) | st.text(max_size=10) | st.integers().map(str) | st.floats().map(str)


@given(st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=20))
def test_a_job_of_any_fields_is_shown_and_is_json(fields: dict[str, str]) -> None:
    job = job_view(fields, NOW)
    seen = orjson.loads(orjson.dumps({"jobs": [job]}))["jobs"][0]
    assert seen.keys() == job.keys()
    assert job["status"] in set(Status)
    assert job["progress_percent"] is None or 0 <= job["progress_percent"] <= 100
    for name in ("current_epoch", "total_epochs", "best_epoch", "attempt", "epochs_stored"):
        assert job[name] is None or abs(job[name]) < 2**53
    for name in ("created_at", "started_at", "completed_at", "last_metric_at", "heartbeat_at",
                 "estimated_completion"):  # fmt: skip
        assert job[name] is None or TIME.match(job[name]), (name, job[name])
    assert all(isinstance(tag, str) for tag in job["tags"])
    assert set(job["key_metrics"].values()) <= {"min", "max"}
    assert all(isinstance(chart, dict) for chart in job["charts"])
    assert str(StoredJob(fields).position) == job["position"]
    if job["estimated_completion"] is not None:
        assert job["estimated_completion"] < "2227"


TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z\Z")


@pytest.mark.parametrize("name", FIELDS)
def test_every_odd_value_of_every_field_is_survived(name: str) -> None:
    basis = {
        "id": "x", "job_name": "VHF", "status": "running", "created_at": at(100),
        "total_epochs": "500", "current_epoch": "40", "epochs_stored": "40", "config": "{}",
        "intervals": "1000 1000", "last_metric_ms": str(int(NOW.timestamp() * 1000)),
    }  # fmt: skip
    for odd in ODD:
        job = job_view(basis | {name: odd}, NOW)
        orjson.dumps({"jobs": [job]})
        assert name == "job_name" or job["job_name"] == "VHF"


@pytest.mark.parametrize(
    ("fields", "percent"),
    [
        ({"current_epoch": 4, "epochs_stored": 5, "least_epoch": 0}, 100.0),  # 0 to n - 1
        ({"current_epoch": 4, "epochs_stored": 5, "least_epoch": 0, "first_epoch": 0}, 100.0),
        ({"current_epoch": 5, "epochs_stored": 5, "least_epoch": 1}, 100.0),
        ({"current_epoch": 4, "epochs_stored": 4, "least_epoch": 1}, 80.0),
        ({"current_epoch": 0, "epochs_stored": 1, "least_epoch": 0}, 20.0),
        ({"current_epoch": 0, "epochs_stored": 0}, 0.0),
        # an epoch 0 that is the untrained model is no epoch done
        ({"current_epoch": 0, "epochs_stored": 1, "least_epoch": 0, "first_epoch": 1}, 0.0),
        ({"current_epoch": 4, "epochs_stored": 5, "least_epoch": 0, "first_epoch": 1}, 80.0),
        ({"current_epoch": 9, "epochs_stored": 9, "least_epoch": 1}, 100.0),
        ({"current_epoch": 4}, 80.0),  # of before epochs were counted
    ],
)
def test_progress_knows_loops_from_zero_and_from_one(fields: Any, percent: float) -> None:
    assert view(total_epochs=5, **fields)["progress_percent"] == percent


@pytest.mark.parametrize("total", [0, -5, "x", "9" * 30])
def test_a_total_that_is_none_gives_no_progress(total: Any) -> None:
    job = view(total_epochs=total, current_epoch=4, epochs_stored=4)
    assert (job["total_epochs"], job["progress_percent"]) == (None, None)


def test_the_estimate_is_by_pace_an_epoch_also_when_epochs_are_logged_now_and_then() -> None:
    now_ms = int(NOW.timestamp() * 1000)
    job = view(
        total_epochs=100, current_epoch=40, epochs_stored=8, least_epoch=5,
        intervals="10000/5 10000/5", last_metric_ms=now_ms,
    )  # fmt: skip
    assert job["estimated_completion"] == "2026-11-23T12:02:00Z"  # 60 epochs of 2 s
    assert job["pace_s"] == 10.0


@pytest.mark.parametrize("last_ms", [0, -1, "", "x", 253_402_300_800_000, "9" * 30])
def test_a_time_that_is_none_gives_no_estimate(last_ms: Any) -> None:
    """`last_ms` 0 counted as a time: estimates in the year 7660."""
    job = view(
        total_epochs=100, current_epoch=40, epochs_stored=40, intervals="1000",
        last_metric_ms=last_ms,
    )  # fmt: skip
    assert (job["estimated_completion"], job["last_metric_at"]) == (None, None)


def test_an_estimate_beyond_any_life_is_none() -> None:
    now_ms = int(NOW.timestamp() * 1000)
    more = {"current_epoch": 1, "epochs_stored": 1, "last_metric_ms": now_ms}
    year_s = 365 * 24 * 3600
    for total, intervals, is_known in ((10**9, "5000000", False), (year_s, "1000", True)):
        job = view(total_epochs=total, intervals=intervals, **more)
        assert (job["estimated_completion"] is not None) is is_known


def test_times_are_utc_whatever_an_older_version_wrote() -> None:
    job = view(created_at="2026-01-01T02:00:00+02:00", started_at="2026-01-01T00:00:00.123Z")
    assert job["created_at"] == "2026-01-01T00:00:00.000Z"
    assert job["started_at"] == "2026-01-01T00:00:00.123Z"
    assert view(created_at="2026-01-01T00:00:00")["created_at"] is None


@pytest.mark.parametrize(
    ("fields", "position"),
    [
        ({"position": "412-2", "last_epoch": "412"}, "412-2"),
        ({"last_epoch": "412"}, "412-1"),
        ({"last_epoch": "0"}, "0-1"),
        ({"last_epoch": "-1"}, "0-0"),
        ({}, "0-0"),
        ({"position": "x", "last_epoch": "7"}, "7-1"),
        ({"last_epoch": "9" * 30}, "0-0"),
    ],
)
def test_position_is_the_newest_writes_also_of_data_from_before_positions(
    fields: dict[str, str], position: str
) -> None:
    assert str(StoredJob(fields).position) == position
