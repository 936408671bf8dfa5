"""The Jobs tab by hand and by keyboard: cards, actions, the form, hundreds of jobs."""

import itertools
import re
import threading
import time
from collections.abc import Callable, Iterator

import httpx
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from heimdall_dash import Job
from heimdall_dash.records import iso_time
from tests.browser.conftest import Page, log_epochs, metrics

pytestmark = pytest.mark.browser

StartJob = Callable[..., Job]
CARDS = "return [...document.querySelectorAll('.job-card .job-name')].map((n) => n.textContent)"
FOCUS = (
    "const at = document.activeElement;"
    "return `${at.closest('[data-job]')?.dataset.job ?? ''} ${at.dataset.action ?? at.id}`.trim()"
)


@pytest.fixture
def rest(reader: Page) -> Iterator[httpx.Client]:
    """REST of the shared server."""
    with httpx.Client(base_url=reader.server.url + "/api/v1/training", timeout=20) as client:
        yield client


def press(page: Page, *keys: str) -> None:
    ActionChains(page.driver).send_keys(*keys).perform()


def test_card_shows_how_a_job_goes(reader: Page, train: StartJob, rest: httpx.Client) -> None:
    done = train("kite done")
    log_epochs(done, 1, 3)
    done.finish("completed", "no gain in 50 epochs")
    failed = train("kite unlucky")
    failed.finish("failed", "RuntimeError: the loss was not finite")
    body = {"job_name": "kite busy", "external": True, "config": {"epochs": 200},
            "key_metrics": {"val_distance_p68_m": "min"}}  # fmt: skip
    busy = rest.post("/jobs", json=body).json()["id"]
    began = time.time() - 50 * 10

    def train_busily(first: int, last: int) -> None:
        """Ten seconds per epoch, up to now."""
        rows = [
            {"epoch": i, "timestamp": iso_time(began + i * 10), **metrics(i)}
            for i in range(first, last + 1)
        ]
        rest.post(f"/jobs/{busy}/metrics", json=rows).raise_for_status()

    train_busily(1, 50)
    reader.open("?tab=jobs&search=kite")
    expected = ["kite busy", "kite unlucky", "kite done"]
    reader.wait(lambda: reader.run(CARDS) == expected, "running first, then failed")
    card = f"return document.querySelector('[data-job=\"{busy}\"]')"
    text = reader.wait(
        lambda: (found := reader.run(f"{card}.innerText")) and "Epoch 50 of 200" in found and found,
        "the epoch",
    )
    assert busy[:8] in text
    assert re.search(r"about 2[45] min left", text)
    assert "1.39 · epoch 50" in text  # -4.8 + 17 * 0.98 ** 50
    assert "21,900 m" in text
    assert " s ago" in text
    assert reader.run(f"{card}.querySelector('[role=progressbar]').ariaValueNow") == "25"
    reader.wait(lambda: reader.run(f"{card}.querySelector('.spark polyline')"), "the small curve")
    assert "RuntimeError: the loss was not finite" in reader.text("jobs-list")
    assert "Ended early, at epoch 3 of 500: no gain in 50 epochs" in reader.text("jobs-list")
    train_busily(51, 60)
    reader.wait(lambda: "Epoch 60 of 200" in reader.run(f"{card}.innerText"), "it growing")


