"""What is published about a job, read with distrust."""

from typing import Any

import pytest

from heimdall_dash.cells import Position
from heimdall_dash.live.messages import publication, stored_position

JOB = {"id": "j", "stream": "s"}


def test_published_writes_are_read() -> None:
    heard = publication(
        {
            "event": "training:progress", "job": JOB, "after": "411-1", "cursor": "412-3",
            "writes": [
                ["412-1", {"epoch": 412}], ["412-2", {"epoch": 3, "a": None}, {"a": "nan"}],
                ["412-3", None, 15],
            ],
        }
    )  # fmt: skip
    assert heard.after == Position(411, 1)
    assert heard.writes is not None
    assert [(str(w.position), w.epoch, w.takes_back) for w in heard.writes] == [
        ("412-1", 412, False), ("412-2", 3, False), ("412-3", 15, True),
    ]  # fmt: skip
    assert heard.writes[1].not_finite == {"a": "nan"}


def test_large_batch_has_no_writes_and_a_change_of_the_job_no_position() -> None:
    large = {"event": "training:progress", "job": JOB, "after": "1-1", "cursor": "9-1"}
    assert (publication(large).after, publication(large).writes) == (Position(1, 1), None)
    change = publication({"event": "training:warning", "job": JOB, "note": {"epoch": 1}})
    assert (change.after, change.writes, change.note) == (None, None, {"epoch": 1})
    assert publication({"event": "training:deleted", "job_id": "j"}).is_deletion


@pytest.mark.parametrize(
    "message",
    [
        {}, {"event": "x"}, {"event": "x", "job": 7}, {"event": "x", "job": {"id": 7}},
        {"event": "x", "job": JOB, "cursor": "1-1"},
        {"event": "x", "job": JOB, "cursor": "1-1", "after": 7},
        {"event": "x", "job": JOB, "cursor": "1-1", "after": "1"},
        *(
            {"event": "x", "job": JOB, "cursor": "1-1", "after": "0-0", "writes": writes}
            for writes in (
                7, [7], [[]], [["1-1"]], [["x", {"epoch": 1}]], [["1-1", {"epoch": "1"}]],
                [["1-1", {"epoch": 1}, 7]], [["1-1", None, "x"]], [["1-1", None]],
            )
        ),
    ],
)  # fmt: skip
def test_message_that_cannot_be_read_is_refused(message: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError, KeyError)):
        publication(message)


@pytest.mark.parametrize(
    ("fields", "position"),
    [
        ({"position": "412-2", "last_epoch": "412"}, Position(412, 2)),
        ({"last_epoch": "7"}, Position(7, 1)),  # data of before positions
        ({"last_epoch": "-1"}, Position(0, 0)),
        ({"position": "x", "last_epoch": "7"}, None),
        ({"last_epoch": "x"}, None),
        ({}, None),
    ],
)
def test_stored_position_is_known_or_is_none(
    fields: dict[str, str], position: Position | None
) -> None:
    assert stored_position(fields) == position
