"""Thinning: fewer rows, the same first, last, minimum and maximum of every column."""

from functools import partial

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heimdall_dash.api.thinning import Cells, kept_rows

Columns = dict[str, list[object]]

values = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False), st.just([0.1]))


@st.composite
def histories(draw: st.DrawFn) -> tuple[dict[str, list[object]], int]:
    length = draw(st.integers(1, 120))
    names = draw(st.lists(st.sampled_from("abcd"), unique=True))
    columns: dict[str, list[object]] = {"epoch": list(range(length)), "timestamp": ["t"] * length}
    for name in names:
        columns[name] = draw(st.lists(values, min_size=length, max_size=length))
    return columns, draw(st.integers(2 + 2 * len(names), 150))


def cells_of(column: list[object]) -> Cells:
    rows = [row for row, value in enumerate(column) if value is not None]
    values = [column[row] for row in rows]
    are_numbers = all(isinstance(value, float) for value in values)
    return np.array(rows, dtype=np.int64), np.array(values, dtype=float) if are_numbers else values


def thin(columns: Columns, points: int) -> Columns:
    metrics = [partial(cells_of, columns[name]) for name in columns if name not in NOT_METRICS]
    kept = kept_rows(len(columns["epoch"]), metrics, points)
    return {name: [column[row] for row in kept] for name, column in columns.items()}


NOT_METRICS = {"epoch", "timestamp"}


def flat(column: list[object]) -> list[float]:
    """The numbers of a column, those inside lists too."""
    rows = [value if isinstance(value, list) else [value] for value in column]
    return [value for row in rows for value in row if isinstance(value, float)]


@given(histories())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_thin_keeps_ends_and_extremes_within_the_wanted_number(
    history: tuple[dict[str, list[object]], int],
) -> None:
    columns, points = history
    kept = thin(columns, points)
    epochs = kept["epoch"]
    assert len(epochs) == min(points, len(columns["epoch"]))
    assert (epochs[0], epochs[-1]) == (columns["epoch"][0], columns["epoch"][-1])
    assert epochs == sorted(set(epochs))
    for name, column in columns.items():
        assert kept[name] == [column[epoch] for epoch in epochs]
        numbers = flat(column)
        if numbers and name not in {"epoch", "timestamp"}:
            left = flat(kept[name])
            assert (min(left), max(left)) == (min(numbers), max(numbers))


def test_thin_leaves_short_histories_alone() -> None:
    columns: Columns = {"epoch": [1, 2], "x": [1.0, None]}
    assert thin(columns, 2) == columns


def test_thin_shows_a_spike_in_each_part_of_a_long_history() -> None:
    column: list[object] = [0.0] * 100_000
    spikes = range(5_000, 100_000, 10_000)
    for spike in spikes:
        column[spike] = 1.0 + spike
    kept = thin({"epoch": list(range(100_000)), "x": column}, 1000)
    assert set(spikes) <= set(kept["epoch"])


def test_thin_of_a_metric_that_few_epochs_have_keeps_its_extremes() -> None:
    column: list[object] = [None] * 100_000
    for row in range(0, 100_000, 1_000):
        column[row] = float(row % 7)
    column[45_000], column[46_000] = 99.0, -99.0
    kept = thin({"epoch": list(range(100_000)), "x": column}, 20)
    assert {45_000, 46_000} <= set(kept["epoch"])
