"""One epoch as a line of the local log: JSON, its time in Unix seconds.

`Job.log` runs in the training thread, on caches that the training has just filled with its own
data: what counts there is how little code and memory are touched. So the ordinary row (names seen
before, finite floats, lists of them) goes through orjson untouched, and everything else through
`clean_row`. The time becomes ISO 8601 only when the line is read, in the sender's thread.
"""

from collections.abc import Mapping

import orjson

from heimdall_dash.records import MAX_EPOCH, MAX_LIST, Row, are_known, clean_row, iso_time

_ORDINARY = frozenset({float, list})


def encode(
    epoch: object, metrics: Mapping[str, object], unix_s: float
) -> tuple[int, bytes, list[str]]:
    """The epoch, its line, and the names of metrics that held NaN or infinity, stored as null.

    unix_s: when it was logged. Raises InvalidMetric as `clean_row` does.
    """
    if isinstance(epoch, int) and _is_ordinary(epoch, metrics):
        text = orjson.dumps(metrics)
        if b"null" not in text:  # orjson's word for NaN and infinities
            head = b'{"epoch":%d,"timestamp":%.3f' % (epoch, unix_s)
            return epoch, head + (b"," if metrics else b"") + text[1:] + b"\n", []
    row, not_finite = clean_row(epoch, metrics)
    row["timestamp"] = round(unix_s, 3)
    return row["epoch"], orjson.dumps(row) + b"\n", not_finite


def decode(line: bytes) -> Row:
    """The row of a line, its timestamp as ISO 8601. Raises ValueError for a torn line."""
    row = orjson.loads(line)
    if not isinstance(row, dict) or type(row.get("epoch")) is not int:
        raise ValueError(f"no row of a metric log: {line!r:.80}")
    if isinstance(row.get("timestamp"), float):
        row["timestamp"] = iso_time(row["timestamp"])
    return row


def _is_ordinary(epoch: int, metrics: Mapping[str, object]) -> bool:
    return (
        type(epoch) is int
        and 0 <= epoch <= MAX_EPOCH
        and are_known(metrics)
        and _ORDINARY.issuperset(map(type, metrics.values()))
        and all(
            len(value) <= MAX_LIST and set(map(type, value)) <= {float}
            for value in metrics.values()
            if type(value) is list
        )
    )
