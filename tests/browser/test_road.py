"""From a trainer to a drawn chart: nothing lost, nothing twice, and the badge tells the truth."""

import itertools
import re
import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from selenium.webdriver.common.action_chains import ActionChains

from heimdall_dash import Job
from heimdall_dash.store.embedded import EmbeddedStore
from tests.browser.conftest import LOST_LINK, Page, WebProcess, log_epochs, metrics

pytestmark = pytest.mark.browser

StartJob = Callable[..., Job]


def test_page_without_jobs_says_what_it_waits_for(page: Page) -> None:
    page.open()
    page.wait(lambda: "No job yet" in page.text("loss-chart"), "the empty state")
    assert page.text("connection-badge") == ""
    assert not page.driver.find_element("id", "connection-badge").is_displayed()


def test_chart_grows_with_each_epoch(page: Page, start_job: StartJob) -> None:
    job = start_job()
    log_epochs(job, 0, 9)
    page.open()
    page.wait(lambda: page.drawn() == list(range(10)), "ten epochs on the loss chart")
    page.wait_badge("CONNECTED")
    log_epochs(job, 10, 29)
    page.wait(lambda: page.drawn() == list(range(30)), "thirty epochs on the loss chart")
    assert page.epochs() == list(range(30))
    page.show("uncertainty-chart")
    assert [len(page.drawn("uncertainty-chart", line)) for line in range(3)] == [30, 30, 30]


def test_badge_follows_a_killed_server_and_no_epoch_is_lost(
    page: Page, server: WebProcess, start_job: StartJob
) -> None:
    page.expected_errors = LOST_LINK
    job = start_job(total_epochs=400)
    log_epochs(job, 0, 20)
    page.open()
    page.wait_badge("CONNECTED")
    assert page.badge() == ("CONNECTED", "connected")
    stop = threading.Event()
    last = [20]

    def train() -> None:
        while not stop.wait(0.05):
            last[0] += 1
            job.log(last[0], **metrics(last[0]))

    trainer = threading.Thread(target=train)
    trainer.start()
    try:
        page.wait(lambda: page.epochs()[-1] > 25, "live epochs")
        server.kill()
        page.wait_badge("CONNECTING...")
        assert page.badge() == ("CONNECTING...", "connecting")
        away_at = last[0]
        page.wait(lambda: last[0] > away_at + 10, "epochs while the server is away")
        server.start()
        page.wait_badge("CONNECTED", 40)
        back_at = last[0]
        page.wait(lambda: page.epochs()[-1] > back_at, "live epochs after the restart")
    finally:
        stop.set()
        trainer.join()
    page.wait(lambda: page.drawn() == list(range(last[0] + 1)), "every epoch, each once")
    assert page.epochs() == list(range(last[0] + 1))


def test_5000_epochs_at_full_speed_are_drawn_once_each(page: Page, start_job: StartJob) -> None:
    job = start_job(total_epochs=5000)
    page.open()
    page.wait_badge("CONNECTED")
    for epoch in range(5000):
        job.log(epoch, train_loss=5000 - epoch, val_loss=5001 - epoch)
    page.wait(lambda: len(page.epochs()) == 5000, "5,000 epochs", 60)
    page.wait(lambda: page.drawn() == list(range(5000)), "all of them on the chart")
    assert page.epochs() == list(range(5000))
    values = page.run("return dash_clientside.heimdall.page.feed.store.columns.train_loss")
    assert values == [5000 - epoch for epoch in range(5000)]


