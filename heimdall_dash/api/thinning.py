"""Fewer points that look the same: first, last, minima and maxima survive."""

from collections.abc import Callable
from typing import Any

import numpy as np

from heimdall_dash.records import Columns

NOT_METRICS = frozenset({"epoch", "timestamp"})


def thin(columns: Columns, points: int) -> Columns:
    """At most `points` rows of `columns`, chosen for all columns together.

    First and last row are kept, then each column's minimum and maximum: of as many equal
    stretches of rows as there is room for, and of the whole at least, in the order of the
    columns. What room is left is filled evenly. All columns stay of equal length. points: ≥ 2.
    """
    total = len(columns["epoch"])
    if total <= points:
        return columns
    bounds = [_bounds(column) for name, column in columns.items() if name not in NOT_METRICS]
    known = [(low, high) for low, high in bounds if not np.isnan(low).all()]
    kept = _chosen(known, total, points)
    return {name: [column[row] for row in kept] for name, column in columns.items()}


def _chosen(columns: list[tuple[np.ndarray, np.ndarray]], total: int, points: int) -> list[int]:
    """Indices of the rows to keep, rising."""
    kept = {0: None, total - 1: None}
    if columns:
        stretches = max(1, (points - 2) // (2 * len(columns)))
        for low, high in columns:
            for row in _extremes(low, high, stretches):
                if len(kept) < points:
                    kept[row] = None
    for row in np.linspace(0, total - 1, points).round().astype(int).tolist():
        if len(kept) >= points:
            break
        kept[row] = None
    return sorted(kept)


def _extremes(low: np.ndarray, high: np.ndarray, stretches: int) -> list[int]:
    """Rows of the minimum and the maximum of each stretch that has any number."""
    length = -(-len(low) // stretches)
    lows, highs = _grid(low, stretches, length), _grid(high, stretches, length)
    known = np.flatnonzero(~np.isnan(lows).all(axis=1))
    lowest = np.where(np.isnan(lows), np.inf, lows)[known].argmin(axis=1)
    highest = np.where(np.isnan(highs), -np.inf, highs)[known].argmax(axis=1)
    rows: list[int] = np.concatenate([known * length + lowest, known * length + highest]).tolist()
    return rows


def _grid(column: np.ndarray, stretches: int, length: int) -> np.ndarray:
    """The column as [stretches, length], its end filled with NaN."""
    padded = np.full(stretches * length, np.nan)
    padded[: len(column)] = column
    return padded.reshape(stretches, length)


def _bounds(column: list[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest value of each row as float64, missing ones as NaN; for scalars, which
    most columns hold, these are the same."""
    try:
        numbers = np.array(column, dtype=np.float64)
        if numbers.ndim == 1:
            return numbers, numbers
    except (TypeError, ValueError):
        pass  # lists, or lists and scalars mixed
    return _extremes_of_rows(column, min), _extremes_of_rows(column, max)


def _extremes_of_rows(column: list[Any], extreme: Callable[[list[float]], float]) -> np.ndarray:
    rows = [value if isinstance(value, list) else [value] for value in column]
    known = [[float(one) for one in row if isinstance(one, (int, float))] for row in rows]
    return np.array([extreme(row) if row else np.nan for row in known])
