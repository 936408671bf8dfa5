"""A metric's own points: the ends and extremes of every stretch, every value as it was stored."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from heimdall_dash.api.series import series_of, thinned
from heimdall_dash.api.table import Table
from heimdall_dash.cells import Position, Write

cells = st.dictionaries(
    st.integers(0, 2_000), st.one_of(st.floats(-1e6, 1e6), st.integers(-9, 9)), min_size=1
)


def columns_of_width(epochs: list[int], points: int) -> list[list[int]]:
    """The places of each of points / 4 stretches of equal width."""
    edges = np.linspace(epochs[0], epochs[-1], points // 4 + 1)[1:-1]
    found: list[list[int]] = [[] for _ in range(points // 4)]
    for place, epoch in enumerate(epochs):
        found[sum(edge < epoch or edge == epoch for edge in edges)].append(place)
    return [places for places in found if places]


@given(cells, st.integers(4, 40))
@settings(deadline=None)
def test_thinned_keeps_ends_and_extremes_of_each_stretch(held: dict[int, Any], points: int) -> None:
    epochs = sorted(held)
    values: Any = [held[epoch] for epoch in epochs]
    if all(isinstance(value, float) for value in values):
        values = np.array(values)
    kept, left = thinned(np.array(epochs), values, points)
    found = dict(zip(kept.tolist(), list(left), strict=True))
    assert len(found) == len(kept) <= points
    assert all(value == held[epoch] for epoch, value in found.items())
    if len(epochs) <= points:
        assert list(found) == epochs
        return
    for places in columns_of_width(epochs, points):
        inside = [found[epochs[at]] for at in places if epochs[at] in found]
        assert {epochs[places[0]], epochs[places[-1]]} <= found.keys()
        true = [values[at] for at in places]
        assert (min(inside), max(inside)) == (min(true), max(true))


def test_series_thins_each_metric_by_itself() -> None:
    table = Table("s")
    rows = [{"a": e / 3, "rare": float(e)} if e % 100 == 0 else {"a": e / 3} for e in range(1_000)]
    rows[700]["a"] = 1e9
    table.apply(
        [Write(Position(e, 1), e, {"epoch": e, **row}) for e, row in enumerate(rows)]
        + [Write(Position(999, 2), 20, {"epoch": 20, "a": None}, {"a": "nan"})]
    )
    found = series_of(table, ["a", "rare", "nobody"], 40, -1, None)
    assert list(found) == ["a", "rare"]
    assert found["rare"].epochs.tolist() == list(range(0, 1_000, 100))
    assert len(found["a"].epochs) <= 40
    assert found["a"].values.max() == 1e9
    assert found["a"].total == 999
    assert found["a"].not_finite == {20: "nan"}
    cut = series_of(table, ["a"], None, 10, 13)["a"]
    assert (cut.epochs.tolist(), cut.values.tolist()) == ([11, 12], [11 / 3, 4.0])