def test_zoom_by_mouse_stays_over_20_updates_and_double_click_follows(
    page: Page, start_job: StartJob
) -> None:
    job = start_job()
    log_epochs(job, 0, 99)
    page.open()
    page.wait(lambda: len(page.drawn()) == 100, "the history")
    page.show("loss-chart")
    plot = page.driver.find_element("css selector", "#loss-chart .nsewdrag")
    (
        ActionChains(page.driver)
        .move_to_element(plot)
        .move_by_offset(-80, -40)
        .click_and_hold()
        .move_by_offset(60, 30)
        .move_by_offset(60, 30)
        .release()
        .perform()
    )
    zoomed = page.wait(
        lambda: (found := page.layout("loss-chart", "xaxis.range"))[1] < 99 and found, "the zoom"
    )
    heights = page.layout("loss-chart", "yaxis.range")
    for epoch in range(100, 120):
        job.log(epoch, **metrics(epoch))
        page.wait(lambda: page.epochs()[-1] >= epoch, f"epoch {epoch}")  # noqa: B023
    page.show("loss-chart")
    assert page.layout("loss-chart", "xaxis.range") == zoomed
    assert page.layout("loss-chart", "yaxis.range") == heights
    ActionChains(page.driver).double_click(plot).perform()
    page.wait(lambda: page.layout("loss-chart", "xaxis.range")[1] >= 119, "following again")
    log_epochs(job, 120, 150)
    page.wait(lambda: page.layout("loss-chart", "xaxis.range")[1] >= 150, "the newest epoch")


TICKS = (
    "return [...document.querySelectorAll('#uncertainty-chart .ytick text')].map((t) => {"
    "  const { top, bottom } = t.getBoundingClientRect();"
    "  return { text: t.textContent, top, bottom } })"
)


def test_uncertainty_chart_has_its_words_lines_and_ticks(page: Page, start_job: StartJob) -> None:
    job = start_job()
    for epoch in range(60):
        fade = 10_000 * 0.75**epoch
        job.log(
            epoch,
            mean_predicted_uncertainty_m=max(0.05, fade),
            uncertainty_calibration_error=0 if epoch in (7, 9) else max(0.05, fade / 3),
            val_rmse_m=max(0.06, fade * 1.1),
        )
    page.open()
    page.show("uncertainty-chart")
    chart = "uncertainty-chart"
    page.wait(lambda: len(page.drawn(chart)) == 60, "the history")
    assert page.layout(chart, "title.text") == "Uncertainty Calibration (Log Scale)"
    assert page.layout(chart, "yaxis.title.text") == "Distance (m) - Log Scale"
    assert page.layout(chart, "yaxis.type") == "log"
    expected = ["0.05", "0.5", "1", "10", "100", "1k", "2.5k", "10k"]
    # the card has no room for all of them: those that would crowd the decades make way
    shown = page.run(TICKS)
    assert [tick["text"] for tick in shown] == ["0.05", "1", "10", "100", "1k", "2.5k", "10k"]
    assert all(above["bottom"] < tick["top"] for tick, above in itertools.pairwise(shown))
    page.run("dash_clientside.heimdall.page.charts.wide.choose('uncertainty-chart')")
    page.wait(lambda: page.layout(chart, "yaxis.ticktext") == expected, "the ticks of a high chart")
    shown = page.run(TICKS)
    assert [tick["text"] for tick in shown] == expected
    assert all(above["bottom"] < tick["top"] for tick, above in itertools.pairwise(shown))
    names = page.run(
        "return document.querySelector('#uncertainty-chart .js-plotly-plot')"
        ".data.map((line) => line.name)"
    )
    assert names == ["Predicted uncertainty (σ)", "Calibration error", "Actual error (RMSE)"]
    assert "2 points not shown on a log axis" in page.run(
        "return document.querySelector('[data-note=uncertainty-chart]').textContent"
    )
    hover = page.run(
        "return document.querySelector('#uncertainty-chart .js-plotly-plot').data[0].text"
    )
    assert hover[0] == "Epoch 0: 10,000 m"
    assert hover[1] == "Epoch 1: 7,500 m"
    assert hover[20] == "Epoch 20: 31.7 m"
    assert hover[59] == "Epoch 59: 0.0500 m"
    page.choose_segment("scale-uncertainty-chart", "linear")
    page.wait(
        lambda: page.layout(chart, "title.text") == "Uncertainty Calibration (Linear Scale)",
        "the linear title",
    )
    assert page.layout(chart, "yaxis.title.text") == "Distance (m) - Linear Scale"
    assert page.layout(chart, "yaxis.type") == "linear"


