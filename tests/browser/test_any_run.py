"""Somebody's run of sixty metrics: which charts it gets, how a reader arranges and keeps them."""

import math
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from heimdall_dash import Job
from tests.browser.conftest import Page
from tests.browser.test_accessibility import violations

pytestmark = pytest.mark.browser

StartJob = Callable[..., Job]
CARDS = (
    "return [...document.querySelectorAll('.metrics-body .chart-card')]"
    ".filter((card) => card.checkVisibility()).map((card) => card.dataset.chart)"
)
SECTIONS = (
    "return [...document.querySelectorAll('#other-charts details')].map((s) => s.dataset.group)"
)
PINNED = (
    "return [...document.querySelectorAll('.pinned-charts .chart-card')]"
    ".map((card) => card.dataset.chart)"
)


def row(epoch: int) -> dict[str, float]:
    fall = math.exp(-epoch / 10)
    return {
        "train/loss": 6.9 * fall + 1,
        "val/loss": 6.9 * fall + 1.2,
        "train/acc": 1 - fall,
        "val/acc": 0.8 * (1 - fall),
        "val/mIoU": 0.7 * (1 - fall),
        "lr": 0.1 * fall,
        **{f"grad_norm/layer{n}.weight": 1 / n + fall for n in range(1, 21)},
        **{f"weight_norm/layer{n}.weight": 10.0 + n for n in range(1, 21)},
        **{f"gpu{k}/{n}": v + k for k in range(4) for n, v in (("util", 90), ("temp_c", 70))},
        "system/cpu_percent": 50.0,
    }


@pytest.fixture(scope="module")
def run_id(shared_page: Page) -> str:
    url = shared_page.server.url + "/api/v1/training"
    with httpx.Client(base_url=url, timeout=20) as api:
        body = {
            "job_name": "resnet50",
            "external": True,
            "project": "vision",
            "step_name": "step",
            "key_metrics": {"val/mIoU": "max"},
        }
        job_id = str(api.post("/jobs", json=body).raise_for_status().json()["id"])
        rows = [{"epoch": epoch} | row(epoch) for epoch in range(1, 31)]
        api.post(f"/jobs/{job_id}/metrics", json=rows).raise_for_status()
        api.post(f"/jobs/{job_id}/status", json={"status": "completed"}).raise_for_status()
    return job_id


@pytest.fixture
def opened(reader: Page, run_id: str) -> Page:
    reader.open(f"?job={run_id}")
    reader.wait(lambda: "other:loss" in reader.run(CARDS), "the charts")
    return reader


def lines(page: Page, chart: str) -> list[str]:
    page.show(chart)
    found: list[str] = page.run(
        "return document.getElementById(arguments[0]).querySelector('.js-plotly-plot')"
        ".data.filter((line) => line.meta).map((line) => line.meta)",
        chart,
    )
    return found


def press(page: Page, element_id: str) -> None:
    """Click what may stand under the bar on top."""
    found = page.driver.find_element(By.ID, element_id)
    page.wait(lambda: page.run("return arguments[0].checkVisibility()", found), element_id)
    page.run("arguments[0].scrollIntoView({block: 'center'})", found)
    found.click()


def test_foreign_run_gets_charts_that_fit_it(opened: Page) -> None:
    cards = opened.run(CARDS)
    assert not [card for card in cards if card.endswith("-chart")], "no preset of another trainer"
    assert cards[:4] == ["other:mIoU", "other:loss", "other:acc", "other:lr"]
    assert opened.run(SECTIONS) == ["gpu", "grad_norm", "weight_norm", "system"]
    assert lines(opened, "other:loss") == ["train/loss", "val/loss"]
    assert lines(opened, "other:acc") == ["train/acc", "val/acc"]
    assert lines(opened, "other:gpu*/util") == [f"gpu{k}/util" for k in range(4)]
    first = lines(opened, "other:grad_norm/layer*.weight")
    assert first == [f"grad_norm/layer{n}.weight" for n in range(1, 11)]
    assert opened.layout("other:mIoU", "title.text") == "val/mIoU"
    assert opened.layout("other:acc", "yaxis.type") == "linear"
    assert opened.layout("other:mIoU", "xaxis.title.text") == "Step"
    assert opened.layout("other:loss", "xaxis.title.text") == "Step"
    colours = opened.run(
        "const of = (id) => document.getElementById(id).querySelector('.js-plotly-plot').data"
        ".map((line) => [line.line.color, line.line.dash]);"
        "return [of('other:loss'), of('other:acc'), of('other:mIoU')]"
    )
    assert colours[0] == colours[1], "training and validation look the same on every chart"
    assert colours[2] == colours[0][1:]