def test_actions_by_keyboard_ask_first_and_never_lose_the_focus(
    reader: Page, rest: httpx.Client
) -> None:
    ids = {
        name: rest.post("/jobs", json={"job_name": name, "external": True}).json()["id"]
        for name in ("owl first", "owl second")
    }
    reader.open("?tab=jobs&search=owl")
    reader.wait(lambda: len(reader.run(CARDS)) == 2, "the cards")
    cancel = reader.driver.find_element(
        By.CSS_SELECTOR, f"[data-job='{ids['owl second']}'] [data-action=cancel]"
    )
    cancel.send_keys(Keys.ENTER)
    inside = "return document.activeElement.closest('[role=dialog]') !== null"
    reader.wait(lambda: reader.run(inside), "the question")
    for _ in range(3):
        press(reader, Keys.TAB)
        assert reader.run(inside), "the focus stays in the question"
    press(reader, Keys.ESCAPE)
    reader.wait(
        lambda: not reader.driver.find_element(By.ID, "confirm-yes").is_displayed(), "its end"
    )
    assert reader.run(FOCUS) == f"{ids['owl second']} cancel"
    assert rest.get(f"/jobs/{ids['owl second']}").json()["job"]["status"] == "pending"

    delete = f"[data-job='{ids['owl second']}'] [data-action=delete]"
    reader.driver.find_element(By.CSS_SELECTOR, delete).send_keys(Keys.ENTER)
    reader.wait(lambda: reader.run(inside), "the question")
    assert "Delete “owl second”" in reader.run(
        "return document.querySelector('[role=dialog]:has(#confirm-yes)').textContent"
    )
    reader.driver.find_element(By.CSS_SELECTOR, "#confirm-yes").send_keys(Keys.ENTER)
    reader.wait(lambda: reader.run(CARDS) == ["owl first"], "the card's end")
    reader.wait(
        lambda: reader.run(FOCUS) == f"{ids['owl first']} open", "the focus on the next card"
    )
    reader.click("#runs-undo-yes")
    reader.wait(lambda: len(reader.run(CARDS)) == 2, "the deleted one again")


def test_refused_action_is_said(reader: Page, rest: httpx.Client) -> None:
    reader.expected_errors = ("404",)
    job = rest.post("/jobs", json={"job_name": "wren", "external": True}).json()
    reader.open("?tab=jobs&search=wren")
    reader.wait(lambda: reader.run(CARDS) == ["wren"], "the card")
    reader.run("window.act = dash_clientside.heimdall.page.cards.world.act")
    rest.delete(f"/jobs/{job['id']}")
    reader.run("act('pause', arguments[0])", job)
    reader.wait(
        lambda: reader.run(
            "return document.querySelector('.mantine-Notification-root')"
            "?.textContent.includes('Pause was refused')"
        ),
        "the reason",
    )


def test_form_marks_every_wrong_field_at_once_as_rest_refuses_them(
    reader: Page, rest: httpx.Client
) -> None:
    reader.open("?tab=jobs")
    reader.open_form()
    assert [reader.field(name).get_attribute("value") for name in ("epochs", "learning_rate")] == [
        "500", "0.001",
    ]  # fmt: skip
    wrong = {"epochs": 0, "learning_rate": "fast", "width": 33, "batch_size": 5000}
    for name, value in wrong.items():
        reader.retype(name, str(value))
    reader.click("#create-submit")
    refused = rest.post("/jobs", json={"job_name": "", "config": wrong}).json()["detail"]
    assert [one["loc"] for one in refused] == [["body", "job_name"]]
    refused = rest.post("/jobs", json={"job_name": "x", "config": wrong}).json()["detail"]
    named = {one["loc"][-1] for one in refused}
    assert named == {*wrong, "train_samples", "heads"}
    reader.wait(lambda: reader.marked().keys() == named | {"job_name"}, "all marks")
    marked = reader.marked()
    assert marked["job_name"] == "Please give the job a name."
    assert marked["epochs"].endswith("Allowed: 1 to 100,000.")
    assert marked["learning_rate"].endswith("Allowed: more than 0 to 1.")
    for name in ("batch_size", "train_samples"):
        assert marked[name] == "batch_size 5000 is larger than train_samples 4096."
    assert marked["heads"] == marked["width"] == "heads 4 does not divide width 33."
    first = "return document.activeElement === arguments[0]"
    reader.wait(lambda: reader.run(first, reader.field("job_name")), "the focus on the first")
    assert reader.field("width").get_attribute("value") == "33", "what was typed is kept"


