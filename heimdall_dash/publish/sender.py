"""The background thread that keeps the store equal to the local log.

Guarantees: the store gets every row of the log in order, also after an outage, and also when it
came back empty or with less than it once confirmed: it says so (StoreBehind), and the rows are
sent again from there. Stops for good only when the store says that this writer is too old or
the job over.
"""

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from heimdall_dash.errors import (
    HeimdallError,
    IllegalTransition,
    StaleAttempt,
    StartupRefused,
    StoreUnavailable,
    UnknownJob,
)
from heimdall_dash.log import Rarely
from heimdall_dash.publish.journal import Journal
from heimdall_dash.records import FINAL, NO_EPOCH, Row, Status, utc_now
from heimdall_dash.store.store import JobOver, Store, StoreBehind, StoreRefused

log = logging.getLogger(__name__)

TICK_S = 0.2  # how often the store is asked what is wanted of the trainer
BEAT_S = 2.0  # how often the store is told that the trainer lives
RETRY_MAX_S = 1.0
BATCH_ROWS = 200


class Bell:
    """A `threading.Event` that clears itself, at half the cost for the one who rings: a lock."""

    def __init__(self) -> None:
        self._silence = threading.Lock()  # held while nobody has rung
        self._silence.acquire()

    def ring(self) -> None:
        try:
            if self._silence.locked():
                self._silence.release()
        except RuntimeError:  # another thread rang at this moment
            pass

    def wait(self, timeout_s: float) -> bool:
        """Whether it rang within `timeout_s`."""
        return self._silence.acquire(timeout=timeout_s)

    @property
    def has_rung(self) -> bool:
        return not self._silence.locked()


