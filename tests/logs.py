"""Local logs of tests: made, and read as whoever brings them would."""

from pathlib import Path

import orjson

from heimdall_dash.publish.journal import COPY, Journal, files_of
from heimdall_dash.publish.line import encode_row, epoch_of
from heimdall_dash.publish.log_file import LogFile, OwnFile


def logged(data: Path, job_id: str) -> list[int]:
    """Epochs in the local log, in the order in which they were logged; copies left out."""
    found = []
    for file in files_of(data / "jobs" / job_id):
        if not file.token.startswith(COPY):
            lines = file.read(0, 1 << 30).splitlines(keepends=True)
            found += [epoch for epoch in map(epoch_of, lines) if epoch is not None]
    return found


def line_of(epoch: int) -> bytes:
    return encode_row(epoch, {"x": 0.5}, 1.5)[1]


def epochs_in(text: bytes) -> list[int]:
    return [orjson.loads(line)[0] for line in text.splitlines()]


def everything(file: LogFile, most_bytes: int = 100) -> bytes:
    """The file as a sender reads it: from place to place, until it ends."""
    read, place = [], 0
    while block := file.read(place, most_bytes):
        read.append(block)
        place += len(block)
    return b"".join(read)


def taken(data: Path, count: int, name: str = "job") -> tuple[Journal, OwnFile]:
    journal = Journal(data, name)
    own = journal.take()
    for epoch in range(count):
        assert journal.append(line_of(epoch)) is None
    return journal, own
