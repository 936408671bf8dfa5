"""Every epoch once, in order, whatever breaks: one run, each part broken in turn.

After each fault, and at the end: trained = stored = seen by each viewer = drawn in the browser.
"""

import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from dash.testing.browser import Browser

from tests.browser.conftest import LOST_LINK, Page
from tests.conftest import wait_for
from tests.faults.stage import WATCH_BADGE, Stage
from tests.faults.trainer import truth

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(900)]

RESULTS = Path(__file__).parents[2] / "bench" / "results" / "faults.json"


def held(seconds: float) -> None:
    """Let a fault last: the length of the outage is what is being tested."""
    deadline = time.monotonic() + seconds
    wait_for(lambda: time.monotonic() > deadline, seconds + 5)


def frozen(process: Any, seconds: float) -> None:
    os.kill(process.pid, signal.SIGSTOP)
    held(seconds)
    os.kill(process.pid, signal.SIGCONT)


def test_every_epoch_once_in_order_through_any_fault(
    dash_br: Browser, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = Stage(tmp_path)
    with stage.up():
        page = stage.page = Page(dash_br, stage)  # type: ignore[arg-type]
        page.driver.implicitly_wait(0)
        page.driver.set_window_size(1440, 1000)
        page.expected_errors = LOST_LINK
        wait_for(lambda: stage.stored()[0], 60, "the first epochs")
        page.open(f"?job={stage.job_id}")
        page.wait_badge("CONNECTED")
        page.run(WATCH_BADGE)
        wait_for(lambda: stage.has_all(50), 60, "all viewers to follow")
        for name, breaks_link, fault in faults(stage):
            stage.run(name, fault, breaks_link=breaks_link)
        stage.stop_trainer()
        check_the_end(stage)
        with capsys.disabled():
            report(stage)


def faults(stage: Stage) -> Iterator[tuple[str, bool, Any]]:
    def store_killed() -> None:
        stage.kill_store()
        held(3)
        stage.store.start()

    def store_emptied() -> None:
        stage.kill_store()
        stage.empty_store()
        held(1)
        stage.store.start()

    def store_frozen() -> None:
        frozen(stage.store.process, 20)

    def connections_cut() -> None:
        for client_id in stage.clients():
            stage.kill_client(client_id)
            held(0.2)

    def store_link_cut() -> None:
        stage.to_store.cut()
        held(3)
        stage.to_store.mend()

    def web_killed() -> None:
        stage.web.process.kill()
        stage.web.process.wait()
        held(1)
        stage.start_web()

    def web_restarted() -> None:
        stage.web.stop()
        stage.start_web()

    def web_frozen() -> None:
        frozen(stage.web.process, 15)

    def trainer_killed() -> None:
        stage.trainer.process.kill()
        stage.trainer.process.wait()
        stage.start_trainer()
        last = stage.trained()[-1]
        wait_for(lambda: stage.trained()[-1] > last + 5, 20, "the trainer to go on")

    def viewer_frozen() -> None:
        stage.watchers[1].freeze()
        held(8)
        stage.watchers[1].thaw()

    def viewers_cut() -> None:
        stage.to_web.cut()
        held(3)
        stage.to_web.mend()

    def viewers_stalled() -> None:
        stage.to_web.stall()
        held(14)
        stage.to_web.mend()

    def viewers_slowed() -> None:
        stage.to_web.slow(0.3)
        held(5)
        stage.to_web.mend()

    yield "store killed, restarted", False, store_killed
    yield "store killed, restarted empty", False, store_emptied
    yield "store frozen for 20 s", False, store_frozen
    yield "store's connections cut one by one", False, connections_cut
    yield "network web–store cut for 3 s", False, store_link_cut
    yield "web server killed, restarted", True, web_killed
    yield "web server restarted", True, web_restarted
    yield "web server frozen for 15 s", True, web_frozen
    yield "trainer killed, resumed", False, trainer_killed
    yield "a viewer frozen for 8 s", False, viewer_frozen
    yield "network viewers–web cut for 3 s", True, viewers_cut
    yield "network viewers–web silent for 14 s", True, viewers_stalled
    yield "network viewers–web slowed by 300 ms", False, viewers_slowed


def check_the_end(stage: Stage) -> None:
    """Compare everything that anybody has with what was trained."""
    trained = stage.trained()
    expected = list(range(len(trained)))
    values = [truth(epoch) for epoch in expected]
    assert trained == expected
    wait_for(lambda: stage.has_all(expected[-1]), 60, f"the last epoch: {stage.where()}")
    assert stage.stored() == (expected, values)
    for watcher in stage.watchers:
        assert watcher.problems == [], watcher.name
        assert watcher.epochs == expected, watcher.name
        assert watcher.losses == values, watcher.name
    assert stage.page.epochs() == expected
    drawn = stage.page.run(
        "const d = document.getElementById('loss-chart').querySelector('.js-plotly-plot').data[0];"
        "return [Array.from(d.x), Array.from(d.y)]"
    )
    assert drawn == [expected, values]


def report(stage: Stage) -> None:
    """The table that the README quotes."""
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps([asdict(row) for row in stage.rows], indent=1) + "\n")
    print("\n| fault | all caught up after | trained so far | lost | twice | badge |")
    print("|---|---|---|---|---|---|")
    for row in stage.rows:
        print(
            f"| {row.fault} | {row.recovery_s:.1f} s | {row.trained} "
            f"| {row.lost} | {row.twice} | {row.badge} |"
        )
    print(f"\ntrained = stored = seen by each viewer = drawn = {len(stage.trained())} epochs\n")
