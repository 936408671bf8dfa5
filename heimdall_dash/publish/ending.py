"""How runs end without `finish`: the program's end, a signal, a fork. One set of hooks for all runs
of a process; a run that is closed is forgotten.
"""

import atexit
import logging
import os
import signal
import sys
import threading
import weakref
from types import FrameType
from typing import Any, Protocol

log = logging.getLogger(__name__)

SIGNAL_PATIENCE_S = 3.0  # then the signal does what it would have done


class Run(Protocol):
    def end_with(self, error: BaseException | None, *, patience_s: float | None = None) -> None: ...

    def forget_process(self) -> None: ...


_runs: "weakref.WeakSet[Any]" = weakref.WeakSet()
_has_hooks = False


def watch(run: Run) -> None:
    """Tell `run` when the program ends, and in a forked child that it is not the trainer."""
    global _has_hooks
    _runs.add(run)
    if not _has_hooks:
        _has_hooks = True
        atexit.register(_at_exit)
        os.register_at_fork(after_in_child=_in_child)
    _observe_sigterm()


def forget(run: Run) -> None:
    _runs.discard(run)


def _at_exit() -> None:
    """A program that ends without closing: failed when it ends with a traceback."""
    error = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    for run in list(_runs):
        run.end_with(error)


def _in_child() -> None:
    for run in list(_runs):
        run.forget_process()
    _runs.clear()
    if signal.getsignal(signal.SIGTERM) is _on_sigterm:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _observe_sigterm() -> None:
    """Only where nobody else handles it, and only the main thread may ask."""
    if threading.current_thread() is not threading.main_thread():
        return
    try:
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, _on_sigterm)
    except ValueError:  # an interpreter inside another one
        return


def _on_sigterm(number: int, frame: FrameType | None) -> None:
    for run in list(_runs):
        try:
            run.end_with(Terminated("SIGTERM"), patience_s=SIGNAL_PATIENCE_S)
        except Exception:
            log.exception("a run could not be ended")
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # handed on: the process ends as it would have
    os.kill(os.getpid(), signal.SIGTERM)


class Terminated(BaseException):
    """Never raised: names a signal as the reason of an end."""
