"""Frames of what a page watches, against the golden ones that the browser is tested with."""

import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from heimdall_dash.cells import Position, Write, join
from heimdall_dash.frames import (
    Start,
    list_frame,
    refused_frame,
    watch_frame,
    watch_part,
    watched_cells,
)
from heimdall_dash.live.named import named_writes
from heimdall_dash.live.told import changes
from heimdall_dash.live.wanted import Wanted, WatchRefused, wanted_jobs
from tests.test_frames import writes_of

GOLDEN = json.loads((Path(__file__).parent / "golden" / "watch_frames.json").read_text())
STEPS = {step["name"]: step for step in GOLDEN["steps"]}


@pytest.mark.parametrize("name", [name for name, step in STEPS.items() if "said" in step])
def test_encoder_makes_the_golden_frame(name: str) -> None:
    step = STEPS[name]
    frame = step["frame"]
    part = frame["jobs"][GOLDEN["job_id"]]
    cells = b""
    if "writes" in step:
        times = {int(epoch): time for epoch, time in step.get("times", {}).items()}
        named = named_writes(writes_of(step["writes"]), frozenset(step["names"]), times)
        cells = watched_cells(
            part["stream"], part["after"], Position.parse(part["cursor"]), join(named),
            step.get("new_names", []),
        )  # fmt: skip
    made = watch_frame({GOLDEN["job_id"]: watch_part(step["said"], cells)}, frame["cursor"])
    assert orjson.loads(made) == frame


def test_golden_watch_is_understood() -> None:
    wanted = wanted_jobs({GOLDEN["job_id"]: GOLDEN["watch"]})
    start = Start(Position(1, 1), "1763900000000-1")
    assert wanted == {GOLDEN["job_id"]: Wanted(start, frozenset({"train_loss", "val_loss"}))}
    assert wanted_jobs({"j": {}}) == {"j": Wanted()}
    assert wanted_jobs({"j": {"after": 7}})["j"].start == Start(7)


@pytest.mark.parametrize(
    ("watch", "named"),
    [
        (None, "an object"), ([], "an object"), ({"j": 7}, "job j"), ({"": {}}, "id"),
        ({"j": {"after": "x"}}, "after"), ({"j": {"after": True}}, "after"),
        ({"j": {"after": -2}}, "after"), ({"j": {"stream": 7}}, "stream"),
        ({"j": {"metrics": "a"}}, "metrics"), ({"j": {"metrics": [7]}}, "metrics"),
        ({"j": {"metric": []}}, "unknown 'metric'"), ({str(n): {} for n in range(101)}, "100 jobs"),
    ],
)  # fmt: skip
def test_watch_that_cannot_be_understood_is_refused_in_words(watch: Any, named: str) -> None:
    with pytest.raises(WatchRefused, match=named) as refusal:
        wanted_jobs(watch)
    assert len(str(refusal.value)) < 300


def test_epoch_keeps_the_time_of_its_first_write_whatever_that_was_about() -> None:
    writes = writes_of(
        [["1-1", {"epoch": 1, "timestamp": "t1", "a": 1}],
         ["1-2", {"epoch": 1, "timestamp": "t2", "b": 2}],
         ["1-3", {"epoch": 0, "timestamp": "t3", "b": 3}]]
    )  # fmt: skip
    found = named_writes(writes, frozenset({"b"}), {0: "t0"})
    assert found == [
        Write(Position(1, 2), 1, {"epoch": 1, "timestamp": "t1", "b": 2}),
        Write(Position(1, 3), 0, {"epoch": 0, "timestamp": "t0", "b": 3}),
    ]
    assert named_writes(writes, None, {})[0] == writes[0]


def test_job_is_told_by_what_changed() -> None:
    before = {
        "id": "j",
        "status": "running",
        "best": None,
        "last_metrics": {"a": 1, "b": 2, "d": 4},
    }
    now = {"id": "j", "status": "running", "best": 3, "last_metrics": {"a": 1, "b": 3, "c": 4}}
    assert changes(before, now) == {"best": 3, "last_metrics": {"b": 3, "c": 4, "d": None}}
    assert changes(now, now) == {}


def test_list_and_refusal_are_frames_with_a_number() -> None:
    frame = orjson.loads(list_frame([], {"j": {"current_epoch": 3}}, ["k"], 9))
    assert frame == {
        "event": "jobs",
        "jobs": [],
        "changes": {"j": {"current_epoch": 3}},
        "deleted": ["k"],
        "cursor": 9,
    }
    assert orjson.loads(refused_frame("watch: …", 3))["event"] == "refused"
