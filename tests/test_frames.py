"""The wire in Python, against the golden frames that the browser's JavaScript is tested with."""

import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from heimdall_dash import frames

GOLDEN = json.loads((Path(__file__).parent / "golden" / "metrics_frames.json").read_text())
STEPS = {step["name"]: step for step in GOLDEN["steps"]}


def encoded(frame: dict[str, Any]) -> bytes:
    """The golden frame, made by our encoder from its parts."""
    match frame["event"]:
        case "sync":
            return frames.sync_frame(
                frame["job"], frame["stream"], frame["cursor"], frame["recovered"]
            )
        case "metrics":
            return frames.metrics_frame(
                frame["job"], frame["stream"], frame["after"], frame["cursor"], frame["columns"],
                frame["seq"],
            )  # fmt: skip
        case "job":
            return frames.job_frame(frame["job"], frame["cursor"], frame["seq"])
        case "store":
            return frames.store_frame(frame["available"], frame["cursor"], frame["seq"])
        case "heartbeat":
            return frames.heartbeat_frame(frame["cursor"])
    raise AssertionError(f"no encoder for {frame['event']}")


@pytest.mark.parametrize("name", STEPS)
def test_encoder_makes_the_golden_frame(name: str) -> None:
    frame = STEPS[name]["frame"]
    assert orjson.loads(encoded(frame)) == frame


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
        ('{"ack": "7"}', frames.Said()),
        ("{}", frames.Said()),
    ],
)
def test_client_messages_are_read_leniently(text: str, said: frames.Said) -> None:
    assert frames.decode_said(text) == said


@pytest.mark.parametrize("text", ["", "x", "[]", "7", "null", '"x"', b"\xff", "{"])
def test_what_is_no_object_is_none(text: str | bytes) -> None:
    assert frames.decode_said(text) is None


def test_not_finite_values_never_reach_the_wire() -> None:
    frame = frames.metrics_frame({}, "s", -1, 1, {"epoch": [1], "x": [float("nan")]}, 1)
    assert orjson.loads(frame)["columns"]["x"] == [None]
