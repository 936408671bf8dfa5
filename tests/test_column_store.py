"""The browser's column store, driven by hypothesis through Node.

Any interleaving of frames, repeats, gaps, foreign histories and reconnections gives the same
columns as reading everything at the end.
"""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heimdall_dash.cells import START, Position, Write, join
from heimdall_dash.frames import metrics_frame
from tests.test_table import Model, moves, writes_of

ROOT = Path(__file__).parent.parent
Json = dict[str, Any]
Replay = Callable[[list[Json]], Json]


@pytest.fixture(scope="module")
def replay() -> Iterator[Replay]:
    with subprocess.Popen(
        ["scripts/node.sh", "tests/js/replay.mjs"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as node:  # fmt: skip
        assert node.stdin is not None
        assert node.stdout is not None

        def play(steps: list[Json]) -> Json:
            assert node.stdin is not None
            assert node.stdout is not None
            node.stdin.write(json.dumps(steps) + "\n")
            node.stdin.flush()
            answer: Json = json.loads(node.stdout.readline())
            return answer

        yield play
        node.stdin.close()
        node.wait(10)


steps = st.lists(
    st.tuples(
        st.sampled_from(["next", "repeat", "gap", "foreign", "reconnect"]), st.integers(1, 5)
    ),
    max_size=15,
)


def frame(writes: list[Write], after: Position, count: int, stream: str = "s") -> Json:
    """What the server sends to a viewer at `after`."""
    part = [write for write in writes if write.position > after][:count]
    cursor = part[-1].position if part else after
    return dict(json.loads(metrics_frame({}, stream, str(after), cursor, join(part), 1)))


def snapshot(writes: list[Write], upto: Position) -> Json:
    model = Model()
    for write in writes:
        if write.position <= upto:
            model.feed(write)
    return {
        "stream": "s", "cursor": str(upto), "columns": model.columns(),
        "not_finite": model.not_finite(),
    }  # fmt: skip


@given(moves, steps)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_interleaving_gives_the_columns_of_reading_everything_at_the_end(
    replay: Replay, script: list[Any], viewing: list[tuple[str, int]]
) -> None:
    writes = writes_of([(0, {"a": 0.5}, {}), *script])
    last, cursor = writes[-1].position, START
    played: list[Json] = []
    expected: list[str] = []
    for move, number in viewing:
        newer = [write.position for write in writes if write.position > cursor]
        had = [START, *(write.position for write in writes if write.position <= cursor)]
        if move == "next" and newer:
            played.append({"frame": frame(writes, cursor, number)})
            cursor = newer[:number][-1]
            expected.append("applied")
        elif move == "repeat" and cursor != START:
            played.append({"frame": frame(writes[: len(had) - 1], had[-1 - number :][0], 99)})
            expected.append("repeat")
        elif move == "gap" and len(newer) > 2:
            played.append({"frame": frame(writes, newer[1], number)})
            expected.append("reconnect")
        elif move == "foreign" and cursor != START and newer:
            played.append({"frame": frame(writes, cursor, number, stream="other")})
            expected.append("reload")
        elif move == "reconnect":
            played.append({"snapshot": snapshot(writes, cursor)})
            expected.append("snapshot")
    if cursor < last:
        played.append({"frame": frame(writes, cursor, 99)})
        expected.append("applied")
    seen = replay(played)
    assert seen["actions"] == expected
    assert seen["cursor"] == str(last)
    everything = snapshot(writes, last)
    columns = everything["columns"]
    count = len(columns["epoch"])
    known = {n: as_doubles(column) for n, column in seen["columns"].items() if set_in(column)}
    assert known == {n: as_doubles(column) for n, column in columns.items() if set_in(column)}
    assert {len(column) for column in seen["columns"].values()} == {count}
    assert seen["total"] == count
    assert seen["not_finite"] == json.loads(json.dumps(everything["not_finite"]))


def as_doubles(value: Any) -> Any:
    """As JavaScript reads it: an integer beyond 2⁵³ is the nearest double."""
    if isinstance(value, list):
        return [as_doubles(one) for one in value]
    return float(value) if type(value) is int else value


def set_in(column: list[Any]) -> bool:
    """Whether any cell is set: of names that nothing is left of, readers may keep the column."""
    return any(value is not None for value in column)
