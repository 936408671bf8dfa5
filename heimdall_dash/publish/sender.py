"""The background thread that keeps a dashboard equal to the local log.

Guarantees: it gets every line of the log in order, also after an outage, and also when its store
came back empty or with less than it once confirmed. Stops for good only when the store says that
this writer is too old or the job deleted. What it costs, it costs the training: it wakes for news
at most every few hundredths of a second, and works in small batches.
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from typing import Any

from heimdall_dash.errors import HeimdallError, StaleAttempt, StartupRefused, UnknownJob
from heimdall_dash.log import Rarely
from heimdall_dash.publish.bell import Bell
from heimdall_dash.publish.drain import Drain
from heimdall_dash.publish.journal import Journal
from heimdall_dash.publish.transport import Claim, Standing, Transport
from heimdall_dash.records import Status

log = logging.getLogger(__name__)

TICK_S = 0.2  # how often the store is asked what is wanted of the trainer
BEAT_S = 2.0  # how often the store is told that the trainer lives
RETRY_MAX_S = 1.0
LEAST_GAP_S = 0.02  # between two rounds: a loop that logs without pause is not disturbed more


class Sender:
    def __init__(
        self,
        journal: Journal,
        claim: Claim,
        open_transport: Callable[[], Transport],
        begun: Callable[[Standing], None],
    ) -> None:
        """open_transport: raises StoreUnavailable or StartupRefused while nobody is there.
        begun: told, in the sender's thread, what the other side knows of the run."""
        self._journal, self._claim = journal, claim
        self._open_transport, self._begun = open_transport, begun
        self._drain: Drain | None = None
        self._bell = Bell()
        self._asked = 0  # counts calls of `wake`; all up to `_served` are delivered
        self._served = 0
        self._served_more = threading.Condition()
        self._stop = threading.Event()
        self._beat_at = self._look_at = 0.0
        self._failures = 0
        self._rarely = Rarely(log)
        self.trouble: str | None = None  # why nothing can be delivered at present
        self.was_there = False  # whether the other side ever answered
        self.desired: str = Status.RUNNING
        self.refused: HeimdallError | None = None
        self._thread = threading.Thread(
            target=self._run, name=f"heimdall-sender-{claim.job_id[:8]}", daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    @property
    def attempt(self) -> int:
        return self._claim.attempt if self._drain is None else self._drain.claim.attempt

    @property
    def delivered_bytes(self) -> int:
        drain, own = self._drain, self._journal.own
        return 0 if drain is None or own is None else drain.place(own)

    def wake(self) -> None:
        """There is something to send."""
        self._asked += 1
        self._bell.ring()

    def wait_until_delivered(self, patience_s: float, watch: Callable[[], Any]) -> bool:
        """Whether everything was delivered: waits while it goes on, and `patience_s` when it does
        not. watch: called now and then while waiting."""
        asked, seen = self._asked, -1
        deadline = time.monotonic() + patience_s
        with self._served_more:
            while self._served < asked and self.refused is None:
                if self._progress() != seen:
                    seen, deadline = self._progress(), time.monotonic() + patience_s
                if time.monotonic() >= deadline or not self._thread.is_alive():
                    break
                self._served_more.wait(0.1)
                watch()
        return self._served >= asked and self.refused is None

    def stop(self) -> None:
        self._stop.set()
        self._bell.ring()
        self._thread.join(timeout=10.0)

    def refuse(self, error: HeimdallError) -> None:
        """The store, or the local log, takes no more of this run."""
        log.warning("Job %s: the store takes no more of this run: %s", self._claim.job_id, error)
        self.refused = error
        self.desired = Status.CANCELLED
        with self._served_more:
            self._served_more.notify_all()

    # -- the thread ------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._bell.wait(TICK_S)
                asked, began = self._asked, time.monotonic()
                try:
                    self._round()
                    self._serve(asked)  # whatever was logged before the round is through
                    self._failures = 0
                    self.trouble = None
                except (StaleAttempt, UnknownJob) as error:
                    self.refuse(error)
                    return
                except (HeimdallError, StartupRefused, OSError) as error:
                    self._lost(error)
                except Exception as error:
                    log.exception("the sender of job %s failed, trying again", self._claim.job_id)
                    self._lost(error)
                self._stop.wait(max(0.0, LEAST_GAP_S - (time.monotonic() - began)))
        finally:
            self._close()

    def _round(self) -> None:
        drain = self._opened()
        before = drain.sent_lines
        own = self._journal.own
        if own is not None:
            with own.turn:
                own.flush()
        try:
            drain.empty(self._journal.files(), lambda: not self._stop.is_set())
            self._look(drain)
        except UnknownJob:  # the store came back empty; or the job was deleted: `begin` says which
            log.warning("Job %s: the store does not know it any more", self._claim.job_id)
            self._drain = self._begin(drain.transport)
            drain = self._drain
            drain.empty(self._journal.files(), lambda: not self._stop.is_set())
        if drain.sent_lines > before:
            self._rarely.info(
                "epoch", "Published training:progress of job %s: %d writes",
                self._claim.job_id, drain.sent_lines - before,
            )  # fmt: skip

    def _opened(self) -> Drain:
        if self._drain is None:
            self._drain = self._begin(self._open_transport())
        return self._drain

    def _begin(self, transport: Transport) -> Drain:
        drain = Drain(transport, self._claim)
        try:
            standing = drain.begin()
        except BaseException:
            transport.close()
            raise
        self._claim = drain.claim
        self.was_there = True
        self.desired = standing.desired
        self._begun(standing)
        return drain

    def _look(self, drain: Drain) -> None:
        """Show that this trainer lives, and see what is wanted of it."""
        now = time.monotonic()
        if now < self._look_at:
            return
        beats = now >= self._beat_at
        standing = drain.transport.look(drain.claim, beats=beats)
        self._look_at = time.monotonic() + TICK_S * 0.9
        if beats:
            self._beat_at = now + BEAT_S
        self.desired = standing.desired
        own = self._journal.own
        if own is not None and standing.places.get(own.token, 0) < drain.place(own):
            raise UnknownJob(drain.claim.job_id)  # it has less than it confirmed: begin again

    def _serve(self, asked: int) -> None:
        with self._served_more:
            self._served = max(self._served, asked)
            self._served_more.notify_all()

    def _progress(self) -> int:
        drain = self._drain
        return 0 if drain is None else drain.sent_lines

    def _lost(self, error: Exception) -> None:
        """Every outage once in the log; a new road each time, since the address may change."""
        self.trouble = str(error)
        if self._failures == 0:
            log.warning("Job %s: %s; epochs stay in the local log", self._claim.job_id, error)
        self._failures += 1
        self._close()
        delay_s = min(RETRY_MAX_S, 0.05 * 2 ** min(self._failures, 6))
        self._stop.wait(delay_s * random.uniform(0.5, 1.0))
        self._bell.ring()

    def _close(self) -> None:
        drain, self._drain = self._drain, None
        if drain is not None:
            try:
                drain.transport.close()
            except Exception as error:  # it is gone already
                log.debug("closing failed: %s", error)
