"""What a store has of a run and this machine's log lacks: copied, so that it could be rebuilt."""

import orjson

from heimdall_dash.cells import Write
from heimdall_dash.publish.journal import COPY, Journal
from heimdall_dash.publish.line import encode_other
from heimdall_dash.records import parse_time
from heimdall_dash.store.store import Store


def copied(journal: Journal, store: Store) -> None:
    """Copy the run's whole history when a part of it was written elsewhere. Raises OSError,
    StoreUnavailable."""
    job_id = journal.folder.name
    known = {file.token for file in journal.files()}
    places = store.places(job_id)
    elsewhere = [t for t, place in places.items() if place and t not in known and COPY not in t]
    if not elsewhere and (known or not store.newest_writes(job_id, 1)):
        return
    lines = [line_of(write) for write in store.each_write(job_id)]
    file = journal.copy_file(lines)
    store.skip(job_id, file.token, sum(map(len, lines)))


def line_of(write: Write) -> bytes:
    """A stored write as a line of a log."""
    if write.row is None:
        return encode_other("back", write.epoch)
    cells = {
        name: value
        for name, value in write.row.items()
        if name not in {"epoch", "timestamp"} and (value is not None or name in write.not_finite)
    }
    parts = [write.epoch, parse_time(write.row["timestamp"]).timestamp(), cells]
    return orjson.dumps(parts + ([write.not_finite] if write.not_finite else [])) + b"\n"
