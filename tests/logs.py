"""What lies in a run's local log, read as whoever brings it would."""

from pathlib import Path

from heimdall_dash.publish.journal import COPY, files_of
from heimdall_dash.publish.line import epoch_of


def logged(data: Path, job_id: str) -> list[int]:
    """Epochs in the local log, in the order in which they were logged; copies left out."""
    found = []
    for file in files_of(data / "jobs" / job_id):
        if not file.token.startswith(COPY):
            lines = file.read(0, 1 << 30).splitlines(keepends=True)
            found += [epoch for epoch in map(epoch_of, lines) if epoch is not None]
    return found
