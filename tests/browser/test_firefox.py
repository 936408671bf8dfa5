"""The same road through another browser: the page, the stream, a zoom, a lost link."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from heimdall_dash import Job
from tests.browser.conftest import WebProcess, log_epochs, metrics
from tests.browser.firefox import Firefox
from tests.conftest import wait_for

pytestmark = pytest.mark.browser

StartJob = Callable[..., Job]
PLOT = "document.querySelector('#loss-chart .js-plotly-plot')"
LOST_LINK = ("can’t establish a connection", "was interrupted")


def test_firefox_shows_the_stream_keeps_a_zoom_and_comes_back(
    server: WebProcess, start_job: StartJob, tmp_path: Path
) -> None:
    def drawn() -> list[Any]:
        return firefox.run(f"{PLOT}?.data?.[0]?.x ?? []") or []

    def badge(text: str) -> bool:
        found = firefox.run("document.getElementById('connection-badge')?.textContent")
        return bool(found == text)

    def chosen(text: str) -> bool:
        return text in firefox.run("document.getElementById('job-select').value")

    job = start_job()
    log_epochs(job, 1, 50)
    with Firefox(tmp_path / "firefox") as firefox:
        firefox.open(server.url)
        wait_for(lambda: drawn() == list(range(1, 51)), 30, "the history")
        wait_for(lambda: badge("CONNECTED"), 20, "the badge")
        log_epochs(job, 51, 80)
        wait_for(lambda: drawn() == list(range(1, 81)), 20, "the stream")

        firefox.drag("#loss-chart .nsewdrag", (0.3, 0.6))
        zoom = wait_for(
            lambda: (found := firefox.run(f"{PLOT}.layout.xaxis.range"))[1] < 79 and found, 10, "it"
        )
        log_epochs(job, 81, 90)
        wait_for(lambda: chosen("90/500"), 20, "more epochs")
        assert firefox.run(f"{PLOT}.layout.xaxis.range") == zoom

        server.kill()
        wait_for(lambda: badge("CONNECTING..."), 20, "the badge to tell of the lost link")
        for epoch in range(91, 101):
            job.log(epoch, **metrics(epoch))
        server.start()
        wait_for(lambda: badge("CONNECTED"), 40, "the link to come back")
        wait_for(lambda: chosen("100/500"), 20, "the epochs")
        firefox.open(server.url)
        wait_for(lambda: drawn() == list(range(1, 101)), 30, "all epochs")
        unexpected = [text for text in firefox.errors if not any(w in text for w in LOST_LINK)]
        assert unexpected == []
