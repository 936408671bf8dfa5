"""A link and the back button show the same view again; alerts reach who looks elsewhere."""

from collections.abc import Callable
from typing import Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from heimdall_dash import Job
from tests.browser.conftest import Page, log_epochs, metrics

pytestmark = pytest.mark.browser

StartJob = Callable[..., Job]


def shown(page: Page) -> dict[str, Any]:
    """What the controls and charts show, not what the page thinks they do."""
    found: dict[str, Any] = page.run(
        "const value = (id) => document.getElementById(id).value;"
        "const choice = (id) => document.querySelector(`#${id} input:checked`).value;"
        "const slider = (id) => document.querySelector(`#${id} [role=slider]`).ariaValueNow;"
        "const layout = (id) => document.querySelector(`#${id} .js-plotly-plot`)?.layout;"
        "const pills = (id) => [...document.getElementById(id).closest('.mantine-MultiSelect-root')"
        "  .querySelectorAll('.mantine-Pill-label')].map((pill) => pill.textContent).sort();"
        "return {"
        "  tab: document.querySelector('[role=tab][aria-selected=true]').textContent,"
        "  job: value('job-select'), smoothing: slider('smoothing'), x: choice('x-axis'),"
        "  rate: choice('update-rate'), linked: document.getElementById('linked-zoom').checked,"
        "  loss: choice('scale-loss-chart'), range: layout('loss-chart')?.xaxis.range,"
        "  heights: layout('loss-chart')?.yaxis.range, reliability: slider('reliability-epoch'),"
        "  search: value('jobs-search'), order: value('jobs-sort'), statuses: pills('jobs-status'),"
        "  runs: [...document.querySelectorAll('#run-picks .run-pick')]"
        "    .map((pick) => [pick.querySelector('.pick-name').textContent,"
        "      pick.querySelector('.pick-eye').ariaPressed]),"
        "  group: value('group-by'), band: choice('group-band'),"
        "  wide: document.querySelector('.chart-card.is-wide')?.dataset.chart,"
        "  find: value('chart-search')}"
    )
    return found


