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

from heimdall_dash.frames import metrics_frame
from heimdall_dash.records import to_columns

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


metric = st.dictionaries(st.sampled_from("abc"), st.one_of(st.none(), st.integers(0, 9)))
histories = st.lists(metric, min_size=1, max_size=12)
moves = st.lists(
    st.tuples(
        st.sampled_from(["next", "repeat", "gap", "foreign", "reconnect", "empty"]),
        st.integers(1, 5),
    ),
    max_size=15,
)


def rows_of(history: list[Json]) -> list[Json]:
    """Rising epochs with holes, as a trainer that logs every other epoch leaves them."""
    return [{"epoch": 2 * number, **metrics} for number, metrics in enumerate(history)]


def frame(rows: list[Json], after: int, count: int, stream: str = "s") -> Json:
    """What the server sends to a viewer at `after`."""
    part = [row for row in rows if row["epoch"] > after][:count]
    cursor = part[-1]["epoch"] if part else after
    return dict(json.loads(metrics_frame({}, stream, after, cursor, to_columns(part), 1)))


def snapshot(rows: list[Json], upto: int) -> Json:
    part = [row for row in rows if row["epoch"] <= upto]
    return {"stream": "s", "cursor": part[-1]["epoch"] if part else -1, "columns": to_columns(part)}


@given(histories, moves)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_interleaving_gives_the_columns_of_reading_everything_at_the_end(
    replay: Replay, history: list[Json], script: list[tuple[str, int]]
) -> None:
    rows = rows_of(history)
    last, cursor = rows[-1]["epoch"], -1
    steps: list[Json] = []
    expected: list[str] = []
    for move, number in script:
        if move == "next" and cursor < last:
            steps.append({"frame": frame(rows, cursor, number)})
            cursor = steps[-1]["frame"]["cursor"]
            expected.append("applied")
        elif move == "repeat" and cursor >= 0:
            again = max(-1, cursor - 2 * number)
            steps.append({"frame": frame([r for r in rows if r["epoch"] <= cursor], again, 99)})
            expected.append("repeat")
        elif move == "gap" and cursor + 2 < last:
            steps.append({"frame": frame(rows, cursor + 2, number)})
            expected.append("reconnect")
        elif move == "foreign" and 0 <= cursor < last:
            steps.append({"frame": frame(rows, cursor, number, stream="other")})
            expected.append("reload")
        elif move == "reconnect":
            steps.append({"snapshot": snapshot(rows, cursor)})
            expected.append("snapshot")
    if cursor < last:
        steps.append({"frame": frame(rows, cursor, 99)})
        expected.append("applied")
    seen = replay(steps)
    assert seen["actions"] == expected
    assert seen["cursor"] == last
    everything = to_columns(rows)
    assert {name: seen["columns"].get(name) for name in everything} == everything
    assert {len(column) for column in seen["columns"].values()} == {len(rows)}
