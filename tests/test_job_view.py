"""A job as the outside reads it: nulls, progress, estimates, signs of life."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from heimdall_dash.store.jobs import job_view

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
