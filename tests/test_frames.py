"""The wire in Python, against the golden frames that the browser's JavaScript is tested with."""

import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from heimdall_dash import frames
from heimdall_dash.cells import START, Joined, Position, Write, join
from heimdall_dash.live.messages import publication

GOLDEN = json.loads((Path(__file__).parent / "golden" / "metrics_frames.json").read_text())
STEPS = {step["name"]: step for step in GOLDEN["steps"]}


def writes_of(given: list[Any]) -> list[Write]:
    """Writes as the golden file, and what is published, have them."""
    message = {
        "event": "training:progress",
        "job": {},
        "after": "0-0",
        "cursor": "",
        "writes": given,
    }
    return publication(message).writes or []


def joined(step: dict[str, Any]) -> Joined:
    """What the golden frame carries: its writes joined, or its own columns where it names none."""
    if "writes" in step:
        return join(writes_of(step["writes"]))
    return Joined(None, step["frame"]["columns"], {})


def encoded(step: dict[str, Any]) -> bytes:
    """The golden frame, made by our encoder from its parts."""
    frame = step["frame"]
    cursor = Position.parse(frame["cursor"])
    match frame["event"]:
        case "sync":
            return frames.sync_frame(
                frame["job"], frame["stream"], cursor, frame["recovered"], frame["available"],
                frame["seq"],
            )  # fmt: skip
        case "metrics":
            return frames.metrics_frame(
                frame["job"], frame["stream"], frame["after"], cursor, joined(step), frame["seq"]
            )
        case "job":
            return frames.job_frame(frame["job"], frame["cursor"], frame["seq"])
        case "store":
            return frames.store_frame(frame["available"], frame["cursor"], frame["seq"])
        case "heartbeat":
            return frames.heartbeat_frame(frame["cursor"])
    raise AssertionError(f"no encoder for {frame['event']}")


@pytest.mark.parametrize("name", STEPS)
def test_encoder_makes_the_golden_frame(name: str) -> None:
    assert orjson.loads(encoded(STEPS[name])) == STEPS[name]["frame"]


@pytest.mark.parametrize("name", [name for name, step in STEPS.items() if "ack" in step])
def test_golden_acknowledgement_is_understood(name: str) -> None:
    step = STEPS[name]
    said = frames.decode_said(json.dumps(step["ack"]))
    assert said is not None
    assert said.ack == step["frame"]["cursor"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"event": "ping"}', frames.Said(is_ping=True)),
        ('{"interval_ms": 1000}', frames.Said(interval_ms=1000)),
        ('{"interval_ms": -5}', frames.Said(interval_ms=0)),
        ('{"interval_ms": 1e9}', frames.Said()),
        ('{"interval_ms": 999999999}', frames.Said(interval_ms=60_000)),
        ('{"ack": true}', frames.Said()),
        ('{"ack": "412-2"}', frames.Said(ack="412-2")),
        ('{"ack": 7}', frames.Said(ack=7)),
        ('{"ack": 1.5}', frames.Said()),
        ("{}", frames.Said()),
    ],
)
def test_client_messages_are_read_leniently(text: str, said: frames.Said) -> None:
    assert frames.decode_said(text) == said


@pytest.mark.parametrize("text", ["", "x", "[]", "7", "null", '"x"', b"\xff", "{"])
def test_what_is_no_object_is_none(text: str | bytes) -> None:
    assert frames.decode_said(text) is None


def test_not_finite_values_never_reach_the_wire() -> None:
    columns = {"epoch": [1], "x": [float("nan")]}
    frame = frames.metrics_frame({}, "s", "0-0", Position(1, 1), Joined(None, columns, {}), 1)
    assert orjson.loads(frame)["columns"]["x"] == [None]


@pytest.mark.parametrize(
    ("text", "position", "told"),
    [
        (None, START, "0-0"),
        ("-1", START, -1),
        ("0", Position(0, frames.LAST_PART), 0),
        ("412", Position(412, frames.LAST_PART), 412),
        ("412-3", Position(412, 3), "412-3"),
    ],
)
def test_viewer_begins_after_a_position_or_an_epoch(
    text: str | None, position: Position, told: str | int
) -> None:
    start = frames.start_of(text)
    assert (start.position, start.told) == (position, told)


@pytest.mark.parametrize(
    "text", ["", "x", "-2", "1-", "-1-1", "1-x", "1e3", str(2**60), "1-" + "9" * 30]
)
def test_start_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        frames.start_of(text)


def test_viewer_at_the_newest_epoch_goes_on_after_what_was_written_by_then() -> None:
    start = frames.start_of("412")
    assert start.within(Position(412, 2)) == Position(412, 2)
    assert start.within(Position(500, 1)) == Position(412, frames.LAST_PART)
    assert frames.start_of("-1").within(START) == START
    assert frames.start_of("0").is_ahead(START)
    assert not start.is_ahead(Position(412, 1))
    assert frames.start_of("412-2").is_ahead(Position(412, 1))


def test_plain_event_joins_writes_and_names_what_was_not_finite() -> None:
    writes = writes_of(
        [["3-1", {"epoch": 3, "timestamp": "t", "a": 1.5, "b": None}],
         ["3-2", {"epoch": 3, "timestamp": "u", "c": None, "a": 2.5}, {"c": "inf"}]]
    )  # fmt: skip
    event = orjson.loads(frames.plain_writes("j", writes))
    assert event["event"] == "training_progress"
    assert event["data"] == {"epoch": 3, "timestamp": "t", "a": 2.5, "c": None}
    assert event["not_finite"] == {"c": "inf"}
    back = orjson.loads(frames.plain_writes("j", writes_of([["3-3", None, 1]])))
    assert (back["event"], back["data"]) == ("training_taken_back", {"after": 1})
