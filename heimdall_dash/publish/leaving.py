"""Leaving a run: a bar while the rest of its log is delivered, and the truth about what is not."""

import logging
import sys
import time
from typing import Any, Self

from heimdall_dash.publish.journal import Journal
from heimdall_dash.publish.log_file import OwnFile
from heimdall_dash.publish.sender import Sender

log = logging.getLogger(__name__)


class Progress:
    """A bar on standard error when leaving takes longer than a second or two."""

    AFTER_S = 1.5

    def __init__(self, name: str, sender: Sender, own: OwnFile) -> None:
        """own: this process's part of the log."""
        self._name, self._sender, self._own = name, sender, own
        self._began = time.monotonic()
        self._bar: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self) -> None:
        if self._bar is None:
            if time.monotonic() - self._began < self.AFTER_S or not self._sender.was_there:
                return
            from tqdm import tqdm

            self._bar = tqdm(
                total=self._own.size, unit="B", unit_scale=True, file=sys.stderr,
                desc=f"{self._name}: delivering",
            )  # fmt: skip
        self._bar.update(self._sender.delivered_bytes - self._bar.n)


def say_undelivered(job_id: str, sender: Sender, own: OwnFile, journal: Journal) -> None:
    log.warning(
        "Job %s: not everything was delivered (%s): %d bytes of the log wait in %s. A "
        "dashboard that runs here brings them by itself, `heimdall sync %s` from anywhere",
        job_id, sender.trouble or "time was too short", own.size - sender.delivered_bytes,
        journal.folder, journal.folder,
    )  # fmt: skip


def mark_done(job_id: str, journal: Journal) -> None:
    try:
        journal.mark_done()
    except OSError as error:  # a dashboard will find that nothing is missing
        log.debug("job %s: its log is not marked as delivered: %s", job_id, error)
