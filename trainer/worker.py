"""`python -m trainer worker`: takes queued jobs, one at a time, and trains each in a child process.

RQ delivers, watches the child and survives it; whether a job is to be trained is decided by its
hash in the store. A stop (SIGTERM) checkpoints the running job and gives it back to the queue.
"""

import logging
import os
import signal
import socket
import sys
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from rq import Worker
from rq.serializers import JSONSerializer

from heimdall_dash.entries import NAME
from heimdall_dash.errors import HeimdallError, StartupRefused, StoreUnavailable
from heimdall_dash.records import Status
from heimdall_dash.settings import Settings, settings_or_exit
from heimdall_dash.store.connect import UNAVAILABLE, checked, connect_bytes
from heimdall_dash.store.signs import Workers
from heimdall_dash.store.store import Store
from heimdall_dash.store.stored_job import StoredJob
from trainer.hung import Hung
from trainer.stores import opened

log = logging.getLogger(__name__)

BEAT_S = 2.0
LOOK_AT_PARENT_S = 0.5


def main() -> int:
    """Work until a signal; returns the exit code."""
    settings = settings_or_exit()
    name = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
    try:
        url = checked(settings.store_url)
    except StartupRefused as error:
        print(f"Heimdall: {error}", file=sys.stderr)
        return 2
    stop_beating = _beat_in_background(url, name)
    if settings.redis_url is None:
        _end_when_moved(settings, url)
    try:
        worker = TrainingWorker(
            [NAME],
            name=name,
            connection=connect_bytes(url),
            serializer=JSONSerializer,
            job_monitoring_interval=5,
            log_job_description=False,
        )
        worker.work(logging_level="WARNING")
    except UNAVAILABLE as error:  # at the start; whoever started the worker starts it again
        log.error("The queue does not answer: %s", error)
        return 1
    finally:
        stop_beating()
    return 0


class TrainingWorker(Worker):
    """RQ's worker, which would stop for a store that is away, kill a child that it stops, and wait
    for ever for one that hangs."""

    _looks_at: tuple[str, int] | None = None
    _hung: Hung
    _ended_because = ""

    def handle_warm_shutdown_request(self) -> None:
        """Ask the child to checkpoint and to give its job back; RQ then waits for it."""
        if self.horse_pid:
            self.kill_horse(sig=signal.SIGTERM)

    def handle_work_horse_killed(self, job: Any, retpid: Any, ret_val: Any, rusage: Any) -> None:
        """The child died without a word (killed, out of memory): queue its job again."""
        job_id, attempt = job.args
        try:
            store, queue = opened(Settings())
            found = StoredJob(store.job(job_id))
            if found.attempt == attempt and found.status == Status.RUNNING:
                queue.take_over(found, self._ended_because or _death(ret_val))
        except (HeimdallError, *UNAVAILABLE) as error:
            log.warning("job %s is left to the watch of the web server: %s", job_id, error)

    def maintain_heartbeats(self, job: Any) -> None:
        note = super().maintain_heartbeats
        _while_away(lambda: note(job))
        self._end_when_hung(*job.args)

    def _end_when_hung(self, job_id: str, attempt: int) -> None:
        if self._looks_at != (job_id, attempt):
            self._looks_at = (job_id, attempt)
            self._hung = Hung(opened(Settings())[0], Settings().heimdall_hangs_after_s)
            self._ended_because = ""
        try:
            why = self._hung.why(job_id, attempt)
        except (HeimdallError, *UNAVAILABLE) as error:
            log.debug("nobody knows whether job %s hangs: %s", job_id, error)
            return
        if why and self.horse_pid:
            log.warning("The trainer of job %s is ended: %s", job_id, why)
            self._ended_because = f"its trainer hung: {why}"
            self.kill_horse(sig=signal.SIGKILL)

    def set_current_job_working_time(self, seconds: float, pipeline: Any = None) -> None:
        note = super().set_current_job_working_time
        _while_away(lambda: note(seconds, pipeline))

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        note = super().heartbeat
        _while_away(lambda: note(timeout, pipeline))


def _death(wait_status: int) -> str:
    """Why the child ended, in words. wait_status: as `os.waitpid` gives it."""
    number = wait_status & 0x7F
    if number == signal.SIGKILL:
        return "its trainer was killed (signal 9), by hand or by the system for lack of memory"
    if number:
        return f"its trainer was ended by signal {number} ({signal.strsignal(number)})"
    return f"its trainer ended with exit code {os.waitstatus_to_exitcode(wait_status)}"


def _while_away(bookkeeping: Callable[[], None]) -> None:
    """RQ's notes about a running job may wait; the training must not end for them."""
    try:
        bookkeeping()
    except UNAVAILABLE as error:
        log.debug("the queue does not answer: %s", error)


# -- one job, in the child ---------------------------------------------------------------------


def train(job_id: str, attempt: int) -> None:
    """Train a queued job to its end, or until it is asked to stop. RQ calls this by name."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: stop.set())
    _stop_with_parent(stop)
    # Here and not above: PyTorch is for the child alone. A worker that waits takes 40 MB, with
    # PyTorch it took 250.
    from trainer.attempt import attempted

    attempted(job_id, attempt, stop)


def _stop_with_parent(stop: threading.Event) -> None:
    """Stop when the worker dies: nobody could reach this process any more."""
    parent = os.getppid()

    def look() -> None:
        while not stop.wait(LOOK_AT_PARENT_S):
            if os.getppid() != parent:
                log.warning("the worker is gone: stopping")
                stop.set()

    threading.Thread(target=look, name="parent-watch", daemon=True).start()


# -- signs of life -----------------------------------------------------------------------------


def _beat_in_background(url: str, name: str) -> Callable[[], None]:
    """Keep saying that worker `name` lives; returns how to stop saying so."""
    store, stopped = Store(url), threading.Event()
    workers = Workers(store)

    def beat() -> None:
        while True:
            try:
                workers.beat(name)
            except StoreUnavailable as error:
                log.debug("no sign of life could be given: %s", error)
            if stopped.wait(BEAT_S):
                return

    thread = threading.Thread(target=beat, name="worker-beat", daemon=True)
    thread.start()

    def stop() -> None:
        stopped.set()
        thread.join(timeout=3.0)
        try:
            workers.forget(name)
        except StoreUnavailable as error:
            log.debug("the store does not answer: %s", error)
        store.close()

    return stop


def _end_when_moved(settings: Settings, url: str) -> None:
    """End as on a signal when the embedded store comes back at another address: RQ keeps to the
    one it began with. Whoever started the worker starts it again, at the new one."""

    def look() -> None:
        while True:
            time.sleep(BEAT_S)
            try:
                is_here = settings.store_url == url
            except StartupRefused:
                continue
            if not is_here:
                log.warning("The store has another address now: the worker is to be started again")
                os.kill(os.getpid(), signal.SIGTERM)
                return

    threading.Thread(target=look, name="address-watch", daemon=True).start()