def test_hover_says_epoch_line_and_value(page: Page, start_job: StartJob) -> None:
    job = start_job()
    log_epochs(job, 0, 50)
    page.open()
    page.show("uncertainty-chart")
    page.wait(lambda: len(page.drawn("uncertainty-chart")) == 51, "the history")
    plot = page.driver.find_element("css selector", "#uncertainty-chart .nsewdrag")
    ActionChains(page.driver).move_to_element(plot).perform()
    texts = page.wait(
        lambda: page.run(
            "return [...document.querySelectorAll('#uncertainty-chart .hoverlayer text')]"
            ".map((t) => t.textContent).filter(Boolean)"
        ),
        "the hover",
    )
    said = " ".join(texts)
    assert re.search(r"Epoch \d+: [\d.,]+ m", said), said
    assert any(name in said for name in ("Predicted", "Calibration", "Actual error")), said


def test_running_job_is_chosen_by_itself(page: Page, start_job: StartJob) -> None:
    start_job("old").finish("completed")
    page.open()
    page.wait(lambda: page.text("job-status") == "completed", "the only job")
    job = start_job("VHF")
    log_epochs(job, 1, 412)
    page.wait(lambda: page.text("job-status") == "running", "the running job")
    page.wait(
        lambda: (
            page.driver.find_element("id", "job-select").get_attribute("value")
            == "VHF (running) - Epoch 412/500"
        ),
        "the label",
    )


def test_finished_job_is_shown_and_not_followed(page: Page, start_job: StartJob) -> None:
    job = start_job(total_epochs=5)
    log_epochs(job, 1, 5)
    job.finish("completed")
    page.open()
    page.wait(lambda: page.drawn() == [1, 2, 3, 4, 5], "its history")
    assert page.text("connection-badge") == ""
    assert page.run("return dash_clientside.heimdall.page.feed.run.isFollowed()") is False


def test_badge_goes_when_the_job_ends(page: Page, start_job: StartJob) -> None:
    job = start_job(total_epochs=5)
    log_epochs(job, 1, 4)
    page.open()
    page.wait_badge("CONNECTED")
    log_epochs(job, 5, 5)
    job.finish("completed")
    page.wait(lambda: page.text("job-status") == "completed", "the job's end")
    page.wait(lambda: page.text("connection-badge") == "", "no badge")
    assert page.epochs() == [1, 2, 3, 4, 5]


def test_link_restores_the_view(page: Page, start_job: StartJob) -> None:
    first, second = start_job("first"), start_job("second")
    log_epochs(first, 0, 30)
    log_epochs(second, 0, 40)
    page.open(f"?job={first.id}&x=relative&smooth=0.6&linear=uncertainty-chart&log=loss-chart")
    page.wait(lambda: len(page.epochs()) == 31, "the first job")
    page.show("uncertainty-chart")
    page.wait(lambda: page.layout("uncertainty-chart", "yaxis.type") == "linear", "its scale")
    assert "Time since" in page.layout("uncertainty-chart", "xaxis.title.text")
    assert page.run("return document.querySelector('#x-axis input:checked').value") == "relative"
    page.choose_segment("update-rate", "5s")
    page.wait(lambda: "rate=5s" in page.driver.current_url, "the new choice in the address")
    query = page.driver.current_url.split("?")[1]
    for part in (f"job={first.id}", "x=relative", "smooth=0.6", "log=loss-chart"):
        assert part in query


def test_reader_chooses_a_job(page: Page, start_job: StartJob) -> None:
    first, second = start_job("first"), start_job("second")
    log_epochs(first, 0, 3)
    log_epochs(second, 0, 5)
    page.open()
    page.wait(lambda: len(page.epochs()) == 6, "the newest running job")
    page.click("#job-select")
    page.wait(
        lambda: page.run(
            "const o = [...document.querySelectorAll('[role=option]')]"
            ".find((e) => e.textContent.startsWith('first'));"
            "if (o && o.offsetParent) { o.click(); return true } return false"
        ),
        "the choice",
    )
    page.wait(lambda: page.epochs() == [0, 1, 2, 3], "the other job's epochs")
    page.wait(lambda: f"job={first.id}" in page.driver.current_url, "it in the address")
    log_epochs(first, 4, 6)
    page.wait(lambda: page.epochs() == list(range(7)), "its live epochs")


