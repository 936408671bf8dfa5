"""Rules of one's own: a metric, a comparison, for how long; and what they say of rows as they come.

Pure: no store, no clock but the rows' own time stamps.
"""

import logging
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, Literal

from heimdall_dash.cells import Write
from heimdall_dash.records import parse_time

log = logging.getLogger(__name__)

When = Literal[">", ">=", "<", "<=", "==", "!="]
COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """`metric` may be a pattern such as `grad/*`. It holds once the comparison was true for
    `for_epochs` values in a row, and for `for_s` seconds at least."""

    name: str
    metric: str
    when: When
    value: float
    for_epochs: int = 1
    for_s: float = 0.0
    project: str | None = None  # None: of any
    job_id: str | None = None  # None: any job

    def concerns(self, job_id: str, project: str | None) -> bool:
        return self.job_id in (None, job_id) and self.project in (None, project)

    def is_about(self, metric: str) -> bool:
        return self.metric == metric or fnmatchcase(metric, self.metric)


def rule_of(name: str, given: Mapping[str, Any]) -> Rule | None:
    """As the store keeps it; None for one that an older version, or somebody's hand, has written
    otherwise."""
    try:
        return Rule(name=name, **given)
    except TypeError:
        log.debug("the rule %r cannot be read", name)
        return None


@dataclass(frozen=True)
class Fired:
    """A rule that holds for one metric of a job."""

    rule: Rule
    metric: str
    epoch: int
    value: float

    @property
    def message(self) -> str:
        rule = self.rule
        span = f" for {rule.for_epochs} values" if rule.for_epochs > 1 else ""
        span += f" for {rule.for_s:g} s" if rule.for_s else ""
        return (
            f"{rule.name}: {self.metric} is {self.value:g}, "
            f"{rule.when} {rule.value:g}{span} (epoch {self.epoch})"
        )


@dataclass
class _Stretch:
    """Of values for which the comparison is true, one after the other."""

    rule: Rule
    last: Fired
    count: int = 0
    since: datetime | None = None
    seen: datetime | None = None

    def add(self, fired: Fired, when: datetime | None) -> None:
        self.last, self.count = fired, self.count + 1
        self.since, self.seen = self.since or when, when or self.seen

    @property
    def is_long(self) -> bool:
        lasted = (self.seen - self.since).total_seconds() if self.seen and self.since else 0.0
        return self.count >= self.rule.for_epochs and lasted >= self.rule.for_s


@dataclass
class RuleState:
    """How the rules stand with one job. Guarantees: a rule and metric is told once per stretch."""

    rules: list[Rule]
    _stretches: dict[tuple[str, str], _Stretch] = field(default_factory=dict)
    _told: set[tuple[str, str]] = field(default_factory=set)

    def observe(self, writes: Iterable[Write]) -> list[Fired]:
        """Take the job's next rows; returns what came to hold."""
        fired: list[Fired] = []
        for write in writes:
            if write.row is None:
                self._stretches.clear()  # taken back: what stands now is to be seen anew
                continue
            for name, value in write.row.items():
                if name != "epoch" and (type(value) is float or type(value) is int):
                    fired += self._cell(write.row, name, float(value))
        return fired

    def holding(self) -> list[Fired]:
        """What holds at the newest values, told or not."""
        return [stretch.last for stretch in self._stretches.values() if stretch.is_long]

    def _cell(self, row: Mapping[str, Any], metric: str, value: float) -> Iterable[Fired]:
        for rule in self.rules:
            if not rule.is_about(metric):
                continue
            key = (rule.name, metric)
            if not COMPARISONS[rule.when](value, rule.value):
                self._stretches.pop(key, None)
                self._told.discard(key)
                continue
            now = Fired(rule, metric, row["epoch"], value)
            stretch = self._stretches.setdefault(key, _Stretch(rule, now))
            stretch.add(now, _time(row))
            if stretch.is_long and key not in self._told:
                self._told.add(key)
                yield now


def _time(row: Mapping[str, Any]) -> datetime | None:
    try:
        return parse_time(row["timestamp"])
    except (KeyError, ValueError, TypeError):
        return None
