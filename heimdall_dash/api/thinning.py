"""Fewer points that look the same: first, last, minima and maxima survive."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from heimdall_dash.records import Columns


def thin(columns: Columns, points: int) -> Columns:
    """At most `points` rows of `columns`, chosen for all columns together.

    First and last row are kept, then each column's minimum and maximum, then the minima and
    maxima of ever smaller stretches of rows, in the order of the columns. All columns stay of
    equal length. points: ≥ 2.
    """
    total = len(columns["epoch"])
    if total <= points:
        return columns
    numeric = [
        np.array([_number(value) for value in column], dtype=np.float64)
        for name, column in columns.items()
        if name not in {"epoch", "timestamp"}
    ]
    kept = _chosen([column for column in numeric if not np.isnan(column).all()], total, points)
    return {name: [column[row] for row in kept] for name, column in columns.items()}


def _chosen(columns: Sequence[np.ndarray], total: int, points: int) -> list[int]:
    """Indices of the rows to keep, rising."""
    kept: dict[int, None] = {0: None, total - 1: None}
    stretches = 1
    while len(kept) < points and columns and stretches <= points:
        for row in _extremes(columns, total, stretches):
            kept[row] = None
            if len(kept) == points:
                break
        # each round halves the stretches; once a round would not fit, spread evenly instead
        stretches *= 2
        if len(kept) + 2 * len(columns) * stretches > points:
            break
    for row in np.linspace(0, total - 1, points).round().astype(int):
        if len(kept) >= points:
            break
        kept[int(row)] = None
    return sorted(kept)


def _extremes(columns: Sequence[np.ndarray], total: int, stretches: int) -> list[int]:
    edges = np.linspace(0, total, stretches + 1).astype(int)
    rows = []
    for column in columns:
        for start, stop in pairwise(edges):
            part = column[start:stop]
            if len(part) and not np.isnan(part).all():
                rows += [int(start + np.nanargmin(part)), int(start + np.nanargmax(part))]
    return rows


def _number(value: object) -> float:
    """A scalar as float; lists and missing values count as unknown."""
    if isinstance(value, (int, float)) and math.isfinite(value):
        return float(value)
    return math.nan
