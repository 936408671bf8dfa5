"""One metric as points of its own: what it has between two epochs, thinned to a width."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from heimdall_dash.api.table import Table
from heimdall_dash.api.thinning import bounds, pixel_columns
from heimdall_dash.api.values import Values


class Series(NamedTuple):
    epochs: np.ndarray
    values: Values  # all finite; a list where they are lists, or whole numbers among others
    total: int  # how many there are unthinned
    not_finite: dict[int, str]  # epoch → "nan", "inf", "-inf", at most `points` of them


def series_of(
    table: Table, names: Sequence[str], points: int | None, after: int, before: int | None
) -> dict[str, Series]:
    """What each metric has of the epochs with after < epoch < before; none for one without any."""
    found = {}
    marks = table.not_finite(names, after, before)
    for name in dict.fromkeys(names):
        epochs, values = table.column(name, after, before)
        marked = _evenly(marks.get(name, {}), points)
        if len(epochs) or marked:
            found[name] = Series(*thinned(epochs, values, points), len(epochs), marked)
    return found


def thinned(epochs: np.ndarray, values: Values, points: int | None) -> tuple[np.ndarray, Values]:
    """At most `points` (≥ 4, None: all): first, last, minimum and maximum of each of as many
    stretches of equal width as there is room for, so that a line looks as all of it would."""
    if points is None or len(epochs) <= points:
        return epochs, values
    kept = pixel_columns(epochs, *bounds(values), points)
    if isinstance(values, np.ndarray):
        return epochs[kept], values[kept]
    return epochs[kept], [values[at] for at in kept.tolist()]


def _evenly(marks: dict[int, str], points: int | None) -> dict[int, str]:
    if points is None or len(marks) <= points:
        return marks
    items = list(marks.items())
    kept = np.linspace(0, len(items) - 1, points).round().astype(int).tolist()
    return dict(items[at] for at in kept)
