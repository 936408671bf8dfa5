"""A history too large to be held whole is loaded as one looks at it, closely where one does so."""

from collections.abc import Callable
from typing import Any

import pytest

from heimdall_dash import Job
from tests.browser.conftest import Page

pytestmark = pytest.mark.browser

StartJob = Callable[..., Job]
EPOCHS, METRICS = 6_000, 40
SPIKE = 3_217
LOADED = (
    "return Object.keys(dash_clientside.heimdall.page.feed.store.columns)"
    ".filter((name) => !['epoch', 'timestamp'].includes(name))"
)


def row(epoch: int) -> dict[str, float]:
    loss = 1e3 if epoch == SPIKE else 1.0 / (epoch + 1)
    return {"train/loss": loss, **{f"layer{k}/norm": epoch * k / 7 for k in range(1, METRICS)}}


def test_large_history_is_loaded_as_one_looks_at_it(reader: Page, train: StartJob) -> None:
    job = train("large", total_epochs=EPOCHS + 50)
    for epoch in range(EPOCHS):
        job.log(epoch, row(epoch))
    reader.open(f"?job={job.id}")
    chart = "other:loss"
    reader.wait(lambda: len(shown(reader, chart)) > 500, "the loss")
    xs = shown(reader, chart)
    assert len(xs) < 2_000
    assert xs[0] == 0
    assert SPIKE in xs  # an extreme survives
    assert 1e3 in reader.run(Y, chart)
    assert len(reader.run(LOADED)) < METRICS  # what is out of sight was not asked for

    reader.run(ZOOM, chart, [SPIKE - 20, SPIKE + 20])
    reader.wait(
        lambda: set(range(SPIKE - 20, SPIKE + 21)) <= set(shown(reader, chart)), "every step"
    )
    values = dict(zip(shown(reader, chart), reader.run(Y, chart), strict=True))
    assert values[SPIKE + 3] == row(SPIKE + 3)["train/loss"]

    reader.run(ZOOM, chart, None)
    reader.choose_segment("x-axis", "relative")
    stretch = reader.run(TIMES_OF, [1_000, 1_040])
    reader.run(ZOOM, chart, stretch)
    inside = lambda: [at for at in shown(reader, chart) if stretch[0] <= at <= stretch[1]]  # noqa: E731
    reader.wait(lambda: len(inside()) >= 41, "every step, also by time")
    reader.choose_segment("x-axis", "epoch")

    for epoch in range(EPOCHS, EPOCHS + 20):
        job.log(epoch, row(epoch))
    reader.wait(lambda: shown(reader, chart)[-1] == EPOCHS + 19, "the live end")
    assert set(range(EPOCHS, EPOCHS + 20)) <= set(shown(reader, chart))


Y = "return document.getElementById(arguments[0]).querySelector('.js-plotly-plot').data[0].y"
TIMES_OF = (  # of the nearest epochs that are here, seconds since the first
    "const {epoch, timestamp} = dash_clientside.heimdall.page.feed.store.columns;"
    "const at = (wanted) => epoch.findIndex((one) => one >= wanted);"
    "const since = (i) => (Date.parse(timestamp[i]) - Date.parse(timestamp[0])) / 1000;"
    "return [since(at(arguments[0][0])) - 1e-6, since(at(arguments[0][1]) + 1) + 1e-6]"
)
ZOOM = (
    "const page = dash_clientside.heimdall.page;"
    "page.zoomed(arguments[0], arguments[1] && {x: arguments[1], y: null})"
)


def shown(reader: Page, chart: str) -> list[Any]:
    """Horizontal positions of the chart's line; none while there is no chart."""
    found: list[Any] = reader.run(
        "return document.getElementById(arguments[0])?.querySelector('.js-plotly-plot')"
        "?.data?.[0]?.x ?? []",
        chart,
    )
    return found
