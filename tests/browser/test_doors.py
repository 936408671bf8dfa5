"""The page behind a real proxy and a token: below a path, over TLS, under its content policy."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from heimdall_dash.roles import READS_ALONE
from heimdall_dash.store.embedded import EmbeddedStore
from tests.conftest import CHROMIUM_FLAGS, Web, wait_for, web_settings
from tests.proxies import Nginx
from trainer.manifest import MANIFEST

TOKEN, READ = "correct horse; battery, staple", "a token for looking alone"


@pytest.fixture(scope="module")
def nginx(valkey: EmbeddedStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    folder: Path = tmp_path_factory.mktemp("doors")
    with Nginx(folder / "nginx") as proxy:
        settings = web_settings(
            valkey.url, folder, port=proxy.backend, heimdall_token=TOKEN, heimdall_read_token=READ,
            heimdall_prefix="/heimdall/", heimdall_proxies="127.0.0.1",
        )  # fmt: skip
        with Web(settings, MANIFEST) as web:
            body = {"job_name": "<a href='//evil'>bold</a>", "external": True, "config": {}}
            made = httpx.post(web.api + "/jobs", json=body, headers=web.auth).json()
            rows = [{"epoch": epoch, "train_loss": 1 / (epoch + 1)} for epoch in range(5)]
            httpx.post(f"{web.api}/jobs/{made['id']}/metrics", json=rows, headers=web.auth)
            yield proxy


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    options = webdriver.ChromeOptions()
    for flag in CHROMIUM_FLAGS:
        options.add_argument(flag)
    options.add_argument("--ignore-certificate-errors")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options)
    yield driver
    driver.quit()


def sign_in(chromium: Any, nginx: Nginx, token: str, query: str = "") -> None:
    chromium.delete_all_cookies()
    chromium.get(f"{nginx.url}/{query}")
    chromium.find_element(By.ID, "token").send_keys(token)
    chromium.find_element(By.CSS_SELECTOR, "button[type=submit]").click()
    wait_for(lambda: chromium.find_elements(By.ID, "connection-badge"), 20, "the page")


def complaints(chromium: Any) -> list[str]:
    """Of the console, but for the 401 that the form itself is."""
    told = [entry["message"] for entry in chromium.get_log("browser") if entry["level"] != "DEBUG"]
    return [one for one in told if "401" not in one]


def test_page_lives_behind_the_proxy_and_breaks_no_policy(chromium: Any, nginx: Nginx) -> None:
    sign_in(chromium, nginx, TOKEN, "?tab=metrics")
    badge = chromium.find_element(By.ID, "connection-badge")
    wait_for(lambda: badge.text == "CONNECTED", 20, "the link")
    assert chromium.current_url.startswith(nginx.url + "/?")
    wait_for(
        lambda: chromium.find_elements(By.CSS_SELECTOR, "#loss-chart .scatterlayer path"), 20,
        "lines on the chart",
    )  # fmt: skip
    assert "token" not in chromium.execute_script("return document.cookie")
    assert not chromium.find_elements(By.CSS_SELECTOR, "a[href*=evil]")
    chromium.get(nginx.url + "/docs")
    wait_for(lambda: chromium.find_elements(By.CLASS_NAME, "opblock"), 20, "Swagger UI")
    assert complaints(chromium) == []


def test_signing_out_leads_to_the_form(chromium: Any, nginx: Nginx) -> None:
    sign_in(chromium, nginx, TOKEN)
    way_out = chromium.find_element(By.CSS_SELECTOR, "#log-out button")
    wait_for(way_out.is_displayed, 10, "the way out")
    way_out.click()
    wait_for(lambda: chromium.find_elements(By.ID, "token"), 10, "the form")
    chromium.get(nginx.url + "/")
    assert chromium.find_elements(By.ID, "token")


def test_reader_finds_no_buttons_that_change_anything(chromium: Any, nginx: Nginx) -> None:
    sign_in(chromium, nginx, READ, "?tab=jobs")
    wait_for(lambda: chromium.find_elements(By.CLASS_NAME, "job-buttons"), 20, "the cards")
    shown = [
        button.text
        for box in chromium.find_elements(By.CLASS_NAME, "job-buttons")
        for button in box.find_elements(By.TAG_NAME, "button")
        if button.is_displayed()
    ]
    assert set(shown) == {"Open"}
    assert not chromium.find_element(By.ID, "create-job").is_displayed()
    assert not chromium.find_element(By.ID, "create-open").is_displayed()
    wait_for(lambda: chromium.find_elements(By.CSS_SELECTOR, "#runs-table .ag-row"), 20, "rows")
    buttons = chromium.find_elements(By.CSS_SELECTOR, "#runs-actions button, #runs-actions input")
    assert [one.get_attribute("id") for one in buttons if one.is_displayed()] == [
        "runs-csv", "runs-export",
    ]  # fmt: skip
    fields = ("job-rename", "job-tags", "job-group", "job-notes")
    is_fixed = "return arguments[0].map((id) => document.getElementById(id).readOnly)"
    assert chromium.execute_script(is_fixed, fields) == [True] * 4
    assert complaints(chromium) == []


def test_form_and_table_work_behind_the_token_and_break_no_policy(
    chromium: Any, nginx: Nginx
) -> None:
    sign_in(chromium, nginx, TOKEN, "?tab=jobs")
    wait_for(lambda: chromium.find_elements(By.CSS_SELECTOR, "#runs-table .ag-row"), 20, "rows")
    chromium.find_element(By.CSS_SELECTOR, "#create-open button").send_keys(Keys.ENTER)
    submit = chromium.find_element(By.ID, "create-submit")
    wait_for(submit.is_displayed, 10, "the form")
    submit.click()
    name = chromium.find_element(By.CSS_SELECTOR, '#create-job input[id*="job_name"]')
    wait_for(lambda: name.get_attribute("aria-invalid") == "true", 10, "the missing name")
    name.send_keys("from behind the door")
    submit.click()
    note = (By.CSS_SELECTOR, ".mantine-Notification-root")
    wait_for(lambda: chromium.find_elements(*note), 10, "the notice")
    wait_for(lambda: "from behind the door" in chromium.find_element(*note).text, 5, "its text")
    assert complaints(chromium) == []


def test_readers_callback_makes_no_job(chromium: Any, nginx: Nginx) -> None:
    """The form is out of sight, and its callback is Dash's: a call of one path for everything."""
    sign_in(chromium, nginx, READ, "?tab=jobs")
    wait_for(lambda: chromium.find_elements(By.CSS_SELECTOR, ".job-card"), 20, "the cards")
    before = len(chromium.find_elements(By.CSS_SELECTOR, ".job-card"))
    name = "dash_clientside.set_props({type: 'new-job', name: 'job_name'}, {value: 'forbidden'});"
    chromium.execute_script(name + "dash_clientside.set_props('create-submit', {n_clicks: 1})")
    message = "return document.getElementById('create-message').textContent"
    wait_for(lambda: READS_ALONE in chromium.execute_script(message), 10, "the refusal")
    assert len(chromium.find_elements(By.CSS_SELECTOR, ".job-card")) == before