class Sender:
    def __init__(
        self,
        journal: Journal,
        birth: dict[str, Any],
        attempt: int,
        open_store: Callable[[], Store],
        *,
        revives: bool = False,
    ) -> None:
        self._journal, self._birth, self._attempt = journal, birth, attempt
        self._job_id: str = birth["id"]
        self._revives = revives  # the job may be paused or ended and is to run again
        self._open_store = open_store
        self._store: Store | None = None
        self._offset = 0  # of the log: what lies before was confirmed by the store
        self._batch: deque[tuple[Row, int]] = deque()  # read from the log, not yet confirmed
        self._confirmed: int | None = None  # the store's last epoch, None before it was asked
        self.unwritten: deque[Row] = deque(maxlen=10_000)  # rows that a full disk refused
        self._news: deque[dict[str, Any]] = deque()  # changes to make, in order, behind the rows
        self._facts: dict[str, Any] | None = None
        self._bell = Bell()
        self._asked = 0  # counts calls of `wake`; all up to `_served` are delivered
        self._served = 0
        self._served_more = threading.Condition()
        self._stop = threading.Event()
        self._beat_at = 0.0
        self._failures = 0
        self._rarely = Rarely(log)
        self.desired: str = Status.RUNNING
        self.refused: HeimdallError | None = None
        self._thread = threading.Thread(
            target=self._run, name=f"heimdall-sender-{self._job_id[:8]}", daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """There is something to send."""
        self._asked += 1
        self._bell.ring()

    def tell(self, change: dict[str, Any]) -> None:
        """Make this change of the job once all rows logged so far are stored."""
        self._news.append(change)
        self.wake()

    def state_facts(self, facts: dict[str, Any]) -> None:
        self._facts = facts
        self.wake()

    def wait_until_delivered(self, timeout_s: float) -> bool:
        """Whether everything reached the store within `timeout_s`."""
        asked = self._asked
        with self._served_more:
            self._served_more.wait_for(
                lambda: self._served >= asked or self.refused is not None, timeout_s
            )
        return self._served >= asked and self.refused is None

    def stop(self) -> None:
        self._stop.set()
        self._bell.ring()
        self._thread.join(timeout=10.0)
        if self._store is not None:
            self._store.close()

    # -- the thread ------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stop.is_set():
            self._bell.wait(TICK_S)
            asked = self._asked
            try:
                self._reconcile()
                if not self._bell.has_rung:  # else something came back or came in: once more
                    self._serve(asked)
                self._failures = 0
            except (StoreUnavailable, StartupRefused) as error:
                self._lost(error)
            except (StaleAttempt, JobOver, UnknownJob, IllegalTransition) as error:
                self.refuse(error)
                return
            except Exception:
                log.exception("the sender of job %s failed, trying again", self._job_id)
                self._stop.wait(RETRY_MAX_S)

    def _reconcile(self) -> None:
        store = self._opened()
        if self._confirmed is None:
            self._begin(store)
        self._send_rows(store)
        while self._news:
            try:
                self._change(store, self._news[0])
            except (StoreRefused, TypeError, ValueError):
                log.exception("Job %s: a change cannot be stored and is left out", self._job_id)
            self._news.popleft()
        self._look(store)

    def _serve(self, asked: int) -> None:
        with self._served_more:
            self._served = max(self._served, asked)
            self._served_more.notify_all()

    def _begin(self, store: Store) -> None:
        """Find where the store stands; make the job there, or let it run again."""
        try:
            if self._revives:
                store.change(
                    self._job_id, event="training:started", least_attempt=self._attempt,
                    fields={
                        "status": Status.RUNNING, "attempt": self._attempt,
                        "heartbeat_at": utc_now(),
                    },
                    remove=["desired", "completed_at", "error_message", "ended_because"],
                )  # fmt: skip
                self._revives = False
            self._confirmed = int(store.job(self._job_id)["last_epoch"])
        except UnknownJob:
            if self._birth_facts is not None:
                self._facts = self._facts or self._birth_facts
            store.append(self._job_id, [], attempt=self._attempt, birth=self._birth)
            self._confirmed = NO_EPOCH

    def _send_rows(self, store: Store) -> None:
        while True:
            self._fill_batch()
            rows = [row for row, _ in self._batch]
            known = self._confirmed if self._confirmed is not None else NO_EPOCH
            fresh = [row for row in rows if row["epoch"] > known]
            if not rows and self._facts is None:
                return
            if fresh or self._facts is not None:
                self._append(store, fresh, known)
            if self._batch:
                self._offset = self._batch[-1][1]
                self._batch.clear()

    def _append(self, store: Store, rows: list[Row], known: int) -> None:
        facts = self._facts
        try:
            done = store.append(
                self._job_id, rows, attempt=self._attempt, birth=self._birth, facts=facts,
                known_last=known,
            )  # fmt: skip
        except StoreBehind as behind:
            log.warning("Job %s: %s; sending the rest again", self._job_id, behind)
            self._rewind(behind.last_epoch)
            raise StoreUnavailable(str(behind)) from behind
        self._confirmed = done.last_epoch
        if facts is self._facts:
            self._facts = None
        if rows:
            self._rarely.info(
                "epoch", "Published training:progress of job %s: %d epochs up to %d",
                self._job_id, len(rows), rows[-1]["epoch"],
            )  # fmt: skip

    def _rewind(self, last_epoch: int) -> None:
        """Read the log from its beginning; what the store still has is passed over."""
        self._confirmed, self._offset = last_epoch, 0
        self._batch.clear()
        self._facts = self._facts or self._birth_facts
        self._bell.ring()

    @property
    def _birth_facts(self) -> dict[str, Any] | None:
        return (self._journal.birth() or {}).get("facts")

    def _fill_batch(self) -> None:
        if not self._batch:
            rows, end = self._journal.read(self._offset)
            known = self._confirmed if self._confirmed is not None else NO_EPOCH
            fresh = [row for row in rows if row["epoch"] > known]
            if not fresh:
                self._offset = end
            elif len(fresh) <= BATCH_ROWS:
                self._batch.extend((row, end) for row in fresh)
            else:  # confirm a part; the rest is read again from the same place
                self._batch.extend((row, self._offset) for row in fresh[:BATCH_ROWS])
            if not fresh and self.unwritten:
                self._batch.extend((self.unwritten.popleft(), end) for _ in [*self.unwritten])

    def _change(self, store: Store, change: dict[str, Any]) -> None:
        try:
            store.change(self._job_id, least_attempt=self._attempt, **change)
        except UnknownJob:
            self._forgotten()

    def _look(self, store: Store) -> None:
        """Show that this trainer lives, and see what is wanted of it."""
        now = time.monotonic()
        try:
            if now >= self._beat_at:
                fields = store.change(
                    self._job_id, least_attempt=self._attempt,
                    fields={"heartbeat_at": utc_now(), "beats": "1"},
                )  # fmt: skip
                self._beat_at = now + BEAT_S
            else:
                fields = store.job(self._job_id)
        except UnknownJob:
            self._forgotten()
        if int(fields.get("last_epoch", NO_EPOCH)) < (self._confirmed or 0):
            self._rewind(int(fields.get("last_epoch", NO_EPOCH)))
        if int(fields.get("attempt", 0)) > self._attempt:
            raise StaleAttempt(f"job {self._job_id} was taken over by attempt {fields['attempt']}")
        if fields["status"] in FINAL:
            self.desired = fields["status"]
        else:
            self.desired = fields.get("desired") or Status.RUNNING

    def _forgotten(self) -> None:
        """The store does not know the job: it came back empty (or the job was deleted)."""
        self._rewind(NO_EPOCH)
        store = self._opened()
        store.append(self._job_id, [], attempt=self._attempt, birth=self._birth)
        raise StoreUnavailable("the store came back empty; filling it again")

    def _opened(self) -> Store:
        if self._store is None:
            self._store = self._open_store()
        return self._store

    def _lost(self, error: Exception) -> None:
        """Every outage once in the log; a new client each time, since the address may change."""
        if self._failures == 0:
            log.warning("Job %s: %s; epochs stay in the local log", self._job_id, error)
        self._failures += 1
        if self._store is not None:
            self._store.close()
        self._store = None
        if self._confirmed is not None:
            self._bell.ring()
        delay_s = min(RETRY_MAX_S, 0.05 * 2 ** min(self._failures, 6))
        self._stop.wait(delay_s * random.uniform(0.5, 1.0))

    def refuse(self, error: HeimdallError) -> None:
        """The store, or the local log, takes no more of this run."""
        log.warning("Job %s: the store takes no more of this run: %s", self._job_id, error)
        self.refused = error
        self.desired = Status.CANCELLED
        with self._served_more:
            self._served_more.notify_all()
