"""The page beyond its two first charts: jobs, reading, honesty, access for everyone."""

import re
from collections.abc import Callable

import httpx
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from heimdall_dash import Job
from heimdall_dash.store.embedded import EmbeddedStore
from tests.browser.conftest import LOST_LINK, Page, log_epochs, metrics
from trainer.charts import CHARTS

pytestmark = pytest.mark.browser

StartJob = Callable[..., Job]
LONGEST_TASK_MS = 100


def test_all_nine_charts_and_unforeseen_metrics_are_drawn(page: Page, start_job: StartJob) -> None:
    job = start_job(facts={"crlb_p68_m": 20.5, "crlb_rmse_m": 55.0, "oracle_nll": -5.78})
    for epoch in range(20):
        more = {"eval/accuracy": epoch / 20, "eval/f1": epoch / 30, "temperature_c": 40.5}
        job.log(epoch, **metrics(epoch), **more)
    page.open()
    page.wait(lambda: len(page.epochs()) == 20, "the history")
    for chart in CHARTS:
        page.show(chart.id)
        page.wait(lambda: page.drawn(chart.id), chart.id)  # noqa: B023
    for metric in ("accuracy", "f1", "temperature_c"):
        page.show(f"other:{metric}")
        assert len(page.drawn(f"other:{metric}")) == 20
    assert page.layout("other:f1", "title.text") == "eval/f1"
    marks = page.layout("distance-error-chart", "annotations")
    names = [mark["text"] for mark in marks if mark["name"] == "reference"]
    assert names == ["Target 30 m", "Cramér–Rao bound p68: 20.5 m"]


def test_gaps_and_warnings_are_marked_and_nothing_breaks(page: Page, start_job: StartJob) -> None:
    job = start_job()
    for epoch in range(30):
        row = metrics(epoch) | ({"val_loss": float("nan")} if epoch in (10, 11, 29) else {})
        job.log(epoch, **row)
    page.open()
    page.wait(lambda: len(page.drawn()) == 30, "the history")
    note = "return document.querySelector('[data-note=loss-chart]').textContent"
    page.wait(lambda: "2 gaps" in page.run(note), "the note on gaps")
    page.wait(lambda: "Not a finite number at epoch 29" in page.text("alerts"), "the alert")
    # signs that would lie over one another share a place: the best epoch is the one before a gap
    assert "★" in "".join(mark["text"] for mark in page.layout("loss-chart", "annotations"))
    page.wait(
        lambda: "⚠" in [mark["text"] for mark in page.layout("loss-chart", "annotations")],
        "the warnings' marks",
    )


def test_smoothing_and_axes(page: Page, start_job: StartJob) -> None:
    job = start_job()
    log_epochs(job, 0, 50)
    page.open()
    page.wait(lambda: len(page.drawn()) == 51, "the history")
    lines = (
        "return document.querySelector('#loss-chart .js-plotly-plot')"
        ".data.map((line) => line.opacity ?? 1)"
    )
    assert page.run(lines) == [1, 1]
    thumb = page.driver.find_element(By.CSS_SELECTOR, "#smoothing [role=slider]")
    thumb.send_keys(Keys.ARROW_RIGHT * 20)
    page.wait(lambda: len(page.run(lines)) == 4, "the raw lines behind the smooth ones")
    assert page.run(lines)[2] < 0.5
    page.wait(lambda: "smooth=0.2" in page.driver.current_url, "it in the address")
    page.choose_segment("x-axis", "wall")
    page.wait(
        lambda: page.layout("loss-chart", "xaxis.title.text").startswith("Wall time"), "wall time"
    )
    # milliseconds on a linear axis with ticks of our own: a date axis folds the night of the clocks
    assert page.layout("loss-chart", "xaxis.type") == "linear"
    assert all(":" in text for text in page.layout("loss-chart", "xaxis.ticktext"))
    page.choose_segment("x-axis", "relative")
    page.wait(
        lambda: "Time since" in page.layout("loss-chart", "xaxis.title.text"), "relative time"
    )
    page.choose_segment("scale-all", "log")
    page.wait(lambda: page.layout("loss-chart", "yaxis.type") == "log", "all charts on log")
    page.choose_segment("scale-all", "default")
    page.wait(lambda: page.layout("loss-chart", "yaxis.type") == "linear", "the defaults")


def test_linked_zoom_and_keyboard(page: Page, start_job: StartJob) -> None:
    job = start_job()
    log_epochs(job, 0, 100)
    page.open()
    page.wait(lambda: len(page.drawn()) == 101, "the history")
    page.show("uncertainty-chart")
    page.click("#more-view summary")
    page.click("#linked-zoom")
    chart = page.driver.find_element(By.ID, "loss-chart")
    chart.send_keys("+")
    zoomed = page.wait(
        lambda: (found := page.layout("loss-chart", "xaxis.range"))[1] < 99 and found, "the zoom"
    )
    page.wait(
        lambda: page.layout("uncertainty-chart", "xaxis.range") == zoomed, "the other chart too"
    )
    page.wait(lambda: "zoom.loss-chart=" in page.driver.current_url, "it in the address")
    chart.send_keys(">")  # the arrows read one epoch after the other
    page.wait(lambda: page.layout("loss-chart", "xaxis.range")[0] > zoomed[0], "panning")
    chart.send_keys("0")
    page.wait(lambda: page.layout("loss-chart", "xaxis.range")[1] >= 100, "following again")
    page.wait(lambda: page.layout("uncertainty-chart", "xaxis.range")[1] >= 100, "the other too")


