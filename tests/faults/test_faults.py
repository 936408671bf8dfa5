"""Every epoch once, in order, whatever breaks: one run, each part broken in turn.

After each fault: trained = stored = seen by each viewer = drawn in the browser.
"""

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import wait_for
from tests.faults.stage import Stage

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(300)]


def held(seconds: float) -> None:
    """Let a fault last: the length of the outage is what is being tested."""
    deadline = time.monotonic() + seconds
    wait_for(lambda: time.monotonic() > deadline, seconds + 5)


def frozen(process: Any, seconds: float) -> None:
    os.kill(process.pid, signal.SIGSTOP)
    held(seconds)
    os.kill(process.pid, signal.SIGCONT)


def store_killed(stage: Stage) -> None:
    stage.kill_store()
    held(3)
    stage.store.start()


def store_emptied(stage: Stage) -> None:
    stage.kill_store()
    stage.empty_store()
    held(1)
    stage.store.start()


def store_frozen(stage: Stage) -> None:
    frozen(stage.store.process, 20)


def connections_cut(stage: Stage) -> None:
    for client_id in stage.clients():
        stage.kill_client(client_id)
        held(0.2)


def store_link_cut(stage: Stage) -> None:
    stage.to_store.cut()
    held(3)
    stage.to_store.mend()


def web_killed(stage: Stage) -> None:
    stage.web.process.kill()
    stage.web.process.wait()
    held(1)
    stage.start_web()


def web_restarted(stage: Stage) -> None:
    stage.web.stop()
    stage.start_web()


def web_frozen(stage: Stage) -> None:
    frozen(stage.web.process, 15)


def trainer_killed(stage: Stage) -> None:
    stage.trainer.process.kill()
    stage.trainer.process.wait()
    stage.trainer = stage.start_trainer(stage.job_id)
    last = stage.trained()[-1]
    wait_for(lambda: stage.trained()[-1] > last + 5, 20, "the trainer to go on")


def viewer_frozen(stage: Stage) -> None:
    stage.watchers[1].freeze()
    held(8)
    stage.watchers[1].thaw()


def viewers_cut(stage: Stage) -> None:
    stage.to_web.cut()
    held(3)
    stage.to_web.mend()


def viewers_stalled(stage: Stage) -> None:
    stage.to_web.stall()
    held(14)
    stage.to_web.mend()


def viewers_slowed(stage: Stage) -> None:
    stage.to_web.slow(0.3)
    held(5)
    stage.to_web.mend()


Fault = Callable[[Stage], None]
FAULTS: dict[str, tuple[Fault, bool]] = {  # what is done, and whether the badge must tell of it
    "store killed, restarted": (store_killed, False),
    "store killed, restarted empty": (store_emptied, False),
    "store frozen for 20 s": (store_frozen, False),
    "store's connections cut one by one": (connections_cut, False),
    "network web–store cut for 3 s": (store_link_cut, False),
    "web server killed, restarted": (web_killed, True),
    "web server restarted": (web_restarted, True),
    "web server frozen for 15 s": (web_frozen, True),
    "trainer killed, resumed": (trainer_killed, False),
    "a viewer frozen for 8 s": (viewer_frozen, False),
    "network viewers–web cut for 3 s": (viewers_cut, True),
    "network viewers–web silent for 14 s": (viewers_stalled, True),
    "network viewers–web slowed by 300 ms": (viewers_slowed, False),
}


@pytest.mark.parametrize("name", FAULTS)
def test_every_epoch_is_everywhere_once_and_in_order_after(stage: Stage, name: str) -> None:
    fault, breaks_link = FAULTS[name]
    stage.run(name, lambda: fault(stage), breaks_link=breaks_link)
