"""What is wrong with any training without a rule: a loss that is no number, or that runs away. The
page finds the same by itself (browser/runs/alerts.js); this is for when no page is open. Pure.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from heimdall_dash.cells import Write

LEAST_VALUES = 10  # before a loss can be called diverging
OFF_VALUES = 3  # in a row


@dataclass(frozen=True)
class Trouble:
    kind: str  # "nan" or "divergence"
    metric: str
    epoch: int
    message: str


@dataclass
class _Loss:
    first: float
    best: float
    count: int = 0
    newest: deque[float] = field(default_factory=lambda: deque(maxlen=OFF_VALUES))

    def add(self, value: float) -> bool:
        """Whether the loss has left its best by more than half of the whole way down."""
        self.best = min(self.best, value)
        self.count += 1
        self.newest.append(value)
        way = self.first - self.best
        is_off = all(one > self.best + way / 2 for one in self.newest)
        return way > 0 and is_off and len(self.newest) == OFF_VALUES and self.count >= LEAST_VALUES


class TroubleState:
    """Of one job. Guarantees: each kind and metric is told once until it is over."""

    def __init__(self) -> None:
        self._losses: dict[str, _Loss] = {}
        self._now: dict[tuple[str, str], Trouble] = {}

    def observe(self, writes: Iterable[Write]) -> list[Trouble]:
        """Take the job's next rows; returns what is newly wrong."""
        found: list[Trouble] = []
        for write in writes:
            if write.row is None:
                self._losses.clear()
                self._now.clear()
                continue
            for metric, value in write.row.items():
                if "loss" in metric.lower():
                    found += self._cell(write, metric, value)
        return found

    def holding(self) -> list[Trouble]:
        return list(self._now.values())

    def _cell(self, write: Write, metric: str, value: object) -> Iterable[Trouble]:
        if metric in write.not_finite:
            said = f"{metric} is {write.not_finite[metric]} in epoch {write.epoch}"
            yield from self._tell(Trouble("nan", metric, write.epoch, said))
            return
        if not isinstance(value, (int, float)):
            return
        self._now.pop(("nan", metric), None)
        loss = self._losses.setdefault(metric, _Loss(float(value), float(value)))
        if loss.add(float(value)):
            said = f"{metric} is {value:g} in epoch {write.epoch}; its best was {loss.best:g}"
            yield from self._tell(Trouble("divergence", metric, write.epoch, said))
        else:
            self._now.pop(("divergence", metric), None)

    def _tell(self, trouble: Trouble) -> Iterable[Trouble]:
        key = (trouble.kind, trouble.metric)
        is_known = key in self._now
        self._now[key] = trouble
        if not is_known:
            yield trouble
