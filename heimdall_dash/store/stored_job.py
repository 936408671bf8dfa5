"""A job as the store has it, read with distrust: a field that is missing, or holds what cannot be
read, is None (0 where it counts something), since one odd job must not hide any other.
"""

import re
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from math import isfinite
from typing import Any

import orjson

from heimdall_dash.cells import START, Position
from heimdall_dash.records import MAX_EPOCH, Status, iso_time, parse_time

MAX_MS = 253_402_300_800_000  # the year 10000
MAX_DIGITS = 16  # of a whole number up to 2**53
MAX_NESTED = 100  # levels of a field's JSON
LONGEST_S = 100 * 365.25 * 24 * 3600  # an estimate beyond a life says nothing
_USUAL_TIME = re.compile(r"[0-9]{4}(-[0-9]{2}){2}T([0-9]{2}:){2}[0-9]{2}([.][0-9]{3})?Z\Z")
STALLED_AFTER_S = 20.0  # a trainer shows a sign of life every 2 s; an external one per epoch


@dataclass(frozen=True)
class StoredJob:
    """Each field is read once, when it is asked for: a config may have a megabyte."""

    fields: Mapping[str, str]

    # -- who it is, and whose --------------------------------------------------------------

    @property
    def id(self) -> str:
        """Empty for a hash that has none."""
        return self.fields.get("id", "")

    @cached_property
    def status(self) -> Status | None:
        """None for one that nobody knows; what it says is in `fields`."""
        try:
            return Status(self.fields.get("status", ""))
        except ValueError:
            return None

    @property
    def is_external(self) -> bool:
        """A trainer outside feeds it."""
        return self.fields.get("external") == "1"

    @property
    def is_ours(self) -> bool:
        """Workers train it. Of a job that does not say, neither is true."""
        return self.fields.get("external") == "0"

    @cached_property
    def attempt(self) -> int:
        return self._count("attempt")

    @cached_property
    def config(self) -> dict[str, Any]:
        return self.mapping("config")

    # -- how far it is ---------------------------------------------------------------------

    @cached_property
    def position(self) -> Position:
        """Of its newest write; data of before positions had one write an epoch."""
        try:
            return Position.parse(self.fields["position"])
        except (KeyError, ValueError):
            last = self.last_epoch
            return START if last < 0 else Position(last, 1)

    @cached_property
    def last_epoch(self) -> int:
        """The newest ever named; -1: none."""
        last = self.whole("last_epoch")
        return -1 if last is None else last

    @cached_property
    def current_epoch(self) -> int:
        return max(self._count("current_epoch"), 0)

    @cached_property
    def total_epochs(self) -> int | None:
        total = self.whole("total_epochs")
        return total if total is not None and total > 0 else None

    @cached_property
    def epochs_done(self) -> int:
        """A loop from 0 to n - 1 is whole at n - 1, unless its epoch 0 is said to be the untrained
        model (`first_epoch` 1)."""
        if not self._count("epochs_stored" if "epochs_stored" in self.fields else "current_epoch"):
            return 0
        first = self.whole("first_epoch")
        if first is None:
            first = 0 if self.whole("least_epoch") == 0 else 1
        return max(0, self.current_epoch - first + 1)

    @cached_property
    def progress_percent(self) -> float | None:
        if not self.total_epochs:
            return 100.0 if self.status == Status.COMPLETED else None
        return round(min(100.0, 100.0 * self.epochs_done / self.total_epochs), 2)

    # -- its pace, and whether it lives ----------------------------------------------------

    @cached_property
    def pace_s(self) -> float:
        """Median seconds between two epochs that followed each other; 0: unknown."""
        return _median(dt for dt, _ in self._intervals)

    @cached_property
    def estimated_completion(self) -> str | None:
        pace_s = _median(dt / epochs for dt, epochs in self._intervals)
        last, total = self.moment("last_metric"), self.total_epochs
        if self.status != Status.RUNNING or not total or not pace_s or not last:
            return None
        left = total - self.epochs_done
        if left < 0:
            return None
        left_s = pace_s * left
        if left_s > LONGEST_S:
            return None
        try:
            return _iso(parse_time(last) + timedelta(seconds=left_s), "seconds")
        except (ValueError, OverflowError):
            return None

    def is_stalled(self, now: datetime) -> bool:
        """A running job whose trainer gave no sign of life for longer than it ever should.

        now: by the store's clock, as the signs of life are.
        """
        if self.status != Status.RUNNING:
            return False
        seen = self.moment("heartbeat") or self.time("started_at")
        if not seen:
            return False
        silence_s = (now - parse_time(seen)).total_seconds()
        if not self._is_curl_fed:
            return silence_s > STALLED_AFTER_S
        return self.pace_s > 0 and silence_s > max(STALLED_AFTER_S, 3 * self.pace_s)

    def forsaken_since(self, now: datetime) -> str | None:
        """Since when nobody waits to go on with a job from outside: its publisher, which shows
        signs of life also while it is paused, shows none. None: somebody does, or who knows."""
        seen = self.moment("heartbeat")
        if not self.is_external or self._is_curl_fed or not seen:
            return None
        return seen if (now - parse_time(seen)).total_seconds() > STALLED_AFTER_S else None

    @property
    def _is_curl_fed(self) -> bool:
        """Fed by REST calls alone: its only signs of life are its epochs."""
        return self.is_external and self.fields.get("beats") != "1"

    @cached_property
    def _intervals(self) -> list[tuple[float, int]]:
        """Seconds between two epochs, and how many numbers they are apart; of the last 21."""
        found = []
        for text in (self.fields.get("intervals") or "").split():
            milliseconds, _, epochs = text.partition("/")
            is_whole = milliseconds.isdecimal() and (epochs or "1").isdecimal()
            if is_whole and len(text) <= 2 * MAX_DIGITS:
                found.append((int(milliseconds) / 1000, max(1, int(epochs or 1))))
        return found

    # -- any field -------------------------------------------------------------------------

    def whole(self, name: str) -> int | None:
        """None beyond 2**53, too: JSON could not carry it, nor a list that holds this job."""
        text = self.fields.get(name) or ""
        try:
            number = int(text) if len(text) <= MAX_DIGITS else None
        except ValueError:
            return None
        return number if number is not None and abs(number) <= MAX_EPOCH else None

    def number(self, name: str) -> float | None:
        try:
            number = float(self.fields.get(name) or "")
        except ValueError:
            return None
        return number if isfinite(number) else None

    def time(self, name: str) -> str | None:
        """ISO 8601 in UTC; None for one that does not say its zone."""
        text = self.fields.get(name) or ""
        try:
            moment = parse_time(text)
            if moment.tzinfo is None:
                return None
            is_usual = _USUAL_TIME.match(text) is not None  # not of another program or version
            return text if is_usual else _iso(moment.astimezone(UTC))
        except (ValueError, OverflowError):
            return None

    def moment(self, name: str) -> str | None:
        """A time that the store's clock gave (`<name>_ms`), or an older version's (`<name>_at`)."""
        milliseconds = self.whole(f"{name}_ms")
        if milliseconds is None or not 0 < milliseconds < MAX_MS:
            return self.time(f"{name}_at")
        return iso_time(milliseconds / 1000)

    def mapping(self, name: str) -> dict[str, Any]:
        found = self._json(name)
        return found if isinstance(found, dict) else {}

    def items(self, name: str) -> list[Any]:
        found = self._json(name)
        return found if isinstance(found, list) else []

    def _count(self, name: str) -> int:
        return self.whole(name) or 0

    def _json(self, name: str) -> Any:
        text = self.fields.get(name) or "null"
        try:
            found = orjson.loads(text)
            if text.count("[") + text.count("{") > MAX_NESTED and not _is_flat(found, MAX_NESTED):
                return None
        except orjson.JSONDecodeError:
            return None
        return found


def _is_flat(value: Any, levels: int) -> bool:
    """Whether it is nested no deeper: what can be read cannot always be written again."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels > 0 and all(_is_flat(one, levels - 1) for one in inner)


def _iso(moment: datetime, timespec: str = "milliseconds") -> str:
    return moment.isoformat(timespec=timespec).replace("+00:00", "Z")


def _median(values: Iterable[float]) -> float:
    """0 for none. One slow epoch does not move it."""
    known = list(values)
    return statistics.median(known) if known else 0.0