def test_reliability_diagram_lays_a_chosen_epoch_beside_the_newest(
    page: Page, start_job: StartJob
) -> None:
    job = start_job()
    log_epochs(job, 0, 40)
    page.open()
    page.wait(lambda: len(page.epochs()) == 41, "the history")
    page.show("reliability-chart")
    names = (
        "return (document.querySelector('#reliability-chart .js-plotly-plot')?.data ?? [])"
        ".map((line) => line.name)"
    )
    page.wait(lambda: page.run(names) == ["Epoch 40", "Perfectly calibrated"], "the newest epoch")
    thumb = "#reliability-epoch [role=slider]"
    end = "return document.querySelector(arguments[0]).getAttribute('aria-valuenow')"
    page.wait(lambda: page.run(end, thumb) == "500", "the slider at its end")
    page.driver.find_element(By.CSS_SELECTOR, thumb).send_keys(Keys.HOME)
    page.wait(lambda: page.run(names)[:2] == ["Epoch 40", "Epoch 0"], "the chosen epoch")
    log_epochs(job, 41, 45)
    page.wait(lambda: page.run(names)[:2] == ["Epoch 45", "Epoch 0"], "the newest one moving on")


def test_update_rate_and_pause(page: Page, start_job: StartJob) -> None:
    job = start_job()
    log_epochs(job, 0, 5)
    page.open()
    page.wait_badge("CONNECTED")
    page.wait(lambda: len(page.drawn()) == 6, "the history")
    page.choose_segment("update-rate", "paused")
    page.wait(lambda: "rate=paused" in page.driver.current_url, "paused")
    log_epochs(job, 6, 20)
    page.wait(lambda: len(page.epochs()) == 21, "epochs that arrive all the same")
    assert len(page.drawn()) == 6
    page.choose_segment("update-rate", "live")
    page.wait(lambda: len(page.drawn()) == 21, "all of them at once")


def test_jobs_list_acts_and_asks_before_what_cannot_be_undone(
    page: Page, start_job: StartJob, api: httpx.Client
) -> None:
    done = start_job("done")
    log_epochs(done, 0, 5)
    done.finish("completed")
    failed = start_job("unlucky")
    failed.log(1, **metrics(1))
    failed.finish("failed", "the loss was not finite")
    waiting = api.post("/jobs", json={"job_name": "outside", "external": True}).json()
    page.open("?tab=jobs")
    cards = "return [...document.querySelectorAll('.job-card .job-name')].map((n) => n.textContent)"
    page.wait(lambda: sorted(page.run(cards)) == ["done", "outside", "unlucky"], "three cards")
    assert "the loss was not finite" in page.text("jobs-list")
    page.driver.find_element(By.ID, "jobs-search").send_keys("unlu")
    page.wait(lambda: page.run(cards) == ["unlucky"], "the search")
    page.driver.find_element(By.ID, "jobs-search").send_keys(Keys.BACKSPACE * 4)
    page.wait(lambda: len(page.run(cards)) == 3, "all again")
    card = f"[data-job='{waiting['id']}']"
    page.click(f"{card} [data-action=cancel]")
    page.click("#confirm-no")
    assert api.get(f"/jobs/{waiting['id']}").json()["job"]["status"] == "pending"
    page.click(f"{card} [data-action=cancel]")
    page.click("#confirm-yes")
    status = "return document.querySelector(arguments[0] + ' .status').textContent"
    page.wait(lambda: page.run(status, card) == "cancelled", "the cancelled job")
    page.click(f"{card} [data-action=delete]")
    page.click("#confirm-yes")
    page.wait(lambda: sorted(page.run(cards)) == ["done", "unlucky"], "two cards")
    page.wait(
        lambda: page.run("return document.querySelectorAll('.spark polyline').length") == 1,
        "the sparkline",
    )
    page.click(f"[data-job='{done.id}'] [data-action=open]")
    page.wait(lambda: page.drawn() == [0, 1, 2, 3, 4, 5], "its charts")


def test_exports_hold_every_epoch(page: Page, start_job: StartJob) -> None:
    job = start_job()
    log_epochs(job, 0, 30)
    page.open()
    page.wait(lambda: len(page.epochs()) == 31, "the history")
    csv = httpx.get(page.driver.find_element(By.ID, "export-csv").get_attribute("href"))
    assert len(csv.text.strip().splitlines()) == 32
    exported = httpx.get(page.driver.find_element(By.ID, "export-json").get_attribute("href"))
    assert exported.json()["columns"]["epoch"] == list(range(31))
    image = page.driver.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "dash_clientside.heimdall.page.painter.image('loss-chart', 'svg').then(done)"
    )
    assert image.startswith("data:image/svg+xml")


