"""Reading the charts: time axes, long runs, tabs that nobody sees, keys, key figures."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from heimdall_dash import Job
from tests.browser.conftest import Page, log_epochs, metrics

pytestmark = pytest.mark.browser

StartJob = Callable[..., Job]


def external_job(reader: Page, rows: list[dict[str, Any]]) -> tuple[str, Callable[[Any], None]]:
    """A job fed over REST, whose epochs carry their own times; and how to feed it more."""
    api = reader.server.url + "/api/v1/training/jobs"
    job = httpx.post(api, json={"job_name": "outside", "external": True}).json()["id"]

    def feed(more: list[dict[str, Any]]) -> None:
        for first in range(0, len(more), 1000):
            answer = httpx.post(f"{api}/{job}/metrics", json=more[first : first + 1000], timeout=60)
            assert answer.status_code == 200, answer.text

    feed(rows)
    return job, feed


def row(epoch: int, at: str) -> dict[str, Any]:
    return {"epoch": epoch, "timestamp": at, "train_loss": 9.0 - epoch, "val_loss": 9.5 - epoch}


def test_time_axes_tell_the_truth_about_a_run_that_was_resumed(reader: Page) -> None:
    before = [row(i, f"2026-11-23T23:59:{50 + i}Z") for i in range(5)]
    after = [row(5 + i, f"2026-11-24T06:00:{10 + i}Z") for i in range(5)]
    job, feed = external_job(reader, before + after)
    reader.driver.execute_cdp_cmd(
        "Emulation.setTimezoneOverride", {"timezoneId": "America/New_York"}
    )
    try:
        reader.open(f"?job={job}&x=relative")
        reader.wait(lambda: len(reader.drawn()) == 10, "the history")
        times = [datetime.fromisoformat(r["timestamp"]).timestamp() for r in before + after]
        assert reader.drawn() == [time - times[0] for time in times]
        assert "(h)" in reader.layout("loss-chart", "xaxis.title.text")
        reader.choose_segment("x-axis", "wall")
        reader.wait(lambda: "local" in reader.layout("loss-chart", "xaxis.title.text"), "wall time")
        assert reader.drawn() == [time * 1000 for time in times]
        # what the clock in New York showed at the last epoch, and where the axis begins
        reader.driver.find_element(By.ID, "loss-chart").send_keys(",")
        reader.wait(lambda: "2026-11-24 01:00:14" in reader.run(HOVER), "the newest epoch read")
        assert "Epoch 9" in reader.run(HOVER)
        ticks = reader.layout("loss-chart", "xaxis.ticktext")
        assert ticks[0].endswith("<br>2026-11-23"), ticks
        assert "00:00<br>2026-11-24" in ticks, "midnight in New York"

        # drag over the first part; new epochs leave the zoom as it is
        plot = reader.driver.find_element(By.CSS_SELECTOR, "#loss-chart .nsewdrag")
        actions = ActionChains(reader.driver).move_to_element(plot).move_by_offset(-160, -60)
        actions.click_and_hold().move_by_offset(60, 40).move_by_offset(60, 60).release().perform()
        whole = [times[0] * 1000, times[-1] * 1000]
        zoomed = reader.wait(
            lambda: (
                (found := reader.run(ZOOM)) and found[1] - found[0] < whole[1] - whole[0] and found
            ),
            "the zoom",
        )
        assert whole[0] < zoomed[0] < zoomed[1] < whole[1]
        feed([row(10, "2026-11-24T06:00:30Z")])
        reader.wait(lambda: len(reader.epochs()) == 11, "another epoch")
        reader.show("loss-chart")
        assert reader.layout("loss-chart", "xaxis.range") == zoomed
        reader.driver.find_element(By.ID, "loss-chart").send_keys("0")
        reader.wait(lambda: reader.layout("loss-chart", "xaxis.range")[1] >= whole[1], "following")
    finally:
        reader.driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": ""})


HOVER = "return document.getElementById('epoch-readout').textContent"
ZOOM = "return dash_clientside.heimdall.page.view.zooms['loss-chart']?.x ?? null"


def test_more_than_40000_epochs_are_drawn_whole_and_stay_quick(reader: Page) -> None:
    def rows(first: int, last: int) -> list[dict[str, Any]]:
        return [
            {"epoch": i, "train_loss": 5e4 if i == 17_171 else 3.0 + i % 7}
            for i in range(first, last)
        ]

    job, feed = external_job(reader, rows(0, 20_000))
    reader.open(f"?job={job}")
    reader.wait(lambda: len(reader.epochs()) == 20_000, "the history")
    feed(rows(20_000, 41_000))
    note = "return document.querySelector('[data-note=loss-chart]').textContent"
    reader.wait(lambda: "of 41000 epochs drawn" in reader.run(note), "the thinned history", 60)
    kept = reader.epochs()
    assert len(kept) < 40_000
    assert (kept[0], kept[-1]) == (0, 40_999)
    feed(rows(41_000, 41_001))
    reader.wait(lambda: reader.drawn()[-1] == 41_000, "one more epoch")
    highest = (
        "return document.querySelector('#loss-chart .js-plotly-plot')"
        ".data[0].y.reduce((a, b) => Math.max(a, b))"
    )
    assert reader.run(highest) == 5e4, "the spike survives"


def test_a_tab_behind_another_draws_nothing_and_has_everything(
    reader: Page, train: StartJob
) -> None:
    job = train()
    log_epochs(job, 0, 10)
    reader.open(f"?job={job.id}")
    reader.wait_badge("CONNECTED")
    reader.wait(lambda: len(reader.drawn()) == 11, "the history")
    reader.run(
        "window.draws = 0; const react = Plotly.react;"
        "Plotly.react = (...a) => { draws += document.hidden ? 1 : 0; return react(...a) }"
    )
    driver = reader.driver
    other = driver.execute_cdp_cmd("Target.createTarget", {"url": "about:blank"})
    try:
        reader.wait(lambda: reader.run("return document.hidden"), "the tab to be hidden")
        log_epochs(job, 11, 60)
        reader.wait(lambda: len(reader.epochs()) == 61, "the epochs of a hidden tab")
        assert reader.run("return document.hidden")
        assert reader.run("return draws") == 0
        assert len(reader.drawn()) == 11
        reader.wait_badge("CONNECTED")
    finally:
        driver.execute_cdp_cmd("Target.closeTarget", other)
    reader.wait(lambda: not reader.run("return document.hidden"), "the tab in front again")
    reader.wait(lambda: len(reader.drawn()) == 61, "one draw of everything")


def test_keys_zoom_move_fit_and_read(reader: Page, train: StartJob) -> None:
    job = train(facts={"oracle_nll": None})  # a unit that only our trainer's loss has
    log_epochs(job, 0, 100)
    reader.open(f"?job={job.id}")
    reader.wait(lambda: len(reader.drawn()) == 101, "the history")
    chart = reader.driver.find_element(By.ID, "loss-chart")

    def shown(axis: str) -> list[float]:
        found: list[float] = reader.layout("loss-chart", f"{axis}.range")
        return found

    def press(key: str, change: Callable[[], bool], what: str) -> None:
        chart.send_keys(key)
        reader.wait(change, what)

    heights = shown("yaxis")
    press("+", lambda: shown("xaxis")[1] < 99, "the zoom")
    start = shown("xaxis")[0]
    press(">", lambda: shown("xaxis")[0] > start, "moving in time")
    press(Keys.ARROW_UP, lambda: shown("yaxis")[0] > heights[0], "moving in height")
    low, high = shown("xaxis")
    inside = [-5 + 17 * 0.98**e for e in range(101) if low <= e <= high]

    def fits() -> bool:
        bottom, top = shown("yaxis")
        return bottom < min(inside) <= max(inside) < top and top - bottom < 10

    press("f", fits, "heights that fit")
    press("-", lambda: shown("xaxis")[1] - shown("xaxis")[0] > high - low, "zooming out")
    press("0", lambda: shown("xaxis")[1] >= 100, "following")

    press(",", lambda: "Epoch 100" in reader.run(HOVER), "the newest epoch read")
    press(",", lambda: "Epoch 99" in reader.run(HOVER), "the one before")
    press(".", lambda: "Epoch 100" in reader.run(HOVER), "and on again")
    assert "nats" in reader.run(HOVER)
    help_text = reader.run("return document.querySelector('.tab-body .help').textContent")
    for key in ("+", "−", "←", "F", "Escape", ","):
        assert key in help_text


def test_key_figures_tell_the_newest_epoch_and_what_is_missing(
    reader: Page, train: StartJob
) -> None:
    job = train(facts={"crlb_p68_m": 21.0})
    for epoch in range(3):
        job.log(epoch, **metrics(epoch), coverage_68=0.7)
    reader.open(f"?job={job.id}")

    def figure(metric: str) -> str:
        found: str = reader.run(
            "const e = document.querySelector(`[data-metric='${arguments[0]}']`);"
            "return e && !e.hidden ? [...e.children].map((c) => c.textContent).join('|') : ''",
            metric,
        )
        return found

    reader.wait(lambda: "57,700 m" in figure("val_distance_p68_m"), "the newest p68")
    assert "not yet within 30 m · lowest possible 21.0 m" in figure("val_distance_p68_m")
    assert "predicted 38,500 m, 0.57 × as much" in figure("val_rmse_m")
    assert figure("coverage_68") == "Coverage at 68 %|0.700|calibrated: 0.68, off by +0.020"
    assert "best" in figure("val_loss")
    without = metrics(3)
    del without["val_distance_p68_m"]
    job.log(3, **without)
    expected = "68 % within|–|no value at epoch 3 · last 57,700 m at epoch 2"
    reader.wait(lambda: figure("val_distance_p68_m") == expected, "the missing value")

    plain, _ = external_job(reader, [{"epoch": 1, "train_loss": 2.0}])
    reader.open(f"?job={plain}")
    reader.wait(lambda: len(reader.epochs()) == 1, "a job without these metrics")
    reader.wait(
        lambda: not reader.driver.find_element(By.ID, "key-figures").is_displayed(), "no figures"
    )


def test_job_of_a_foreign_trainer_is_told_nothing_false_and_shows_its_own_charts_first(
    reader: Page,
) -> None:
    def foreign(first: int, last: int, **more: float) -> list[dict[str, Any]]:
        rows = [{"train_loss": 3.0 - i / 10, "val_loss": 3.1 - i / 10} for i in range(first, last)]
        return [{"epoch": first + i, "eval/bleu": 20.0} | r | more for i, r in enumerate(rows)]

    job, feed = external_job(reader, [])
    stands = "return !!document.getElementById(arguments[0])"
    reader.open(f"?job={job}")
    waits = "return document.querySelector('.metrics-body > .empty-note')?.textContent ?? ''"
    reader.wait(lambda: "Pending" in reader.run(waits), "a job without epochs")
    assert not reader.run(stands, "rmse-chart"), "nobody knows yet what it will publish"

    feed(foreign(0, 12))
    reader.wait(lambda: len(reader.drawn()) == 12, "the history")
    assert reader.layout("loss-chart", "yaxis.title.text") == "Loss"
    assert reader.run("return document.querySelector('[data-note=loss-chart]').textContent") == ""
    value = "return document.querySelector('[data-metric=val_loss] .key-value').textContent"
    assert reader.run(value) == "2.00"
    cards = "return [...document.querySelectorAll('.metrics-body .chart')].map((box) => box.id)"
    assert reader.run(cards) == ["loss-chart", "other:bleu"], "no chart of what it lacks"
    assert reader.run(waits) == ""

    feed(foreign(12, 14, val_rmse_m=5.0))
    reader.wait(lambda: reader.run(stands, "rmse-chart"), "a chart like any other")
    assert set(reader.run(cards)[-1:]) == {"other:bleu"}, "what nobody described comes last"
    reader.show("rmse-chart")
    assert reader.layout("rmse-chart", "yaxis.title.text") == "Distance (m) - Log Scale"


def test_keys_go_to_the_search_and_to_the_help(reader: Page, train: StartJob) -> None:
    job = train()
    log_epochs(job, 1, 3)
    reader.open(f"?job={job.id}")
    reader.wait(lambda: len(reader.drawn()) == 3, "the history")
    focused = "return document.activeElement.id || document.activeElement.className"
    body = reader.driver.find_element("tag name", "body")
    body.send_keys("/")
    assert reader.run(focused) == "chart-search"
    reader.driver.switch_to.active_element.send_keys("/x?")
    assert reader.run("return document.getElementById('chart-search').value") == "/x?"
    reader.run("document.getElementById('chart-search').value = ''; document.activeElement.blur()")
    body.send_keys("?")
    assert reader.run(focused) == "help"
