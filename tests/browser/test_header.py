"""The chosen job's header: of one moment, at once, and with every reason."""

import time
from collections.abc import Callable

import pytest

from heimdall_dash import Job
from tests.browser.conftest import Page, log_epochs, metrics

pytestmark = pytest.mark.browser

StartJob = Callable[..., Job]


def test_label_and_progress_agree_whenever_one_looks(reader: Page, train: StartJob) -> None:
    job = train(total_epochs=500)
    log_epochs(job, 1, 3)
    reader.open(f"?job={job.id}")
    reader.wait(lambda: reader.text("job-progress").startswith("Epoch 3 of 500"), "the job")
    reader.run(  # after every task of the reader, not only when it paints
        "window.looks = []; const channel = new MessageChannel();"
        "channel.port1.onmessage = () => {"
        "  const label = document.getElementById('job-select').value;"
        "  const progress = document.querySelector('#job-progress .job-epoch').textContent;"
        "  const seen = [label, progress].map((text) => /Epoch (\\d+)/.exec(text)?.[1]).join();"
        "  if (looks.at(-1) !== seen) looks.push(seen);"
        "  channel.port2.postMessage(0) };"
        "channel.port2.postMessage(0)"
    )
    for epoch in range(4, 24):
        log_epochs(job, epoch, epoch)
        reader.wait(lambda: reader.epochs()[-1] >= epoch, f"epoch {epoch}")  # noqa: B023
    reader.wait(lambda: reader.run("return looks.at(-1)") == "23,23", "the last epoch in both")
    looks = reader.run("return looks")
    assert [look for look in looks if len(set(look.split(","))) > 1] == []
    assert len(looks) > 5
    assert reader.run("return document.getElementById('job-select').value") == (
        "VHF (running) - Epoch 23/500"
    )


def test_typing_in_the_job_select_survives_new_epochs(reader: Page, train: StartJob) -> None:
    job = train("steady")
    train("zebra").finish("completed")  # a name that no other test's job has
    log_epochs(job, 1, 3)
    reader.open(f"?job={job.id}")
    reader.wait(lambda: "steady (running)" in reader.run(LABEL), "the running job")
    reader.wait(lambda: "zebra (completed)" in reader.run(LISTED), "the other job in the list")
    select = reader.driver.find_element("id", "job-select")
    select.click()
    select.send_keys("zeb")
    log_epochs(job, 4, 9)
    reader.wait(lambda: reader.text("job-progress").startswith("Epoch 9"), "more epochs")
    reader.wait(
        lambda: "all 9 stored epochs are here" in reader.text("job-progress"), "all of them"
    )
    assert reader.run(LABEL) == "zeb"
    option = "//*[@role='option'][contains(., 'zebra (')]"
    shown = reader.wait(lambda: reader.driver.find_elements("xpath", option), "the option")
    shown[0].click()
    reader.wait(lambda: reader.run(LABEL) == "zebra (completed) - Epoch 0/500", "the chosen job")


LABEL = "return document.getElementById('job-select').value"
LISTED = "return dash_clientside.heimdall.page.select.shown['job-select'] ?? ''"


def test_warning_is_on_the_page_and_on_the_chart_within_two_seconds(
    reader: Page, train: StartJob
) -> None:
    job = train()
    log_epochs(job, 1, 20)
    reader.open(f"?job={job.id}")
    reader.wait_badge("CONNECTED")
    reader.wait(lambda: len(reader.drawn()) == 20, "the history")
    began = time.monotonic()
    job.log(21, **(metrics(21) | {"val_loss": float("nan")}))
    words = "epoch 21: not finite, stored as null: val_loss"
    reader.wait(lambda: reader.text("job-note") == words, "the note")
    assert reader.driver.find_element("id", "job-note").is_displayed()
    assert words in reader.text("job-facts")
    reader.wait(lambda: "Not a finite number at epoch 21" in reader.text("alerts"), "the alert")
    reader.wait(
        lambda: "⚠" in [mark["text"] for mark in reader.layout("loss-chart", "annotations")],
        "the mark on the chart",
    )
    assert time.monotonic() - began < 2.5
    asked = (
        "return performance.getEntriesByType('resource')"
        ".filter((e) => e.name.endsWith('/jobs/' + arguments[0])).length"
    )
    before = reader.run(asked, job.id)
    log_epochs(job, 22, 30)
    reader.wait(lambda: len(reader.drawn()) == 30, "more epochs")
    assert reader.run(asked, job.id) == before, "nothing is asked for when nothing was noted"


def test_header_says_why_a_job_does_not_run(reader: Page, train: StartJob) -> None:
    failed, early, cancelled, paused = (train(name) for name in ("f", "e", "c", "p"))
    for job in (failed, early, cancelled, paused):
        log_epochs(job, 1, 5)
    failed.finish("failed", "RuntimeError: the loss was not finite")
    early.finish("completed", "no gain in 50 epochs")
    cancelled.finish("cancelled", "stopped by KeyboardInterrupt")
    paused.finish("paused")
    reader.open(f"?job={failed.id}")
    reader.wait(lambda: reader.text("job-status") == "failed", "the job")
    for job, words in (
        (failed, "The job failed: RuntimeError: the loss was not finite"),
        (early, "Ended early, at epoch 5 of 500: no gain in 50 epochs"),
        (cancelled, "Cancelled after epoch 5: stopped by KeyboardInterrupt"),
        (paused, "Paused after epoch 5. Resume goes on from there."),
    ):
        reader.run("dash_clientside.heimdall.page.choice.choose(arguments[0])", job.id)
        reader.wait(lambda: reader.text("job-reason") == words, words)  # noqa: B023
        assert reader.driver.find_element("id", "job-reason").is_displayed()
        assert reader.text("alerts") == ""
