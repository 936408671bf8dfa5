"""Several runs as one, over all that they logged: the mean of a metric at each place of the
horizontal axis, how far the runs lie apart there, and how many of them there are.

The means are made of every value and thinned afterwards: what is left of two histories that were
thinned each by itself has hardly an epoch in common.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from heimdall_dash.api.history import History, Need
from heimdall_dash.api.kept import Kept
from heimdall_dash.api.series import thinned

Axis = Literal["epoch", "relative", "wall"]
Band = Literal["range", "sd"]
MOST_STRETCHES = 500  # of an axis of time: finer than a chart is wide makes noise of a mean

Line = tuple[np.ndarray, np.ndarray]  # places, rising, and the values there
Span = tuple[float, float, int]  # first and last place of a run, and how many rows it has


@dataclass
class Means:
    """Each run is added once; nobody is filled in where it has no value.

    place: rising; epochs as int64, seconds or milliseconds as float64
    mean, low, high: float64; count: int64, the runs behind each. All of one length
    """

    place: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    count: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    low: np.ndarray = field(default_factory=lambda: np.empty(0))
    high: np.ndarray = field(default_factory=lambda: np.empty(0))
    _sum: np.ndarray = field(default_factory=lambda: np.empty(0))
    _running: np.ndarray = field(default_factory=lambda: np.empty(0))  # mean, and
    _squares: np.ndarray = field(default_factory=lambda: np.empty(0))  # squares around it: Welford

    @property
    def mean(self) -> np.ndarray:
        mean: np.ndarray = self._sum / self.count
        return np.where(np.isfinite(mean), mean, self._running)  # a sum of huge values is too large

    @property
    def deviation(self) -> np.ndarray:
        """Of n, not n - 1."""
        deviation: np.ndarray = np.sqrt(self._squares / self.count)
        return deviation

    def add(self, place: np.ndarray, value: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
        """A run: its value at some places, and the least and greatest that stand behind it."""
        if len(place) == 0:
            return
        self._make_room(place)
        at = np.searchsorted(self.place, place)
        self.count[at] += 1
        self._sum[at] += value
        away = value - self._running[at]
        self._running[at] += away / self.count[at]
        self._squares[at] += away * (value - self._running[at])
        self.low[at] = np.minimum(self.low[at], low)
        self.high[at] = np.maximum(self.high[at], high)

    def _make_room(self, place: np.ndarray) -> None:
        if np.array_equal(place, self.place):
            return
        wider = np.union1d(self.place, place)
        at = np.searchsorted(wider, self.place)
        for name, empty in (
            ("count", 0),
            ("low", np.inf),
            ("high", -np.inf),
            ("_sum", 0.0),
            ("_running", 0.0),
            ("_squares", 0.0),
        ):
            known = getattr(self, name)
            spread = np.full(len(wider), empty, dtype=known.dtype)
            spread[at] = known
            setattr(self, name, spread)
        self.place = wider


def means_of(
    history: History,
    job_ids: list[str],
    name: str,
    axis: Axis,
    bounds: tuple[float, float],
    points: int,
) -> Means:
    """Of one metric over these runs, between two places of the axis, both included. On an axis of
    time runs share no places: it is cut into equal stretches, and a run counts by the mean of what
    it has in one; where it has values before and after a stretch, but none in it, by the straight
    line between them. One run after the other, for all may be more than can be held. Raises
    UnknownJob, StoreUnavailable."""
    means = Means()
    edges = None
    if axis != "epoch":
        edges = _edges([history.answered(one, _span(axis)) for one in job_ids], bounds, points)
        if edges is None:
            return means
    for job_id in job_ids:
        line = history.answered(job_id, _line(name, axis))
        if edges is None:
            place, value = _within(line, bounds)
            means.add(place, value, value, value)
        else:
            means.add(*_in_stretches(line, edges))
    return means


def _edges(spans: list[Span], bounds: tuple[float, float], points: int) -> np.ndarray | None:
    """Of the stretches of an axis of time, about as long as a step of the quickest run: runs of
    minutes may lie days apart. None: no run has a time."""
    known = [span for span in spans if span[2]]
    if not known:
        return None
    start = max(bounds[0], min(first for first, _, _ in known))
    stop = min(bounds[1], max(last for _, last, _ in known))
    if not stop > start:
        start, stop = start - 0.5, start + 0.5
    steps = [(last - first) / (rows - 1) for first, last, rows in known if last > first]
    finest = (stop - start) / min(steps) if steps else 1.0
    stretches = max(1, round(min(points, MOST_STRETCHES, finest)))
    return np.linspace(start, stop, stretches + 1)


def shown(means: Means, band: Band, points: int) -> dict[str, object]:
    """At most about `points` of the places, the extremes of mean and band among them."""
    mean = means.mean
    low, high = means.low, means.high
    if band == "sd":
        low, high = mean - means.deviation, mean + means.deviation
    if len(mean) > points:
        third = max(4, points // 3)
        kept = np.unique(np.concatenate([thinned(column, third) for column in (mean, low, high)]))
    else:
        kept = np.arange(len(mean))
    return {
        "place": means.place[kept],
        "mean": mean[kept],
        "low": low[kept],
        "high": high[kept],
        "count": means.count[kept],
        "total": len(mean),
    }


def _span(axis: Axis) -> Callable[[Kept, Need], Span]:
    def answer(kept: Kept, need: Need) -> Span:
        need(["timestamp"])
        count = len(kept.table.epochs)
        ms = kept.table.times_ms(np.arange(count)) if count else None
        if ms is None:
            return (0.0, 0.0, 0)
        first, last = float(ms[0]), float(ms.max())
        return (first, last, count) if axis == "wall" else (0.0, (last - first) / 1000, count)

    return answer


def _line(name: str, axis: Axis) -> Callable[[Kept, Need], Line]:
    def answer(kept: Kept, need: Need) -> Line:
        need([name] if axis == "epoch" else ["timestamp", name])
        table = kept.table
        rows, values = table.places(name, 0, len(table.epochs))
        if not isinstance(values, np.ndarray):
            rows, values = _numbers(rows, values)
        value = values.astype(np.float64)
        if axis == "epoch":
            return np.array(table.epochs, dtype=np.int64)[rows], value
        ms = table.times_ms(np.concatenate([np.zeros(1, dtype=np.int64), rows]))
        if ms is None:
            return np.empty(0), np.empty(0)
        # where the clock was set back, the row before says how late it is
        place = np.maximum.accumulate(ms[1:]).astype(np.float64)
        return (place if axis == "wall" else (place - ms[0]) / 1000), value

    return answer


def _numbers(rows: np.ndarray, cells: list[object]) -> Line:
    """Those cells that are numbers, of a column that holds lists or whole numbers, too."""
    is_number = [isinstance(cell, (int, float)) for cell in cells]
    numbers = [float(cell) for cell in cells if isinstance(cell, (int, float))]
    return rows[np.array(is_number, dtype=bool)], np.array(numbers, dtype=np.float64)


def _within(line: Line, bounds: tuple[float, float]) -> Line:
    place, value = line
    start = np.searchsorted(place, bounds[0], side="left")
    stop = np.searchsorted(place, bounds[1], side="right")
    return place[start:stop], value[start:stop]


def _in_stretches(
    line: Line, edges: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Middles of the stretches that the run reaches, its mean in each, and its extremes there."""
    place, value = line
    if len(place) == 0:
        nothing = np.empty(0)
        return nothing, nothing, nothing, nothing
    middles = (edges[:-1] + edges[1:]) / 2
    splits = np.searchsorted(place, edges[1:-1], side="right")
    start = np.searchsorted(place, edges[0], side="left")
    stop = np.searchsorted(place, edges[-1], side="right")
    first = np.concatenate([[start], splits])
    last = np.concatenate([splits, [stop]])
    has = last > first
    mean = np.interp(middles, place, value)
    low, high = mean.copy(), mean.copy()
    if has.any():  # reduceat takes what stands from one index to the next
        mean[has] = np.add.reduceat(value[:stop], first[has]) / (last - first)[has]
        low[has] = np.minimum.reduceat(value[:stop], first[has])
        high[has] = np.maximum.reduceat(value[:stop], first[has])
    reaches = has | ((middles >= place[0]) & (middles <= place[-1]))
    return middles[reaches], mean[reaches], low[reaches], high[reaches]
