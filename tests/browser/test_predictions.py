"""Calibration diagrams and kept predictions of runs that are not our demonstration's, live."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from heimdall_dash import Job
from heimdall_dash.calibration import chance_floors, classification_metrics, regression_metrics
from tests.browser.conftest import Page
from tests.browser.test_accessibility import violations

pytestmark = [pytest.mark.browser, pytest.mark.slow]

StartJob = Callable[..., Job]
POINTS = 600
RNG = np.random.default_rng(11)
TRUTH, NOISE = RNG.uniform(20, 80, POINTS), RNG.normal(size=POINTS)
PLANE, PLANE_NOISE = RNG.uniform(-20, 20, (POINTS, 2)), RNG.normal(size=(POINTS, 2))
CHART = "predictions-chart"


def log_ages(job: Job, epoch: int) -> None:
    sigma = np.full(POINTS, 2.0 + 20 / epoch)
    mean = TRUTH + sigma * NOISE
    job.log(epoch, {"val": regression_metrics(mean, sigma, TRUTH, unit="years")})
    job.predictions(epoch, truth=TRUTH, mean=mean, sigma=sigma, unit="years", axes=["Age"])


def log_tracks(job: Job, epoch: int) -> None:
    size = 1 + 4 / epoch
    covariance = np.tile(size**2 * np.array([[1.0, 0.5], [0.5, 1.0]]), (POINTS, 1, 1))
    mean = PLANE + PLANE_NOISE @ np.linalg.cholesky(covariance[0]).T
    row = regression_metrics(mean, covariance, PLANE, unit="m")
    job.log(epoch, {f"test_{name}": value for name, value in row.items()})
    job.predictions(
        epoch, truth=PLANE, mean=mean, covariance=covariance, unit="m",
        labels=[f"<b>{n}</b>" for n in range(POINTS)], places={"gate": (0, 25)},
    )  # fmt: skip


def log_classes(job: Job, epoch: int) -> None:
    labels = np.arange(POINTS) % 4
    logits = np.random.default_rng(2).normal(size=(POINTS, 4))
    logits[np.arange(POINTS), labels] += epoch
    chances = np.exp(logits)
    job.log(epoch, classification_metrics(chances / chances.sum(1, keepdims=True), labels))


def open_job(reader: Page, job: Job, query: str = "") -> None:
    reader.open(f"?job={job.id}{query}")
    reader.wait(lambda: reader.run("return dash_clientside.heimdall.page.feed.state") == "ready")


def cards(reader: Page) -> list[str]:
    """Diagrams and predictions, as they stand among the charts."""
    found: list[str] = reader.run(
        "return [...document.querySelectorAll('.chart-card')].map((card) => card.dataset.chart)"
        ".filter((id) => id.startsWith('diagram:') || id === arguments[0])",
        CHART,
    )
    return found


def names(reader: Page, chart: str) -> list[str]:
    """What the chart's legend says."""
    reader.show(chart)
    found: list[str] = reader.run(
        "const box = document.getElementById(arguments[0]);"
        "return (box.querySelector('.js-plotly-plot')?.data ?? [])"
        ".filter((trace) => trace.showlegend !== false).map((trace) => trace.name)",
        chart,
    )
    return found


def held(reader: Page) -> str:
    found: str = reader.run("return document.querySelector('.held')?.textContent ?? ''")
    return found


def slide(reader: Page, card: str, value: int) -> None:
    """As a hand on the slider of a card does."""
    reader.run(
        "const card = document.querySelector(`[data-chart=${JSON.stringify(arguments[0])}]`);"
        "const input = card.querySelector('input[type=range]');"
        "input.value = arguments[1]; input.dispatchEvent(new Event('input', {bubbles: true}))",
        card, value,
    )  # fmt: skip


def test_diagrams_of_a_regression_run_are_live_and_lay_another_epoch_beside_the_newest(
    reader: Page, train: StartJob
) -> None:
    job = train("age from scans", total_epochs=40)
    job.describe(chance_floors(POINTS))
    for epoch in (1, 2, 3):
        log_ages(job, epoch)
    open_job(reader, job)
    kinds = ("reliability", "coverage", "pit", "sharpness")
    expected = [f"diagram:{kind}:val/{'_years' if kind == 'sharpness' else ''}" for kind in kinds]
    reader.wait(lambda: cards(reader) == [CHART, *expected], "the diagrams")
    for chart in expected[:3]:
        assert "Epoch 3" in names(reader, chart)
        assert any("Chance" in name for name in names(reader, chart))
    log_ages(job, 4)
    reader.wait(lambda: "Epoch 4" in names(reader, expected[0]), "the newest epoch")
    slide(reader, expected[2], 2)
    for chart in expected[:4]:
        reader.wait(lambda chart=chart: {"Epoch 2", "Epoch 4"} <= set(names(reader, chart)), chart)
    reader.wait(lambda: "reliability=2" in reader.driver.current_url, "the address")
    open_job(reader, job, "&reliability=1")
    reader.wait(lambda: "Epoch 1" in names(reader, expected[1]), "the epoch of the link")


