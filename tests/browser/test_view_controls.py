"""What is set while reading: a phone's drawer, a narrow window's two rows, alert rules."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from heimdall_dash import Job
from tests.browser.conftest import Page, log_epochs
from tests.browser.test_accessibility import violations

pytestmark = [pytest.mark.browser, pytest.mark.slow]

StartJob = Callable[..., Job]


def is_shown(page: Page, element_id: str) -> bool:
    return page.driver.find_element(By.ID, element_id).is_displayed()


def open_run(page: Page, train: StartJob) -> Job:
    job = train("somebody's", project="vision")
    log_epochs(job, 1, 30)
    page.open(f"?job={job.id}")
    page.wait(lambda: len(page.drawn()) == 30, "the charts")
    return job


def test_controls_of_a_phone_are_a_drawer_below_the_first_chart(
    reader: Page, train: StartJob
) -> None:
    reader.screen(390)
    open_run(reader, train)
    top = "return document.querySelector('.chart-card').getBoundingClientRect().top"
    assert reader.run(top) < 0.6 * 844  # it begins on the first screen
    assert not is_shown(reader, "x-axis")
    reader.click("#bar-toggle")
    reader.wait(lambda: is_shown(reader, "x-axis"), "the drawer")
    assert all(is_shown(reader, one) for one in ("smoothing", "update-rate", "views", "new-chart"))
    drawer = "return document.getElementById('bar-drawer').getBoundingClientRect().bottom"
    assert reader.run(drawer) == 844
    assert violations(reader) == []
    reader.choose_segment("x-axis", "relative")
    reader.wait(lambda: "x=relative" in reader.driver.current_url, "the axis")
    assert is_shown(reader, "x-axis")  # it stays open while one chooses
    reader.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    reader.wait(lambda: not is_shown(reader, "x-axis"), "it to be closed")
    assert reader.run("return document.activeElement.id") == "bar-toggle"


def test_controls_of_a_narrow_window_stand_in_two_rows_of_which_one_sticks(
    reader: Page, train: StartJob
) -> None:
    reader.screen()
    top = "return document.getElementById(arguments[0]).getBoundingClientRect().top"
    under = "return document.querySelector('.app-header').getBoundingClientRect().bottom"
    reader.driver.set_window_size(900, 700)
    try:
        open_run(reader, train)
        reading, rest = ("x-axis", "smoothing", "goto-epoch"), ("update-rate", "views", "new-chart")
        assert all(is_shown(reader, one) for one in (*reading, *rest))
        assert not is_shown(reader, "bar-toggle")
        reader.run("scrollTo(0, 1500)")
        reader.wait(lambda: reader.run(top, "update-rate") < reader.run(under), "one row to go")
        assert reader.run(under) <= reader.run(top, "x-axis") < reader.run(under) + 60
        who = "return document.querySelector('.who-header').textContent"
        reader.wait(lambda: "somebody's" in reader.run(who), "who it is")
    finally:
        reader.driver.set_window_size(1440, 1000)


def test_alert_rule_is_made_and_taken_away_on_the_page(reader: Page, train: StartJob) -> None:
    reader.screen()
    job = open_run(reader, train)
    url = reader.server.url + "/api/v1/training/alerts"

    def rules() -> Any:
        return httpx.get(url, timeout=10).json()["rules"]

    def wrong() -> dict[str, str]:
        found: dict[str, str] = reader.run(
            "return Object.fromEntries([...document.querySelectorAll("
            "'.rule-form input[aria-invalid=true]')].map((one) => [one.id,"
            "one.closest('.mantine-InputWrapper-root')"
            ".querySelector('.mantine-InputWrapper-error')?.textContent]))"
        )
        return found

    reader.click("#more-view summary")
    reader.click("#alert-rules")
    reader.wait(lambda: "No rule yet" in reader.text("rules-list"), "the list")
    reader.click("#rule-add")
    needed = dict.fromkeys(["rule-name", "rule-metric", "rule-value"], "Needed.")
    reader.wait(lambda: wrong() == needed, "every field that is missing")
    reader.driver.find_element(By.ID, "rule-name").send_keys("too good")
    reader.driver.find_element(By.ID, "rule-metric").send_keys("val_*")
    reader.driver.find_element(By.ID, "rule-value").send_keys("-3.5", Keys.TAB)
    assert violations(reader) == []
    reader.choose_segment("rule-of", "project")
    reader.click("#rule-add")
    reader.wait(lambda: "val_* < -3.5" in reader.text("rules-list"), "the rule")
    assert "project vision" in reader.text("rules-list")
    asked = {"metric": "val_*", "when": "<", "value": -3.5, "for_epochs": 1, "project": "vision"}
    assert rules() == [{"name": "too good", "job_id": None, "for_s": 0.0, **asked}]
    reader.wait(lambda: wrong() == {}, "no field to be wrong any more")

    httpx.put(f"{url}/mine", json={"metric": "a", "when": ">", "value": 1, "job_id": job.id})
    reader.click("#rules-list button")
    reader.wait(lambda: "too good" not in reader.text("rules-list"), "it to be gone")
    assert "this run" in reader.text("rules-list")
    reader.click("#rules-list button")
    reader.wait(lambda: "No rule yet" in reader.text("rules-list"), "both to be gone")
    assert rules() == []
