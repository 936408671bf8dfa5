"""A page that is left open holds what it shows, and no more; the long form is the bench `soak`."""

from collections.abc import Callable

import pytest

from bench.soak import held
from heimdall_dash import Job
from tests.browser.conftest import Page, log_epochs

pytestmark = pytest.mark.browser

ROUND = 150  # epochs
BYTES_AN_EPOCH = 20_000  # twenty numbers, each held by the store, a line and Plotly: about 2 kB
NODES = 400  # ticks, a hint: no round has exactly those of another


def test_page_that_stays_open_while_epochs_come_does_not_grow(
    page: Page, start_job: Callable[..., Job]
) -> None:
    job = start_job(total_epochs=10_000)
    log_epochs(job, 0, ROUND - 1)
    page.open()
    found = []
    for number in range(1, 5):
        page.wait(lambda last=number * ROUND - 1: page.drawn()[-1:] == [last], "the newest epoch")
        found.append(held(page.driver))
        for epoch in range(number * ROUND, (number + 1) * ROUND):
            log_epochs(job, epoch, epoch)
            if epoch % 10 == 0:  # so that they come in many frames
                page.wait(lambda epoch=epoch: page.epochs()[-1:] == [epoch], "an epoch")
    first, *_, last = found[1:]  # the first round still loads what is loaded once
    assert last["nodes"] - first["nodes"] < NODES
    assert last["listeners"] - first["listeners"] < NODES
    assert (last["heap_mb"] - first["heap_mb"]) * 2**20 < 2 * ROUND * BYTES_AN_EPOCH
