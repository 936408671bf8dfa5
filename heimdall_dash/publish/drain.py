"""Brings the files of a run's log to the other side, in their order, from where it has them.

Guarantees: every line once and in order; what is on the other side already is not sent again, and
not read again. Memory is bounded by one batch. Does not: wait, retry or know threads; an outage
raises, and the next call goes on where this one ended.
"""

import logging
from collections.abc import Callable
from dataclasses import replace

from heimdall_dash.errors import HeimdallError, InvalidMetric
from heimdall_dash.publish.log_file import LogFile
from heimdall_dash.publish.transport import Claim, Standing, Transport
from heimdall_dash.store.connection import StoreRefused
from heimdall_dash.store.replies import StoreBehind

log = logging.getLogger(__name__)

BATCH_BYTES = 512 * 1024
BATCH_LINES = 1_000


class Drain:
    def __init__(self, transport: Transport, claim: Claim, *, brings: bool = False) -> None:
        self.transport, self.claim, self._brings = transport, claim, brings
        self._places: dict[str, int] = {}
        self.sent_lines = 0

    def begin(self) -> Standing:
        """Announce the run; from then on this knows where the other side stands."""
        standing = self.transport.begin(self.claim, brings=self._brings)
        self.claim = replace(self.claim, attempt=standing.attempt)
        self._places = dict(standing.places)
        return standing

    def place(self, file: LogFile) -> int:
        return self._places.get(file.token, 0)

    def empty(self, files: list[LogFile], is_wanted: Callable[[], bool] = lambda: True) -> None:
        """Send until every file has ended, or until it is not wanted any more."""
        for file in files:
            while is_wanted():
                block = self._read(file)
                if not block:
                    break
                self._send(file, block)

    def _read(self, file: LogFile) -> list[bytes]:
        try:
            block = file.read(self.place(file), BATCH_BYTES)
        except FileNotFoundError:  # an older file that somebody has removed
            return []
        # no more than are sent: a block of small lines holds many times as many
        return [line + b"\n" for line in block.split(b"\n", BATCH_LINES)[:-1]]

    def _send(self, file: LogFile, lines: list[bytes]) -> None:
        try:
            self._deliver(file, lines)
        except (StoreRefused, InvalidMetric) as error:
            self._send_one_by_one(file, lines, error)

    def _deliver(self, file: LogFile, lines: list[bytes]) -> None:
        try:
            self._places[file.token] = self.transport.deliver(
                self.claim, file.token, self.place(file), lines, brings=self._brings
            )
        except StoreBehind as behind:
            log.warning("Job %s: %s; sending the rest again", self.claim.job_id, behind)
            self._places[file.token] = behind.place
        else:
            self.sent_lines += len(lines)

    def _send_one_by_one(self, file: LogFile, lines: list[bytes], error: HeimdallError) -> None:
        """One line that cannot be stored must not hold back the others: it is named instead."""
        begin = self.place(file)
        for line in lines:
            if self.place(file) != begin:
                return  # the other side fell back, or has more already: the next read begins there
            begin += len(line)
            try:
                self._deliver(file, [line])
            except (StoreRefused, InvalidMetric) as refusal:
                log.error("Job %s: a write cannot be stored: %s", self.claim.job_id, refusal)
                # in its place one that nobody can read, which the page names; it ends where the
                # line does, so that what follows keeps its place
                self._deliver(file, [b"[]".ljust(len(line) - 1) + b"\n"])