def test_stalled_job_is_dimmed_and_said(page: Page, api: httpx.Client) -> None:
    job = api.post("/jobs", json={"job_name": "VHF", "external": True}).json()
    old = "2020-01-01T00:00:00.000Z"
    api.post(f"/jobs/{job['id']}/metrics", json=[{"epoch": 1, "train_loss": 1.5}])
    page.open()
    page.wait(lambda: len(page.epochs()) == 1, "the epoch")
    page.run(
        "const {feed} = dash_clientside.heimdall.page;"
        "feed.job.last_metric_at = arguments[0]; feed.job.status = 'running'",
        old,
    )
    page.wait(
        lambda: page.run("return document.getElementById('charts').classList.contains('is-stale')"),
        "dimmed charts",
    )
    assert re.match(r"last epoch \d+ d.* ago", page.text("data-age"))


def test_store_outage_is_said_in_words(
    page: Page, start_job: StartJob, own_valkey: EmbeddedStore
) -> None:
    page.expected_errors = (*LOST_LINK, "503")
    job = start_job()
    log_epochs(job, 0, 5)
    page.open()
    page.wait_badge("CONNECTED")
    own_valkey.stop()
    page.wait(lambda: "The store is out of reach" in page.text("banners"), "the banner", 30)
    log_epochs(job, 6, 12)
    own_valkey.start()
    page.wait(lambda: not page.text("banners"), "no banner", 60)
    page.wait(lambda: page.epochs() == list(range(13)), "every epoch", 60)


def test_theme_toggle_recolours_charts(page: Page, start_job: StartJob) -> None:
    log_epochs(start_job(), 0, 10)
    page.open()
    page.wait(lambda: len(page.drawn()) == 11, "the history")
    before = page.layout("loss-chart", "paper_bgcolor")
    page.click("#theme-toggle")
    page.wait(lambda: page.layout("loss-chart", "paper_bgcolor") != before, "the other colours")


def test_phone_has_no_horizontal_scroll(page: Page, start_job: StartJob) -> None:
    job = start_job(
        "a rather long name of a job that somebody chose in haste", facts={"x": "y" * 90}
    )
    other = start_job("another long name, so that two stand side by side")
    log_epochs(job, 0, 20)
    page.driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True},
    )
    for query in ("", "?tab=jobs", f"?runs={job.id},{other.id}"):
        page.open(query)
        page.wait(lambda: page.run("return dash_clientside.heimdall.page.list.isKnown"), "jobs")
        page.wait(lambda: page.run("return document.querySelectorAll('.job-card').length"), "cards")
        assert page.run("return document.documentElement.scrollWidth") <= 390, query
    page.open(f"?job={job.id}")
    page.wait(lambda: len(page.drawn()) == 21, "the history")
    top = "return document.getElementById('loss-chart').getBoundingClientRect().top"
    assert page.run(top) < 780, "the first chart begins on the first screen"


def test_hundreds_of_jobs_stay_quick(page: Page, api: httpx.Client) -> None:
    for i in range(300):
        api.post("/jobs", json={"job_name": f"job {i}", "external": True})
    page.open("?tab=jobs")
    page.wait(lambda: "300 of 300 jobs" in page.text("jobs-list"), "all jobs", 40)
    spent = page.run(
        "const {cards, list} = dash_clientside.heimdall.page; const began = performance.now();"
        "cards.render(list.jobs, {search: 'no such job', statuses: [], order: 'name'}, true);"
        "return performance.now() - began"
    )
    assert spent < LONGEST_TASK_MS
    assert "0 of 300 jobs" in page.text("jobs-list")


def test_live_updates_of_5000_epochs_cause_no_blank_frame_and_no_layout_shift(
    page: Page, start_job: StartJob
) -> None:
    job = start_job(total_epochs=6000)
    log_epochs(job, 0, 4999)
    page.open()
    page.wait(lambda: len(page.drawn()) == 5000, "the history", 60)
    page.wait_badge("CONNECTED")
    page.wait(lambda: page.run("return dash_clientside.heimdall.page.painter._next() === null"))
    page.run(
        "window.seen = {shifts: 0, blanks: 0, frames: 0};"
        "new PerformanceObserver((l) => l.getEntries().forEach((e) => { seen.shifts += e.value }))"
        ".observe({entryTypes: ['layout-shift']});"
        "const look = () => { seen.frames += 1;"
        "  const d = document.querySelector('#loss-chart .js-line')?.getAttribute('d');"
        "  if (!d || d.length < 100) seen.blanks += 1; requestAnimationFrame(look) };"
        "requestAnimationFrame(look);"
    )
    began = page.run("return performance.now()")
    for epoch in range(5000, 5050):
        job.log(epoch, **metrics(epoch))
        page.wait(
            lambda: page.run("return performance.now()") - began > (epoch - 4999) * 100,  # noqa: B023
            "a tenth of a second",
        )
    page.wait(lambda: len(page.drawn()) == 5050, "the new epochs")
    seen = page.run("return seen")
    assert seen["blanks"] == 0
    assert seen["shifts"] < 0.01
    assert seen["frames"], "nobody looked"
