"""The page by axe-core's rules for WCAG 2.2 AA, in every state and size; focus and motion."""

from collections.abc import Callable
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from heimdall_dash import Job
from tests.browser.conftest import Page, log_epochs

pytestmark = pytest.mark.browser

StartJob = Callable[..., Job]
AXE = Path(__file__).parent / "vendor" / "axe-core-4.14.1.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def violations(reader: Page) -> list[tuple[str, list[str]]]:
    if not reader.run("return !!window.axe"):
        reader.run(AXE.read_text())
    found = reader.driver.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "axe.run(document, {runOnly: arguments[0], preload: false, resultTypes: ['violations']})"
        ".then((r) => done(r.violations), (error) => done([{id: String(error), nodes: []}]))",
        TAGS,
    )
    return [(v["id"], [node["html"][:300] for node in v["nodes"]]) for v in found]


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_has_no_axe_violations(reader: Page, train: StartJob, scheme: str, width: int) -> None:
    job = train(facts={"crlb_p68_m": 20.5})
    log_epochs(job, 0, 20)
    failed = train("unlucky")
    failed.finish("failed", "the loss was not finite")
    reader.screen(width, scheme)
    scheme_now = "return document.documentElement.getAttribute('data-mantine-color-scheme')"

    reader.open(f"?job={job.id}")
    reader.wait(lambda: len(reader.drawn()) == 21, "the charts")
    reader.wait(lambda: reader.run("return dash_clientside.heimdall.page.list.isKnown"), "the jobs")
    assert reader.run(scheme_now) == scheme
    assert violations(reader) == []

    # dimmed, one chart enlarged, a search without result
    reader.run(
        "const {feed, bar, charts} = dash_clientside.heimdall.page;"
        "feed.job.last_metric_at = '2020-01-01T00:00:00Z';"
        "charts.wide.choose('rmse-chart')"
    )
    dimmed = "return document.getElementById('charts').classList.contains('is-stale')"
    reader.wait(lambda: reader.run(dimmed), "dimmed charts")
    assert violations(reader) == []
    if width < 500:
        reader.click("#bar-toggle")
    reader.driver.find_element(By.ID, "chart-search").send_keys("zzz")
    reader.wait(lambda: "No chart" in reader.text("chart-filter"), "nothing found")
    assert violations(reader) == []

    for query in (f"?job={failed.id}", f"?runs={job.id},{failed.id}"):
        reader.open(query)
        reader.wait(lambda: reader.run("return dash_clientside.heimdall.page.list.isKnown"), "jobs")
        if "job" in query:
            reader.wait(lambda: "failed" in reader.text("job-reason"), "why it failed")
        assert violations(reader) == [], query

    reader.open("?tab=jobs")
    reader.wait(lambda: reader.run("return document.querySelectorAll('.job-card').length"), "cards")
    reader.open_form()
    reader.click("#create-submit")
    reader.wait(lambda: reader.marked().keys() == {"job_name"}, "a wrong field")
    assert violations(reader) == []
    cancel = f"[data-job='{job.id}'] [data-action=cancel]"
    reader.driver.find_element(By.CSS_SELECTOR, cancel).send_keys(Keys.ENTER)
    reader.wait(
        lambda: reader.driver.find_element(By.ID, "confirm-no").is_displayed(), "the dialog"
    )
    assert violations(reader) == []
    assert reader.run("return document.documentElement.scrollWidth") <= width


def test_every_control_of_the_metrics_tab_is_reached_by_tab_and_shows_its_focus(
    reader: Page, train: StartJob
) -> None:
    job = train()
    log_epochs(job, 0, 20)
    reader.open(f"?job={job.id}")
    reader.wait(lambda: len(reader.drawn()) == 21, "the charts")
    state = """
        const e = document.activeElement, r = e.getBoundingClientRect();
        const ring = [e, e.parentElement, e.closest('label') ?? e, e.nextElementSibling ?? e,
            e.closest('.mantine-MultiSelect-input') ?? e]
            .some((x) => { const s = getComputedStyle(x);
                return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2
                    || s.boxShadow !== 'none' });
        const header = document.querySelector('.app-header').getBoundingClientRect();
        const isUnder = !e.closest('.app-header, .skip-link') && r.height > 0
            && r.bottom <= header.bottom;
        return {key: e.id || e.getAttribute('aria-label') || e.textContent.slice(0, 40), ring,
            tag: e.tagName, name: e.getAttribute('name') || '', isUnder}
    """
    keys: list[str] = []
    for _ in range(90):
        reader.driver.switch_to.active_element.send_keys(Keys.TAB)
        now = reader.run(state)
        keys.append(now["key"])
        if now["tag"] == "BODY":
            break
        assert now["ring"], f"no focus to be seen on {now}"
        assert not now["isUnder"], f"{now} is under the bar on top"
        if now["key"] == "gradient-chart":
            break
    for wanted in (
        "job-select", "export-csv", "export-json", "chart-search", "loss-chart", "views",
        "view-menu", "new-chart", "More of the view", "gradient-chart",
    ):  # fmt: skip
        assert wanted in keys, wanted
    loss = keys.index("loss-chart")
    assert keys[loss + 1] == "uncertainty-chart"  # one stop for each chart

    chart = reader.driver.find_element(By.ID, "loss-chart")
    chart.send_keys(Keys.ENTER)
    pressed = lambda key: reader.driver.switch_to.active_element.send_keys(key)  # noqa: E731
    reader.wait(lambda: reader.run(state)["key"] == "Enlarge", "the menu")
    pressed(Keys.ARROW_DOWN)
    assert reader.run(state)["key"] in ("Log Scale", "Linear Scale")
    scale = reader.layout("loss-chart", "yaxis.type")
    pressed(Keys.ENTER)
    reader.wait(lambda: reader.layout("loss-chart", "yaxis.type") != scale, "the other scale")
    assert reader.run(state)["key"] == "loss-chart"


def test_nothing_moves_by_itself_for_those_who_asked_for_that(
    reader: Page, train: StartJob
) -> None:
    job = train()
    log_epochs(job, 0, 5)
    reader.open(f"?job={job.id}")
    reader.wait_badge("CONNECTED")
    reader.wait(lambda: len(reader.drawn()) == 6, "the charts")
    moving = (
        "return [...document.querySelectorAll('*')].filter((e) => { const s = getComputedStyle(e);"
        "  return s.animationName !== 'none'"
        "    || s.transitionDuration.split(',').some((t) => parseFloat(t) > 0.01) })"
        ".map((e) => e.className).slice(0, 5)"
    )
    assert reader.run(moving) == []
