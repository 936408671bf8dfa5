"""The record: a job's history is a table of cells, a row per epoch; a write adds cells to it.

Writes are ordered by their position. Whoever applies them in that order gets the same table: the
newest write of a cell wins, an epoch keeps the time of its first write, and a write that takes
back removes every epoch behind the one it names. Nothing here knows Redis, HTTP or the page.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import orjson

from heimdall_dash.records import MAX_EPOCH, MAX_LIST, Columns, Row, parse_time

NotFinite = dict[str, str]  # metric → one of KINDS
KINDS = ("nan", "inf", "-inf")
_NUMBERS = frozenset({float, int, type(None)})
_NUMBERS_AND_TIME = _NUMBERS | {str}


class Position(NamedTuple):
    """Where a write stands: the newest epoch that any write had named so far, and a number among
    the writes that came while it was the newest. It is the id of the stream's entry."""

    epoch: int
    part: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.part}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """`412-1`; raises ValueError."""
        epoch, dash, part = text.partition("-")
        if dash and epoch.isdecimal() and part.isdecimal() and len(text) <= 41:
            found = cls(int(epoch), int(part))
            if found.epoch <= MAX_EPOCH and found.part < 2**63:  # else a stream refuses the id
                return found
        raise ValueError(f"a position is two whole numbers such as 412-1, got {text!r:.60}")


LAST_PART = 2**64 - 1  # of a stream's id
START = Position(0, 0)  # before the first write


@dataclass(frozen=True, slots=True)
class Write:
    """One call of `log`, or one row of a request; or a taking back, which has no row.

    epoch: the row's; of a taking back the last epoch that stays.
    row: `{"epoch", "timestamp", cells…}`. A cell of None was not written, unless `not_finite`
    names it: then it holds NaN or an infinity, or a list with one of them.
    """

    position: Position
    epoch: int
    row: Row | None
    not_finite: NotFinite = field(default_factory=dict)

    @property
    def takes_back(self) -> bool:
        return self.row is None


def write_of_entry(entry_id: str, fields: Mapping[str, Any]) -> Write:
    """The write that an entry of the stream holds; raises ValueError when it cannot be read. Cells
    that no writer of ours makes (somebody used redis-cli) are left out: they would harm readers."""
    position = Position.parse(entry_id)
    if "back" in fields:
        text = fields["back"]
        if text != "-1" and not (text.isdecimal() and len(text) <= 16):
            raise ValueError(f"entry {entry_id} takes back nothing: {text!r:.60}")
        return Write(position, int(text), None)
    try:
        row = orjson.loads(fields["row"])
        marks = orjson.loads(fields["nf"]) if "nf" in fields else {}
    except (KeyError, orjson.JSONDecodeError) as error:
        raise ValueError(f"entry {entry_id} cannot be read: {error!r:.80}") from error
    if not is_row(row) or not isinstance(marks, dict):
        raise ValueError(f"entry {entry_id} holds no row")
    if not _is_plain(row):
        row = {name: value for name, value in row.items() if _is_cell(name, value)}
    if marks:
        marks = {name: kind for name, kind in marks.items() if kind in KINDS and name in row}
    return Write(position, row["epoch"], row, marks)


def is_row(row: object) -> bool:
    if not isinstance(row, dict):
        return False
    epoch = row.get("epoch")
    return type(epoch) is int and 0 <= epoch <= MAX_EPOCH


def _is_plain(row: Row) -> bool:
    """Whether all is well at a glance: a time of the usual form, and else numbers and nulls."""
    stamp, kinds = row.get("timestamp"), list(map(type, row.values()))
    return (
        type(stamp) is str
        and len(stamp) == 24
        and stamp[10] == "T"
        and stamp[23] == "Z"
        and kinds.count(str) == 1
        and _NUMBERS_AND_TIME.issuperset(kinds)
    )


def _is_cell(name: str, value: Any) -> bool:
    if name == "timestamp":
        return type(value) is str and _is_time(value)
    if type(value) is list:
        return len(value) <= MAX_LIST and _NUMBERS.issuperset(map(type, value))
    return type(value) in _NUMBERS


def _is_time(text: str) -> bool:
    try:
        parse_time(text)
    except ValueError:
        return False
    return True


@dataclass
class Joined:
    """Writes joined by epoch: what a frame carries.

    take_back: every epoch behind it is to be dropped before the columns are joined; None: none.
    columns: `epoch` rising; None where these writes have no such cell, or where `not_finite`
    names it: `{"val_loss": {12: "nan"}}`.
    """

    take_back: int | None
    columns: Columns
    not_finite: dict[str, dict[int, str]]


def rows_of(
    writes: Iterable[Write],
) -> tuple[int | None, dict[int, Row], dict[int, NotFinite]]:
    """All writes, in the order of their positions, as one step: the earliest epoch that was taken
    back to (None: none was), the rows by epoch, and what of them is not finite."""
    rows: dict[int, Row] = {}
    marks: dict[int, NotFinite] = {}
    take_back: int | None = None
    for write in writes:
        if write.row is None:
            take_back = write.epoch if take_back is None else min(take_back, write.epoch)
            rows = {epoch: row for epoch, row in rows.items() if epoch <= write.epoch}
            marks = {epoch: mark for epoch, mark in marks.items() if epoch <= write.epoch}
        elif write.epoch not in rows:
            rows[write.epoch] = dict(write.row)
            if write.not_finite:
                marks[write.epoch] = dict(write.not_finite)
        else:
            _add(rows[write.epoch], marks, write)
    return take_back, rows, marks


def join(writes: Iterable[Write]) -> Joined:
    """The same as columns."""
    take_back, rows, marks = rows_of(writes)
    epochs = sorted(rows)
    names = dict.fromkeys(["epoch", *(name for epoch in epochs for name in rows[epoch])])
    columns = {name: [rows[epoch].get(name) for epoch in epochs] for name in names}
    not_finite: dict[str, dict[int, str]] = {}
    for epoch in sorted(marks):
        for name, kind in marks[epoch].items():
            not_finite.setdefault(name, {})[epoch] = kind
    return Joined(take_back, columns, not_finite)


def _add(row: Row, marks: dict[int, NotFinite], write: Write) -> None:
    """Put a further write's cells into the epoch's row."""
    for name, value in (write.row or {}).items():
        if name == "timestamp" or (value is None and name not in write.not_finite):
            continue
        row[name] = value
        if write.epoch in marks:
            marks[write.epoch].pop(name, None)
    if write.not_finite:
        marks.setdefault(write.epoch, {}).update(write.not_finite)
