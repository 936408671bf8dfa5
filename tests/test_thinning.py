"""Thinning: fewer rows, the same first, last, minimum and maximum of every column."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heimdall_dash.api.thinning import thin

values = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False), st.just([0.1]))


@st.composite
def histories(draw: st.DrawFn) -> tuple[dict[str, list[object]], int]:
    length = draw(st.integers(1, 120))
    names = draw(st.lists(st.sampled_from("abcd"), unique=True))
    columns: dict[str, list[object]] = {"epoch": list(range(length)), "timestamp": ["t"] * length}
    for name in names:
        columns[name] = draw(st.lists(values, min_size=length, max_size=length))
    return columns, draw(st.integers(2 + 2 * len(names), 150))


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
    columns = {"epoch": [1, 2], "x": [1.0, None]}
    assert thin(columns, 2) is columns


def test_thin_shows_a_spike_in_each_part_of_a_long_history() -> None:
    column = [0.0] * 100_000
    spikes = range(5_000, 100_000, 10_000)
    for spike in spikes:
        column[spike] = 1.0 + spike
    kept = thin({"epoch": list(range(100_000)), "x": column}, 1000)
    assert set(spikes) <= set(kept["epoch"])