def test_charts_fill_the_screen_and_the_first_stands_on_a_phones_first_screen(
    opened: Page, run_id: str
) -> None:
    row = (
        "const tops = [...document.querySelectorAll('#charts > .chart-card')]"
        ".map((card) => card.getBoundingClientRect().top);"
        "return tops.filter((top) => top === tops[0]).length"
    )
    try:
        for width, columns in ((1920, 4), (1440, 3)):
            opened.driver.set_window_size(width, 1000)
            opened.wait(lambda: opened.run(row) == columns, f"{columns} columns at {width}")  # noqa: B023
        opened.screen(390)
        opened.open(f"?job={run_id}")
        opened.wait(lambda: "other:loss" in opened.run(CARDS), "the charts")
        assert opened.run(row) == 1
        first = "return document.querySelector('.chart-card').getBoundingClientRect().top"
        assert opened.run(first) < 844 - 200
        assert opened.run("return document.documentElement.scrollWidth") <= 390
    finally:
        opened.driver.set_window_size(1440, 1000)


def test_tools_come_with_the_focus_and_the_toggle_obeys_arrows(opened: Page) -> None:
    opened.show("other:lr")
    opacity = (
        "const tools = document.querySelector(`[data-chart='other:lr'] .chart-tools`);"
        "return getComputedStyle(tools).opacity"
    )
    toggle = opened.driver.find_element(By.CSS_SELECTOR, "[id='scale-other:lr'] input:checked")
    toggle.send_keys(Keys.ARROW_LEFT)
    opened.wait(lambda: opened.run(opacity) == "1", "the tools")
    opened.wait(lambda: opened.layout("other:lr", "yaxis.type") == "log", "the log axis")
    assert opened.layout("other:lr", "title.text") == "lr"
    assert opened.layout("other:lr", "yaxis.title.text") == "Log Scale"