def test_hidden_tab_keeps_up_without_drawing(page: Page, start_job: StartJob) -> None:
    job = start_job()
    log_epochs(job, 0, 10)
    page.open()
    page.wait_badge("CONNECTED")
    page.wait(lambda: len(page.drawn()) == 11, "the history")
    page.run(
        "Object.defineProperty(document, 'hidden', {value: true, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    page.run(
        "window.draws = 0; const react = Plotly.react;"
        "Plotly.react = (...a) => { window.draws += 1; return react(...a) };"
        "const p = dash_clientside.heimdall.page.painter; p.world.frame = () => {};"
    )
    log_epochs(job, 11, 60)
    page.wait(lambda: len(page.epochs()) == 61, "the epochs of a hidden tab")
    assert page.run("return window.draws") == 0
    page.run(
        "dash_clientside.heimdall.page.painter.world.frame = (f) => requestAnimationFrame(f);"
        "dash_clientside.heimdall.page.painter.isScheduled = false;"
        "delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))"
    )
    page.wait(lambda: len(page.drawn()) == 61, "one draw of everything")


def test_cells_that_come_late_join_their_epochs_while_one_looks(
    page: Page, api: httpx.Client
) -> None:
    """Two calls for each epoch, wild names, one epoch far too late: as frameworks log."""
    job = api.post("/jobs", json={"job_name": "two calls", "external": True}).json()
    path = f"/jobs/{job['id']}/metrics"

    def post(*rows: dict[str, Any]) -> None:
        api.post(path, json=list(rows)).raise_for_status()

    post({"epoch": 1, "train_loss": 3}, {"epoch": 1, "constructor": 0.5, "mAP@0.5, <b>": 1})
    page.open(f"?job={job['id']}")
    page.wait_badge("CONNECTED")
    for epoch in range(2, 21):
        if epoch != 10:
            post({"epoch": epoch, "train_loss": 3 / epoch})
            post({"epoch": epoch, "val_loss": 4 / epoch, "mAP@0.5, <b>": epoch / 20})
    page.wait(lambda: len(page.epochs()) == 19, "the epochs")
    post({"epoch": 10, "train_loss": 0.3, "val_loss": 0.4})
    page.wait(lambda: page.epochs() == list(range(1, 21)), "the late epoch in its place")
    page.wait(lambda: page.drawn() == list(range(1, 21)), "it on the chart")
    columns = "return dash_clientside.heimdall.page.feed.store.columns[arguments[0]]"
    assert page.run(columns, "val_loss")[0] is None
    assert page.run(columns, "val_loss")[9] == 0.4
    assert page.run(columns, "constructor")[:2] == [0.5, None]
    page.wait(
        lambda: "all 20 stored epochs are here" in page.text("job-progress"), "all of them said"
    )
    chart = "other:mAP@0.5, <b>"
    page.show(chart)
    assert page.drawn(chart) == [epoch for epoch in range(1, 21) if epoch != 10]
    assert page.layout(chart, "title.text").startswith("mAP@0.5, &lt;b>")
    note = "return document.querySelector('[data-note=loss-chart]').textContent"
    assert "gap" not in page.run(note)
    api.post(path, content='{"epoch": 15, "val_loss": NaN}').raise_for_status()
    page.wait(lambda: "1 gap" in page.run(note), "the gap where a value is not finite")


def test_badge_says_connected_only_while_the_server_hears_the_store(
    page: Page, start_job: StartJob, own_valkey: EmbeddedStore
) -> None:
    page.expected_errors = (*LOST_LINK, "503")
    job = start_job()
    log_epochs(job, 0, 5)
    page.open()
    page.wait_badge("CONNECTED")
    page.wait(lambda: "all 6 stored epochs are here" in page.text("job-progress"), "all of them")
    own_valkey.stop()
    page.wait_badge("CONNECTING...")
    page.wait(lambda: "6 epochs are here so far" in page.text("job-progress"), "no more is said")
    own_valkey.start()
    page.wait_badge("CONNECTED", 60)
    page.wait(lambda: "all 6 stored epochs are here" in page.text("job-progress"), "all again")
