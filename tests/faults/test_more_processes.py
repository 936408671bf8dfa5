"""Two web processes on one port (`WEB_CONCURRENCY=2`): the viewers are shared among them, and one
of them, both or the store may go."""

from collections.abc import Callable, Iterator
from contextlib import suppress

import psutil
import pytest

from tests.conftest import wait_for
from tests.faults.stage import Stage
from tests.faults.test_faults import store_killed
from tests.processes import lives

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(300)]

SERVE = "multiprocessing.spawn"  # in the command line of a process that uvicorn's first one started
FOLLOWS = "The store answers: following it"  # what each says once it serves


@pytest.fixture(scope="module")
def doubled(whole_stage: Stage) -> Iterator[Stage]:
    """The stage with two web processes; afterwards with one again."""
    whole_stage.recover()
    whole_stage.web.stop()
    whole_stage.start_web(WEB_CONCURRENCY="2")
    wait_for(lambda: whole_stage.web.output.count(FOLLOWS) == 2, 60, "two web processes")
    yield whole_stage
    whole_stage.web.stop()
    whole_stage.start_web()


def serving(stage: Stage) -> list[psutil.Process]:
    found = []
    for process in stage.web.family():
        with suppress(psutil.NoSuchProcess):
            if any(SERVE in word for word in process.cmdline()) and lives(process):
                found.append(process)
    return found


def one_killed(stage: Stage) -> None:
    dead = serving(stage)[0]
    dead.kill()
    wait_for(lambda: not lives(dead), what="the process to end")


def both_killed(stage: Stage) -> None:
    for process in serving(stage):
        process.kill()


# what is done, how many processes begin to serve anew, and whether the badge must tell of it
FAULTS: dict[str, tuple[Callable[[Stage], None], int, bool]] = {
    "one of two web processes killed": (one_killed, 1, False),  # the page may be with the other
    "both web processes killed": (both_killed, 2, True),
    "store killed under two web processes": (store_killed, 2, False),
}


@pytest.mark.parametrize("name", FAULTS)
def test_every_epoch_is_everywhere_once_and_in_order_after(doubled: Stage, name: str) -> None:
    doubled.recover()
    fault, anew, breaks_link = FAULTS[name]
    before = doubled.web.output.count(FOLLOWS)
    doubled.run(name, lambda: fault(doubled), breaks_link=breaks_link)
    wait_for(lambda: doubled.web.output.count(FOLLOWS) >= before + anew, 60, f"both after {name}")
    assert len(serving(doubled)) == 2