def test_view_is_arranged_saved_and_seen_by_somebody_else(opened: Page, run_id: str) -> None:
    opened.from_menu("other:gpu*/util", "pin")
    opened.wait(lambda: opened.run(PINNED) == ["other:gpu*/util"], "the pinned chart")
    opened.from_menu("other:lr", "hide")
    opened.wait(lambda: "other:lr" not in opened.run(CARDS), "one chart less")
    opened.from_menu("other:acc", "earlier")
    order = (
        "return [...document.querySelectorAll('#charts > .chart-card')].map((c) => c.dataset.chart)"
    )
    moved = ["other:mIoU", "other:acc", "other:loss"]
    opened.wait(lambda: opened.run(order) == moved, "the moved chart")
    opened.driver.find_element(By.CSS_SELECTOR, "[data-chart='other:mIoU'] [aria-haspopup]").click()
    menu = opened.driver.find_element(By.CSS_SELECTOR, "#chart-menu select")
    Select(menu).select_by_value("other:acc")
    opened.wait(lambda: opened.run(order) == ["other:mIoU", "other:loss"], "two charts in one")
    both = ["val/mIoU", "train/acc", "val/acc"]
    opened.wait(lambda: lines(opened, "other:mIoU") == both, "their lines on one chart")

    # a chart of one's own
    press(opened, "new-chart")
    opened.wait(lambda: opened.driver.find_element(By.ID, "new-chart-title").is_displayed())
    press(opened, "new-chart-make")
    opened.wait(
        lambda: "at least one metric" in opened.run("return document.body.textContent"),
        "the reason",
    )
    opened.driver.find_element(By.ID, "new-chart-title").send_keys("First layers")
    metrics = opened.driver.find_element(By.ID, "new-chart-metrics")
    metrics.send_keys("grad_norm/layer?.*" + Keys.ENTER + Keys.ESCAPE)
    press(opened, "new-chart-make")
    opened.wait(lambda: opened.run(order)[:1] == ["new:First layers"], "the new chart")
    expected = [f"grad_norm/layer{n}.weight" for n in range(1, 10)]
    assert lines(opened, "new:First layers") == expected

    # saved under a name, with a link
    press(opened, "view-menu")
    press(opened, "view-save-as")
    opened.wait(lambda: opened.driver.find_element(By.ID, "view-name").is_displayed())
    opened.driver.find_element(By.ID, "view-name").send_keys("my view")
    opened.wait(lambda: opened.run("return dash_clientside.heimdall.page.typedName") == "my view")
    press(opened, "view-store")
    opened.wait(lambda: "view=my+view" in opened.driver.current_url, "the name in the address")
    arranged = opened.run(CARDS)

    # somebody else, who has the link, and one who chooses the view by its name
    first = opened.driver.current_window_handle
    link = opened.driver.current_url
    opened.driver.switch_to.new_window("window")
    try:
        opened.driver.get(link)
        opened.wait(lambda: opened.run(CARDS) == arranged, "the same charts")
        assert opened.run(PINNED) == ["other:gpu*/util"]
        opened.open(f"?job={run_id}")
        opened.wait(lambda: "other:lr" in opened.run(CARDS), "the default arrangement")
        opened.wait(
            lambda: opened.run("return dash_clientside.heimdall.page.views.names") == ["my view"]
        )
        press(opened, "views")
        option = "//*[@role='option'][.='my view']"
        opened.wait(lambda: opened.driver.find_elements(By.XPATH, option), "its name")
        opened.driver.find_element(By.XPATH, option).click()
        opened.wait(lambda: opened.run(CARDS) == arranged, "the same charts again")
        opened.driver.close()
    finally:
        opened.driver.switch_to.window(first)
    url = opened.server.url + "/api/v1/training/views/my view"
    theirs = url.replace("my view", "theirs")
    httpx.put(theirs, params={"project": "vision"}, json={"pinned": []}).raise_for_status()
    press(opened, "views")
    option = "//*[@role='option'][.='theirs']"
    opened.wait(lambda: opened.driver.find_elements(By.XPATH, option), "what was saved meanwhile")
    opened.driver.find_element(By.ID, "views").send_keys(Keys.ESCAPE)
    saved: Any = httpx.get(url, params={"project": "vision"}).raise_for_status().json()["view"]
    assert saved["hidden"] == ["other:lr"]
    assert saved["joined"] == {"other:mIoU": ["other:acc"]}

    # deleted: the page arranges by itself again
    press(opened, "view-menu")
    press(opened, "view-delete")
    opened.wait(lambda: "other:lr" in opened.run(CARDS), "the default arrangement")
    assert opened.run(PINNED) == []
    assert httpx.get(url, params={"project": "vision"}).status_code == 404


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_menus_and_dialogs_have_no_axe_violations(opened: Page, scheme: str) -> None:
    opened.screen(1440, scheme)
    opened.driver.find_element(By.CSS_SELECTOR, "[data-chart='other:mIoU'] [aria-haspopup]").click()
    assert opened.run("return document.activeElement.dataset.do") == "enlarge"
    assert violations(opened) == []
    opened.driver.switch_to.active_element.send_keys(Keys.ARROW_DOWN * 4)
    assert opened.run("return document.activeElement.dataset.do") == "hide", (
        "past what is off: the first chart goes no further up"
    )
    opened.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    opener = "return document.activeElement.getAttribute('aria-label')"
    opened.wait(lambda: opened.run(opener) == "More for val/mIoU", "the focus where it was")
    shown = "return arguments[0].checkVisibility({opacityProperty: true})"
    for button, inside in (("view-menu", "view-save"), ("new-chart", "new-chart-title")):
        press(opened, button)
        found = opened.driver.find_element(By.ID, inside)
        opened.wait(lambda: opened.run(shown, found), inside)  # noqa: B023
        assert violations(opened) == [], button
        opened.driver.switch_to.active_element.send_keys(Keys.ESCAPE)


def test_two_thousand_metrics_are_charted_at_once_and_found(reader: Page) -> None:
    url = reader.server.url + "/api/v1/training"
    names = [
        f"norm/blocks.{b}.{part}.w{letter}"
        for b in range(50)
        for part in ("q", "k")
        for letter in "abcdefghijklmnopqrst"
    ]
    with httpx.Client(base_url=url, timeout=60) as api:
        body = {"job_name": "norms", "external": True}
        job_id = api.post("/jobs", json=body).raise_for_status().json()["id"]
        rows = [{"epoch": e} | dict.fromkeys(names, 1.0 + e) for e in range(3)]
        api.post(f"/jobs/{job_id}/metrics", json=rows).raise_for_status()
    reader.open(f"?job={job_id}")
    reader.wait(lambda: len(reader.run(CARDS)) == 24, "the first charts of the section")
    reader.click("#other-charts .more-charts")
    reader.wait(lambda: len(reader.run(CARDS)) == 72, "more of them")
    reader.driver.find_element(By.ID, "chart-search").send_keys(".q.wt")
    reader.wait(lambda: 0 < len(reader.run(CARDS)) < 10, "what was searched for")
    assert all(".q.wt" in card for card in reader.run(CARDS))
