"""One write as a line of the local log. The log is the run: rows, notes, facts and the end, in the
order in which they were said; a line's place in the file is its identity.

    [412,1763900000.123,{"train_loss":0.1}]               a row: epoch, Unix seconds, cells
    [412,1763900000.123,{"val_loss":null},{"val_loss":"nan"}]   …and what was not finite
    ["back",15,1763900000.1]  ["note",{…}]  ["facts",{…}]  ["config",{…}]
    ["predictions",{…}]  ["end",{"status":"completed",…}]

`Job.log` runs in the training thread, on caches that the training has just filled with its own
data: what counts there is how little code and memory are touched. So the ordinary row (names seen
before, finite floats, lists of them) goes through orjson untouched, and everything else through
`clean_cells`. A row's time becomes ISO 8601 only when it is sent, in the sender's thread.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from heimdall_dash.cells import KINDS, NotFinite
from heimdall_dash.metrics import OWN_COLUMNS, clean_cells, clean_epoch, name_problem
from heimdall_dash.records import MAX_EPOCH, MAX_LIST, Row, clamped, iso_time
from heimdall_dash.store.log_write import (
    LogWrite,
    back_write,
    config_write,
    end_write,
    facts_write,
    note_write,
    row_write,
)
from heimdall_dash.store.predictions import predictions_write

_ORDINARY = frozenset({float, list})
_MANY_NAMES = 20_000
_KNOWN_NAMES: set[str] = set()  # names that were checked before, of any job


def encode_row(
    epoch: Any, metrics: Mapping[Any, Any], unix_s: float
) -> tuple[int, bytes, NotFinite, dict[str, str]]:
    """The epoch, its line, which metrics were not finite, and what is left out: name → why.

    Raises InvalidMetric when the epoch is none. A clock at an impossible year costs no row.
    """
    unix_s = clamped(unix_s)
    if type(epoch) is int and _is_ordinary(epoch, metrics):
        try:
            text = orjson.dumps(metrics)
        except TypeError:  # a name of numpy's text equals the known one, and is no str to orjson
            text = b"null"
        if b"null" not in text:  # orjson's word for NaN and infinities
            return epoch, b"[%d,%.3f,%b]\n" % (epoch, unix_s, text), {}, {}
    number = clean_epoch(epoch)
    cells, not_finite, left_out = clean_cells(metrics)
    if len(_KNOWN_NAMES) < _MANY_NAMES:
        _KNOWN_NAMES.update(name for name in cells if name_problem(name) is None)
    parts = [number, round(unix_s, 3), cells] + ([not_finite] if not_finite else [])
    return number, orjson.dumps(parts) + b"\n", not_finite, left_out


def encode_other(kind: str, *values: Any) -> bytes:
    """Any line but a row's; raises TypeError for what JSON cannot carry."""
    return orjson.dumps([kind, *values]) + b"\n"


def decode(line: bytes, stop: int) -> LogWrite:
    """The write of a line that ends at byte `stop` of its log; ValueError for one that is none."""
    parts = orjson.loads(line)
    try:
        if isinstance(parts, dict):
            return _of_older_format(parts, stop)
        match parts:
            case [epoch, float() | int() as unix_s, dict(cells)] if not _is_odd(cells):
                text = line[line.index(b"{") : line.rindex(b"}") + 1]
                time = iso_time(unix_s)
                head = b'{"epoch":%d,"timestamp":"%b"' % (_whole(epoch), time.encode())
                row: Row = {"epoch": epoch, "timestamp": time, **cells}
                text = head + (b"," if cells else b"") + text[1:]
                return row_write(stop, row, {}, text, clamped(unix_s))
            case [epoch, float() | int() as unix_s, dict(cells), *more]:
                cells = {OWN_COLUMNS.get(name, name): value for name, value in cells.items()}
                row = {"epoch": _whole(epoch), "timestamp": iso_time(unix_s), **cells}
                marks = more[0] if more and isinstance(more[0], dict) else {}
                known = {name: k for name, k in marks.items() if name in cells and k in KINDS}
                return row_write(stop, row, known)
            case ["back", epoch, *_]:
                return back_write(stop, _whole(epoch, least=-1))
            case ["note", dict(note)]:
                return note_write(stop, note)
            case ["facts", dict(facts)]:
                return facts_write(stop, facts)
            case ["config", dict(config)]:
                return config_write(stop, config)
            case ["predictions", dict(sample)]:
                return predictions_write(stop, sample)
            case ["end", dict(end)]:
                return end_write(stop, end)
    except (TypeError, OverflowError) as error:
        raise ValueError(f"no line of a log: {line!r:.80}") from error
    raise ValueError(f"no line of a log: {line!r:.80}")


def epoch_of(line: bytes) -> int | None:
    """The epoch of a row's line, None for any other."""
    try:
        parts = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    if isinstance(parts, dict):
        epoch = parts.get("epoch")
    else:
        epoch = parts[0] if isinstance(parts, list) and parts else None
    return epoch if type(epoch) is int and 0 <= epoch <= MAX_EPOCH else None


def _whole(epoch: Any, least: int = 0) -> int:
    if type(epoch) is not int or not least <= epoch <= MAX_EPOCH:
        raise ValueError(f"no epoch: {epoch!r:.40}")
    return epoch


def _of_older_format(row: Row, stop: int) -> LogWrite:
    """A line was the row itself: `{"epoch", "timestamp" (Unix seconds or ISO), cells…}`."""
    _whole(row.get("epoch"))
    stamp = row.get("timestamp", 0.0)
    row["timestamp"] = stamp if isinstance(stamp, str) else iso_time(float(stamp))
    return row_write(stop, row, {})


def _is_odd(cells: Mapping[str, Any]) -> bool:
    return not OWN_COLUMNS.keys().isdisjoint(cells)


def _is_ordinary(epoch: int, metrics: Mapping[Any, Any]) -> bool:
    return (
        0 <= epoch <= MAX_EPOCH
        and type(metrics) is dict
        and metrics.keys() <= _KNOWN_NAMES
        and _ORDINARY.issuperset(map(type, metrics.values()))
        and all(
            len(value) <= MAX_LIST and set(map(type, value)) <= {float}
            for value in metrics.values()
            if type(value) is list
        )
        and OWN_COLUMNS.keys().isdisjoint(metrics)
    )
