"""Fewer points that look the same: first, last, minima and maxima survive."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Cells = tuple[np.ndarray, "np.ndarray | list[Any]"]  # rows that have a value, rising; the values


def kept_rows(total: int, columns: Sequence[Callable[[], Cells]], points: int) -> list[int]:
    """At most `points` of `total` rows, chosen for all columns together, rising.

    First and last row are kept, then each column's minimum and maximum: of as many equal
    stretches of its cells as there is room for, and of the whole at least, in the order of the
    columns. What room is left is filled evenly. points: ≥ 2.

    columns: asked for one after the other, so that only one is held at a time.
    """
    if total <= points:
        return list(range(total))
    kept = {0: None, total - 1: None}
    stretches = max(1, (points - 2) // (2 * max(1, len(columns))))
    for column in columns:
        if len(kept) >= points:
            break
        for row in _extremes(*column(), stretches):
            if len(kept) < points:
                kept[row] = None
    for row in np.linspace(0, total - 1, points).round().astype(int).tolist():
        if len(kept) >= points:
            break
        kept[row] = None
    return sorted(kept)


def _extremes(rows: np.ndarray, values: "np.ndarray | list[Any]", stretches: int) -> list[int]:
    """Rows of the minimum and the maximum of each stretch that has any number."""
    if len(rows) == 0:
        return []
    low, high = _bounds(values)
    length = -(-len(low) // stretches)
    lows, highs = _grid(low, stretches, length), _grid(high, stretches, length)
    known = np.flatnonzero(~np.isnan(lows).all(axis=1))
    lowest = np.where(np.isnan(lows), np.inf, lows)[known].argmin(axis=1)
    highest = np.where(np.isnan(highs), -np.inf, highs)[known].argmax(axis=1)
    found = np.concatenate([known * length + lowest, known * length + highest])
    return [int(row) for row in rows[found]]


def _grid(column: np.ndarray, stretches: int, length: int) -> np.ndarray:
    """The column as [stretches, length], its end filled with NaN."""
    padded = np.full(stretches * length, np.nan)
    padded[: len(column)] = column
    return padded.reshape(stretches, length)


def _bounds(values: "np.ndarray | list[Any]") -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest value of each cell as float64, NaN where it has no number; for scalars,
    which most columns hold, these are the same."""
    try:
        numbers = np.array(values, dtype=np.float64)
        if numbers.ndim == 1:
            return numbers, numbers
    except (TypeError, ValueError, OverflowError):
        pass  # lists, or lists and scalars mixed
    return _extremes_of_cells(values, min), _extremes_of_cells(values, max)


def _extremes_of_cells(values: Any, extreme: Callable[[list[float]], float]) -> np.ndarray:
    cells = [value if isinstance(value, list) else [value] for value in values]
    known = [[float(one) for one in cell if isinstance(one, (int, float))] for cell in cells]
    return np.array([extreme(cell) if cell else np.nan for cell in known])