def test_link_restores_the_exact_view(reader: Page, train: StartJob) -> None:
    first, second = train("first", config={"seed": 1}), train("second", config={"seed": 2})
    for job in (first, second):
        log_epochs(job, 1, 40)
        job.finish("completed")
    view = (
        f"job={first.id}&smooth=0.35&x=relative&rate=5s&linked=1&log=loss-chart"
        "&zoom.loss-chart=2,8,-0.5,1.25&reliability=7&search=s&status=completed&order=name"
        f"&runs={second.id},{first.id}&hide={second.id}&group=config:seed&band=sd"
        "&wide=loss-chart&find=loss&off.loss-chart=train_loss"
    )
    reader.open(f"?{view}")
    reader.wait(lambda: len(reader.drawn()) > 0, "the chart")
    reader.wait(lambda: shown(reader)["reliability"] == "7", "the chosen epoch")
    reader.wait(lambda: len(shown(reader)["runs"]) == 2, "the runs")
    found = shown(reader)
    expected = {
        "tab": "Metrics", "job": "first (completed) - Epoch 40/500", "smoothing": "0.35",
        "x": "relative", "rate": "5s", "linked": True,
        "loss": "log", "range": [2, 8], "heights": [-0.5, 1.25],
        "reliability": "7", "search": "s", "order": "Name", "statuses": ["completed"],
        "runs": [["first", "true"], ["second", "false"]], "group": "Config: seed", "band": "sd",
        "wide": "loss-chart", "find": "loss",
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected
    reader.click("[role=tab][id$=jobs]")
    reader.wait(lambda: "tab=jobs" in reader.driver.current_url, "the tab in the address")
    address = reader.driver.current_url
    reader.driver.get("about:blank")
    reader.driver.get(address)
    reader.wait(lambda: reader.run("return !!window.dash_clientside?.heimdall?.page"), "the page")
    reader.wait(lambda: len(shown(reader)["runs"]) == 2, "the runs")
    again = shown(reader)
    assert reader.driver.current_url == address
    for name in expected.keys() - {"tab", "range", "heights", "reliability"}:
        assert again[name] == expected[name], name
    assert again["tab"] == "Jobs"


def test_back_and_forward_go_through_tabs_and_jobs(reader: Page, train: StartJob) -> None:
    first, second = train("first"), train("second")
    for job in (first, second):
        log_epochs(job, 1, 9)
        job.finish("completed")
    reader.open(f"?job={first.id}")
    reader.wait(lambda: shown(reader)["job"].startswith("first"), "the first job")
    reader.show("loss-chart")
    reader.driver.find_element(By.ID, "loss-chart").send_keys("+")
    reader.wait(lambda: "zoom.loss-chart" in reader.driver.current_url, "a zoom in the address")
    zoomed = shown(reader)["range"]
    reader.click("button[aria-label='Enlarge Loss']")
    reader.wait(lambda: "wide=loss-chart" in reader.driver.current_url, "the wide chart as well")
    reader.click("[role=tab][id$=jobs]")
    reader.driver.find_element(By.ID, "jobs-search").send_keys("second")
    reader.wait(lambda: "search=second" in reader.driver.current_url, "the search in the address")
    reader.run("dash_clientside.heimdall.page.charts.wide.choose(null)")
    reader.click(f"[data-job='{second.id}'] [data-action=open]")
    reader.wait(lambda: shown(reader)["job"].startswith("second"), "the second job")
    reader.wait(lambda: shown(reader)["tab"] == "Metrics", "its charts")
    reader.driver.back()
    reader.wait(lambda: shown(reader)["tab"] == "Jobs", "the list again")
    assert shown(reader)["search"] == "second"
    reader.driver.back()
    reader.wait(lambda: shown(reader)["tab"] == "Metrics", "the first job's charts again")
    assert shown(reader)["wide"] == "loss-chart"
    reader.wait(lambda: shown(reader)["job"].startswith("first"), "the first job again")
    reader.wait(lambda: shown(reader)["range"] == zoomed, "as it was zoomed")
    reader.driver.forward()
    reader.driver.forward()
    reader.wait(lambda: shown(reader)["job"].startswith("second"), "the second job again")
    reader.wait(lambda: reader.epochs() == list(range(1, 10)), "its epochs")
    assert f"job={second.id}" in reader.driver.current_url


def test_an_alert_is_notified_once(reader: Page, train: StartJob) -> None:
    job = train()
    log_epochs(job, 1, 20)
    origin = reader.server.url
    reader.driver.execute_cdp_cmd(
        "Browser.setPermission",
        {"permission": {"name": "notifications"}, "setting": "granted", "origin": origin},
    )
    reader.open(f"?job={job.id}")
    reader.wait_badge("CONNECTED")
    reader.run(  # the browser's own, with a note of each
        "window.told = []; const Real = window.Notification;"
        "window.Notification = class extends Real {"
        "  constructor(title, more) { super(title, more); told.push([title, more.body]) } }"
    )
    reader.click("#more-view summary")
    reader.driver.find_element(By.ID, "notify").send_keys(Keys.SPACE)
    reader.wait(
        lambda: reader.run("return dash_clientside.heimdall.page.notices.isNotifying"), "leave"
    )
    for epoch in (21, 22, 23):
        job.log(epoch, **(metrics(epoch) | {"val_loss": float("nan")}))
        reader.wait(lambda: f"at epoch {epoch}" in reader.text("alerts"), "the alert")  # noqa: B023
    log_epochs(job, 24, 24)
    reader.wait(lambda: not reader.text("alerts"), "its end")
    job.log(25, **(metrics(25) | {"val_loss": float("nan")}))
    reader.wait(lambda: "at epoch 25" in reader.text("alerts"), "it again")
    assert reader.run("return told") == [["VHF", "Not a finite number at epoch 21: val_loss."]]
    job.finish("failed", "the loss was not finite")
    reader.wait(lambda: len(reader.run("return told")) == 2, "the next alert")
    assert reader.run("return told[1]") == ["VHF", "The job failed: the loss was not finite"]


def test_notifications_that_the_browser_refuses_are_not_promised(reader: Page) -> None:
    reader.driver.execute_cdp_cmd(
        "Browser.setPermission",
        {"permission": {"name": "notifications"}, "setting": "denied", "origin": reader.server.url},
    )
    reader.open()
    reader.click("#more-view summary")
    box = reader.driver.find_element(By.ID, "notify")
    box.send_keys(Keys.SPACE)
    reader.wait(lambda: not box.is_selected(), "the box to say so")