def test_predictions_of_one_dimension_are_live_and_the_slider_goes_back(
    reader: Page, train: StartJob
) -> None:
    job = train("age from scans", total_epochs=40)
    for epoch in (1, 5):
        log_ages(job, epoch)
    open_job(reader, job)
    reader.wait(lambda: held(reader).startswith("Epoch 5"), "the newest")
    assert "of 256 hold the truth" in held(reader)
    assert reader.wait(lambda: names(reader, CHART), "the chart")[2] == "Exact"
    assert reader.layout(CHART, "xaxis.title.text") == "True: Age (years)"
    size = "const box = document.getElementById(arguments[0]); return box.clientHeight"
    assert reader.run(size, CHART) > 300, "a plot that has room"
    log_ages(job, 9)
    reader.wait(lambda: held(reader).startswith("Epoch 9"), "the newest by itself")
    slide(reader, CHART, 0)
    reader.wait(lambda: held(reader).startswith("Epoch 1:"), "the first")
    log_ages(job, 13)
    reader.wait(lambda: len(reader.run(
        "return dash_clientside.heimdall.page.predictions.epochs")) == 4, "the fourth")  # fmt: skip
    assert held(reader).startswith("Epoch 1:"), "what the reader chose stays"
    reader.wait(lambda: "predicted=1" in reader.driver.current_url, "the address")
    slide(reader, CHART, 3)
    reader.wait(lambda: held(reader).startswith("Epoch 13"), "the newest again")
    open_job(reader, job, "&predicted=5")
    reader.wait(lambda: held(reader).startswith("Epoch 5:"), "the epoch of the link")


def test_predictions_of_two_dimensions_stand_on_a_plane_of_equal_scales_with_the_worst_listed(
    reader: Page, train: StartJob
) -> None:
    job = train("pedestrians")
    log_tracks(job, 1)
    open_job(reader, job)
    reader.wait(lambda: held(reader).startswith("Epoch 1"), "the plane")
    reader.wait(lambda: len(names(reader, CHART)) == 4, "its legend")
    x, y = (reader.layout(CHART, f"{axis}.range") for axis in ("xaxis", "yaxis"))
    size = reader.run(
        "return document.getElementById(arguments[0]).querySelector('.js-plotly-plot')"
        "._fullLayout._size",
        CHART,
    )
    per_pixel = ((x[1] - x[0]) / size["w"], (y[1] - y[0]) / size["h"])
    assert per_pixel[0] == pytest.approx(per_pixel[1], rel=0.02)
    rows = reader.run(
        "return [...document.querySelectorAll('.worst tbody tr')].map((row) => row.innerText)"
    )
    assert len(rows) == 8
    assert rows[0].startswith("<b>"), "a label is text"
    worst = [float(row.split("\t")[-1]) for row in rows]
    assert worst == sorted(worst, reverse=True)
    places = reader.run(
        "const box = document.getElementById(arguments[0]);"
        "return box.querySelector('.js-plotly-plot').data.at(-1).text",
        CHART,
    )
    assert places == ["gate"]


def test_classifier_shows_accuracy_over_confidence_and_a_plain_run_no_diagram(
    reader: Page, train: StartJob
) -> None:
    job, plain = train("cats and dogs"), train("plain")
    log_classes(job, 1)
    plain.log(1, loss=1.0)
    open_job(reader, job)
    reader.wait(lambda: cards(reader) == ["diagram:confidence:"], "the diagram")
    assert "Share of the samples" in names(reader, "diagram:confidence:")
    open_job(reader, plain)
    reader.wait(lambda: reader.run("return document.getElementById('other:loss') !== null"))
    assert cards(reader) == []


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_diagrams_and_predictions_have_no_axe_violations_and_fit_a_phone(
    reader: Page, train: StartJob, width: int, scheme: str
) -> None:
    job = train("pedestrians")
    for epoch in (1, 2):
        log_tracks(job, epoch)
    reader.screen(width, scheme)
    open_job(reader, job)
    reader.wait(lambda: held(reader).startswith("Epoch 2"), "the plane")
    reader.show(CHART)
    assert violations(reader) == []
    wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert reader.run(wide) == 0


def test_frame_shows_one_chart_alone_and_keeps_it_live(reader: Page, train: StartJob) -> None:
    job = train("age from scans")
    log_ages(job, 1)

    def shown() -> list[Any]:
        found: list[Any] = reader.run(
            "return [...document.querySelectorAll('.chart-card, .app-header, .job-bar')]"
            ".filter((box) => box.getClientRects().length > 0)"
            ".map((box) => box.dataset.chart ?? box.className)"
        )
        return found

    for chart, card in (
        ("val/z_std", "other:z_std"), ("diagram:pit:val/", "diagram:pit:val/"),
        (CHART, CHART),
    ):  # fmt: skip
        open_job(reader, job, "&embed=" + chart)
        reader.wait(lambda card=card: shown() == [card], chart)
        reader.wait(lambda card=card: reader.drawn(card), f"{chart} drawn")
    log_ages(job, 2)
    reader.wait(lambda: held(reader).startswith("Epoch 2"), "the newest")
    assert "embed=" in reader.driver.current_url
    open_job(reader, job, "&embed=nothing")
    reader.wait(
        lambda: "nothing to show yet" in reader.run("return document.body.innerText"), "why"
    )
    assert shown() == []
