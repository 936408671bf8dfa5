"""What is published about a job, read with distrust: anybody may publish, and anything."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from heimdall_dash.cells import Position, Write, is_row
from heimdall_dash.store.jobs import Fields

DELETED = "training:deleted"


@dataclass(frozen=True)
class Publication:
    """One message on a job's channel.

    kept: large fields that have not changed and did not come along.
    after: the position that the writes follow on; None: the message is not about writes.
    writes: None: too many for a message, the stream has them.
    """

    event: str
    fields: Fields
    note: dict[str, Any] | None = None
    after: Position | None = None
    writes: list[Write] | None = None
    kept: tuple[str, ...] = ()

    @property
    def is_deletion(self) -> bool:
        return self.event == DELETED


def publication(message: Mapping[str, Any]) -> Publication:
    """Raises ValueError, TypeError or KeyError for what cannot be read."""
    event = str(message["event"])
    if event == DELETED:
        return Publication(event, {})
    fields, note, kept = fields_of(message["job"]), message.get("note"), kept_of(message)
    if not isinstance(note, dict):
        note = None
    if "cursor" not in message:
        return Publication(event, fields, note)
    after, writes = Position.parse(str(message["after"])), message.get("writes")
    if writes is None:
        return Publication(event, fields, note, after, kept=kept)
    return Publication(event, fields, note, after, [_write(*given) for given in writes], kept)


def fields_of(job: object) -> Fields:
    """A job's fields as the store's hash has them; raises ValueError when they are not."""
    if not isinstance(job, dict) or not all(isinstance(value, str) for value in job.values()):
        raise ValueError(f"a job's fields are texts by name, got {job!r:.80}")
    return job


def kept_of(message: Mapping[str, Any]) -> tuple[str, ...]:
    """Large fields that have not changed, and that a message therefore leaves out."""
    return tuple(name for name in message.get("kept", ()) if isinstance(name, str))


def with_kept(fields: Fields, kept: Iterable[str], known: Fields | None) -> Fields:
    """A job's fields, with what was not sent again as it was known before."""
    before = known or {}
    return {name: before[name] for name in kept if name in before} | fields


def stored_position(fields: Mapping[str, str]) -> Position | None:
    """The position of the job's newest write as its fields say; None when they do not."""
    try:
        if "position" in fields:
            return Position.parse(fields["position"])
        last = int(fields["last_epoch"])
    except (KeyError, ValueError):
        return None
    return Position(last, 1) if last >= 0 else Position(0, 0)


def _write(given: str, row: Any, more: Any = None) -> Write:
    """`["412-1", {row}]`, `[…, {row}, {metric: "nan"}]`, or `[…, null, 15]`: taken back to 15."""
    position = Position.parse(str(given))
    if row is None:
        return Write(position, int(more), None)
    if not is_row(row) or not isinstance(more, (dict, type(None))):
        raise ValueError(f"write {position} holds no row")
    return Write(position, row["epoch"], row, more or {})
