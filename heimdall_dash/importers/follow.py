"""Runs that another tool is still writing, kept live: read on, and brought as they grow.

A run that nobody has written to for a while is brought whole, with its end; when it comes to life
again, so does its job. Runs that begin meanwhile are found.
"""

import time
from collections.abc import Callable
from pathlib import Path

from heimdall_dash.errors import HeimdallError, StoreUnavailable, UnknownJob
from heimdall_dash.importers.deliver import (
    DELETED,
    Imported,
    Told,
    Writing,
    claim_of,
    deliver,
    imported,
    job_id_of,
)
from heimdall_dash.importers.run import ForeignRun
from heimdall_dash.publish.drain import Drain
from heimdall_dash.publish.log_file import LogFile
from heimdall_dash.publish.transport import Transport

QUIET_S = 600.0  # without a word: then a run counts as over
LOOK_S = 1.0
SEARCH_S = 5.0  # for runs that begin


class Live:
    """A run that is being written: one log, from which its job is kept up to date."""

    def __init__(self, run: ForeignRun, transport: Transport, folder: Path) -> None:
        self.run, self._transport = run, transport
        run.is_followed = True
        run.read()
        job_id = job_id_of(run)
        self._writing = Writing(run, folder / f"{job_id}-live.jsonl")
        self._writing.path.unlink(missing_ok=True)
        self._writing.write(with_end=False)
        claim = claim_of(run, job_id)
        self._file = LogFile(self._writing.path, claim.token)
        self._drain = Drain(transport, claim)
        standing = self._drain.begin()
        self._before = 0 if standing.is_created else standing.epochs
        self._drain.empty([self._file])

    def look(self) -> Imported:
        """Bring what is new, and show that it lives."""
        self.run.read()
        self._writing.write(with_end=False)
        return self._send(beats=True)

    def end(self) -> Imported:
        self.run.read()
        self._writing.write(with_end=True)
        done = self._send(beats=False)
        self._writing.path.unlink(missing_ok=True)
        return done

    def _send(self, *, beats: bool) -> Imported:
        self._drain.empty([self._file])
        now = self._transport.look(self._drain.claim, beats=beats)
        return imported(self.run, self._before, now.epochs)


class Following:
    """Until `should_stop`; then every live run is ended."""

    def __init__(
        self, find: Callable[[], list[ForeignRun]], open_transport: Callable[[], Transport],
        folder: Path, tell: Told,
    ) -> None:  # fmt: skip
        self._find, self._open, self._folder, self._tell = find, open_transport, folder, tell
        self._transport: Transport | None = None
        self._live: dict[str, Live] = {}
        self._over: dict[str, float] = {}  # key → when its files had changed last
        self._search_at = 0.0
        self._said: dict[str, str] = {}

    def run(self, should_stop: Callable[[float], bool]) -> None:
        """should_stop: waits so many seconds for the wish to end, and says whether it came."""
        try:
            while True:
                try:
                    self._round()
                except StoreUnavailable as error:
                    self._say("", f"{error}; trying again")
                    self._let_go()
                if should_stop(LOOK_S):
                    return
        finally:
            self._end()

    def _round(self) -> None:
        if self._transport is None:
            self._transport = self._open()
        now = time.monotonic()
        if now >= self._search_at:
            self._search_at = now + SEARCH_S
            for run in self._find():
                if run.key not in self._live and self._over.get(run.key) != run.changed_s:
                    self._begin(run, self._transport)
        for key, live in list(self._live.items()):
            try:
                live.look()
                if time.time() - live.run.changed_s > QUIET_S:
                    self._over[key] = live.run.changed_s
                    self._tell(self._live.pop(key).end())
            except StoreUnavailable:
                raise
            except (HeimdallError, OSError) as error:
                self._drop(live.run, error)

    def _begin(self, run: ForeignRun, transport: Transport) -> None:
        try:
            if time.time() - run.changed_s > QUIET_S:
                self._over[run.key] = run.changed_s
                self._tell(deliver(run, transport, self._folder))
                return
            self._live[run.key] = Live(run, transport, self._folder)
            self._tell(self._live[run.key].look())
        except StoreUnavailable:
            raise
        except (HeimdallError, OSError) as error:
            self._drop(run, error)

    def _drop(self, run: ForeignRun, error: Exception) -> None:
        self._live.pop(run.key, None)
        self._over[run.key] = run.changed_s
        why = DELETED if isinstance(error, UnknownJob) else str(error)
        self._tell(imported(run, 0, 0, why))

    def _let_go(self) -> None:
        """The road is broken: every run begins again from its files, and nothing is sent twice
        that is stored."""
        self._live.clear()
        self._over.clear()
        self._search_at = 0.0
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def _say(self, key: str, text: str) -> None:
        if self._said.get(key) != text:
            self._said[key] = text
            self._tell(Imported("", "", 0, 0, {}, text))

    def _end(self) -> None:
        try:
            for live in self._live.values():
                self._tell(live.end())
        finally:
            if self._transport is not None:
                self._transport.close()