def test_a_job_is_made_by_keyboard_alone(reader: Page, rest: httpx.Client) -> None:
    reader.open("?tab=jobs")
    reader.driver.find_element(By.CSS_SELECTOR, "#create-open button").send_keys(Keys.ENTER)
    reader.wait(reader.field("job_name").is_displayed, "the form")
    press(reader, Keys.TAB)
    press(reader, "made by hand", Keys.TAB, "0", Keys.TAB)
    reader.field("job_name").send_keys(Keys.ENTER)
    reader.wait(lambda: reader.marked().keys() == {"epochs"}, "the wrong number")
    first = "return document.activeElement === arguments[0]"
    reader.wait(lambda: reader.run(first, reader.field("epochs")), "the focus on it")
    press(reader, Keys.BACKSPACE * 4, "3")
    reader.driver.find_element(By.ID, "create-submit").send_keys(Keys.ENTER)
    notice = "return document.querySelector('.mantine-Notification-root')?.textContent ?? ''"
    reader.wait(lambda: "“made by hand” is queued." in reader.run(notice), "the notice")
    job = next(one for one in rest.get("/jobs").json()["jobs"] if one["job_name"] == "made by hand")
    assert (job["status"], job["config"]["epochs"]) == ("queued", 3)
    link = "return document.querySelector('.mantine-Notification-root a').search"
    assert job["id"] in reader.run(link)
    reader.wait(lambda: job["id"] in reader.driver.current_url, "its page")
    reader.wait(lambda: "waits for a free worker" in reader.text("loss-chart"), "the empty state")
    rest.post(f"/jobs/{job['id']}/cancel")


def test_hundreds_of_jobs_are_searched_filtered_and_sorted(page: Page, api: httpx.Client) -> None:
    for i in range(60):
        api.post("/jobs", json={"job_name": f"job {i:03}", "external": True})
    done = api.get("/jobs?limit=1").json()["jobs"][0]
    api.post(f"/jobs/{done['id']}/status", json={"status": "completed"})
    page.open("?tab=jobs&order=name")
    page.wait(lambda: page.run(CARDS) == [f"job {i:03}" for i in range(24)], "the first page")
    page.driver.find_element(By.CSS_SELECTOR, "#jobs-list .more").click()
    page.wait(lambda: len(page.run(CARDS)) == 48, "more of them")
    page.driver.find_element(By.ID, "jobs-search").send_keys("job 01")
    wanted = {"job 001", *(f"job {i:03}" for i in range(10, 20))}  # and ids that begin with 01
    page.wait(lambda: wanted <= set(page.run(CARDS)) and len(page.run(CARDS)) < 15, "the search")
    page.driver.find_element(By.ID, "jobs-search").send_keys(Keys.BACKSPACE * 6)
    page.run("dash_clientside.set_props('jobs-status', {value: ['completed']})")
    page.wait(lambda: page.run(CARDS) == ["job 059"], "the filter")
    page.wait(lambda: "status=completed" in page.driver.current_url, "it in the address")
    assert "1 of 60 jobs" in page.text("jobs-list")


def test_all_jobs_are_listed_at_each_look_while_one_of_them_is_live(
    page: Page, api: httpx.Client
) -> None:
    """The list and its first change must not be on their way together: the page's WebSocket
    component keeps only the newer message, and showed 1 of 1 jobs at most looks."""
    ids = [
        api.post("/jobs", json={"job_name": f"job {i:03}", "external": True}).json()["id"]
        for i in range(300)
    ]
    stop = threading.Event()

    def train() -> None:
        with httpx.Client(base_url=api.base_url, timeout=20) as trainer:
            for epoch in itertools.count():
                if stop.wait(0.01):
                    return
                trainer.post(f"/jobs/{ids[0]}/metrics", json={"epoch": epoch, "train_loss": 1.5})

    trainer = threading.Thread(target=train)
    trainer.start()
    try:
        for _ in range(10):
            page.open("?tab=jobs")
            page.wait(lambda: "of 300 jobs" in page.text("jobs-list"), "all jobs", 5)
            page.wait(lambda: page.run(LISTED) == 300, "all jobs in the list", 5)
    finally:
        stop.set()
        trainer.join()


LISTED = "return dash_clientside.heimdall.page.list.jobs.size"
