"""One write as the store's script takes it: a row, a taking back, a note, facts, config, the end.

What enters is checked before it comes here; here it only gets its form. `stop` is where the write
ends in its trainer's local log, in bytes; 0 for what has no log.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from heimdall_dash.cells import NotFinite
from heimdall_dash.errors import InvalidMetric
from heimdall_dash.records import MAX_EPOCH, Row, Status, parse_time, storable

END_FIELDS = ("completed_at", "error_message", "ended_because")  # what an end may say beside status
MAX_CONFIG_CHARACTERS = 2_000_000  # 1 MB of values, each in the longest way to write it
MAX_NOTE_CHARACTERS = 20_000
ENDS = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED, Status.PAUSED})


@dataclass(frozen=True, slots=True)
class LogWrite:
    stop: int
    arguments: tuple[Any, ...]  # kind, stop, epoch, text, extra, time in ms, val_loss
    row: Row | None = None


def row_write(
    stop: int,
    row: Row,
    not_finite: NotFinite,
    text: bytes | None = None,
    unix_s: float | None = None,
) -> LogWrite:
    """text: the row as JSON, unix_s: its time, where the caller has them already."""
    loss = row.get("val_loss")
    milliseconds = _milliseconds(row["timestamp"]) if unix_s is None else round(unix_s * 1000)
    arguments = (
        "row", stop, row["epoch"], text if text is not None else orjson.dumps(row),
        orjson.dumps(not_finite) if not_finite else "", milliseconds,
        repr(loss) if type(loss) is float or type(loss) is int else "",
    )  # fmt: skip
    return LogWrite(stop, arguments, row)


def back_write(stop: int, epoch: int) -> LogWrite:
    return LogWrite(stop, ("back", stop, epoch, "", "", "", ""))


def note_write(stop: int, note: Mapping[str, Any]) -> LogWrite:
    return LogWrite(stop, ("note", stop, "", note_text(note), "", "", ""))


def facts_write(stop: int, facts: Mapping[str, Any]) -> LogWrite:
    return LogWrite(stop, ("facts", stop, "", _strict_json(facts), "", "", ""))


def config_write(stop: int, config: Mapping[str, Any]) -> LogWrite:
    """The whole config, in place of the one before. Raises InvalidMetric for one too large."""
    text = _strict_json(config)
    if len(text) > MAX_CONFIG_CHARACTERS:
        raise InvalidMetric(f"a config has at most {MAX_CONFIG_CHARACTERS} characters of JSON")
    return LogWrite(stop, ("config", stop, "", text, "", "", ""))


def end_write(stop: int, end: Mapping[str, Any]) -> LogWrite:
    """Raises InvalidMetric for a status that no run ends with; other fields are left out."""
    if end.get("status") not in ENDS:
        raise InvalidMetric(f"a run ends as one of {', '.join(sorted(ENDS))}")
    fields = [
        part
        for name in END_FIELDS
        if isinstance(end.get(name), str)
        for part in (name, storable(end[name]))
    ]
    return LogWrite(stop, ("end", stop, "", json.dumps(fields), str(end["status"]), "", ""))


def note_text(note: Mapping[str, Any]) -> str:
    """A note as the store keeps it; raises InvalidMetric for what a reader could not read."""
    epoch, texts = note.get("epoch"), (note.get("kind", ""), note.get("message", ""))
    is_epoch = epoch is None or (type(epoch) is int and 0 <= epoch <= MAX_EPOCH)
    if not is_epoch or not all(isinstance(text, str) for text in texts):
        raise InvalidMetric("a note has a kind and a message, both text, and an epoch or null")
    if len(text := _strict_json(note)) > MAX_NOTE_CHARACTERS:
        raise InvalidMetric(f"a note has at most {MAX_NOTE_CHARACTERS} characters of JSON")
    return text


def _strict_json(value: Mapping[str, Any]) -> str:
    try:
        return storable(json.dumps(dict(value), ensure_ascii=False, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidMetric(f"not JSON: {error}") from error


def _milliseconds(timestamp: str) -> int:
    return round(parse_time(timestamp).timestamp() * 1000)
