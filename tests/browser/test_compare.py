"""Several jobs over one another: live without polling, and a table that says what is best."""

from collections.abc import Callable

import pytest

from heimdall_dash import Job
from heimdall_dash.store.embedded import EmbeddedStore
from tests.browser.conftest import LOST_LINK, Page, log_epochs, metrics

pytestmark = pytest.mark.browser

StartJob = Callable[..., Job]


def asked(page: Page, job: Job) -> int:
    """How often the browser has fetched this job's curve for the comparison."""
    found: int = page.run(
        "return performance.getEntriesByType('resource')"
        ".filter((e) => e.name.includes(arguments[0] + '/metrics?points=2000')"
        "  && !e.name.includes('points=20000')).length",
        job.id,
    )
    return found


def row(page: Page, name: str) -> list[str]:
    found: list[str] = page.run(
        "const row = [...document.querySelectorAll('#compare-table tr')]"
        "  .find((tr) => tr.cells[0].textContent.startsWith(arguments[0]));"
        "return row ? [...row.cells].slice(1).map((cell) => cell.textContent) : []",
        name,
    )
    return found


def hide(page: Page, is_hidden: bool) -> None:
    page.run(
        "Object.defineProperty(document, 'hidden', {value: arguments[0], configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))",
        is_hidden,
    )


def test_comparison_fetches_what_moved_and_nothing_else(
    page: Page, start_job: StartJob, own_valkey: EmbeddedStore
) -> None:
    page.expected_errors = (*LOST_LINK, "503")
    still, live = start_job("still"), start_job("live")
    log_epochs(still, 1, 8)
    still.finish("completed")
    log_epochs(live, 1, 5)
    page.open(f"?tab=compare&compare={still.id},{live.id}&metric=val_rmse_m")

    def curve(line: int, last: int) -> bool:
        return page.drawn("compare-chart", line) == list(range(1, last + 1))

    page.wait(lambda: curve(0, 8) and curve(1, 5), "both curves")
    page.wait(lambda: row(page, "Status")[:1] == ["completed"], "the end of the first job")
    before = asked(page, still)
    for epoch in range(6, 12):
        log_epochs(live, epoch, epoch)
        page.wait(lambda: curve(1, epoch), f"epoch {epoch}")  # noqa: B023
    assert asked(page, still) == before, "nothing new of a job that stands still"

    hide(page, True)
    before = asked(page, live)
    log_epochs(live, 12, 14)
    known = "return dash_clientside.heimdall.page.list.jobs.get(arguments[0]).current_epoch"
    page.wait(lambda: page.run(known, live.id) == 14, "the list in the hidden tab")
    assert asked(page, live) == before, "no work in a hidden tab"
    hide(page, False)
    page.wait(lambda: curve(1, 14), "what came while nobody looked")

    own_valkey.stop()
    log_epochs(live, 15, 17)
    own_valkey.start()
    page.wait(lambda: curve(1, 17), "what was logged while the store was away", 60)


def test_table_says_which_job_is_best_and_when(reader: Page, train: StartJob) -> None:
    jobs = [train("first"), train("second")]
    for job, coverage in zip(jobs, [(0.40, 0.66, 0.90), (0.10, 0.99, 0.60)], strict=True):
        for epoch, share in enumerate(coverage, 1):
            job.log(epoch, **metrics(epoch), coverage_68=share, oddity=share)
    chosen = ",".join(job.id for job in jobs)
    reader.open(f"?tab=compare&compare={chosen}&metric=coverage_68")
    reader.wait(
        lambda: (
            row(reader, "coverage_68 nearest to 0.68")
            == ["0.660 · epoch 2 ★ best", "0.600 · epoch 3"]
        ),
        "the value nearest to its target",
    )
    lines = reader.run(
        "return document.querySelector('#compare-chart .js-plotly-plot')"
        ".data.map((line) => line.line.color)"
    )
    swatches = reader.run(
        "return [...document.querySelectorAll('#compare-table thead')][0]"
        ".querySelectorAll('path').values().map((p) => p.getAttribute('stroke')).toArray()"
    )
    assert swatches == lines
    reader.run("dash_clientside.set_props('compare-metric', {value: 'oddity'})")
    reader.wait(
        lambda: row(reader, "Lowest oddity"), "a metric of which nobody knows the good direction"
    )
    assert row(reader, "Lowest oddity") == ["0.400 · epoch 1", "0.100 · epoch 1"]
    assert row(reader, "Highest oddity") == ["0.900 · epoch 3", "0.990 · epoch 2"]


def test_scale_suits_the_metric_and_the_readers_choice_wins(reader: Page, train: StartJob) -> None:
    jobs = [train("first"), train("second")]
    for fade, job in zip((0.6, 0.7), jobs, strict=True):
        for epoch in range(20):
            job.log(epoch, val_distance_p68_m=25 + 70_000 * fade**epoch, val_loss=-5 + fade**epoch)

    def scale() -> list[str | None]:
        toggle = "return document.querySelector('#scale-compare-chart input:checked').value"
        return [reader.layout("compare-chart", "yaxis.type"), reader.run(toggle)]

    def title() -> str:
        return str(reader.layout("compare-chart", "title.text"))

    def choose(metric: str) -> None:
        reader.run("dash_clientside.set_props('compare-metric', {value: arguments[0]})", metric)
        reader.wait(lambda: title().startswith(metric), metric)

    chosen = ",".join(job.id for job in jobs)
    reader.open(f"?tab=compare&compare={chosen}&metric=val_distance_p68_m")
    reader.wait(lambda: scale() == ["log", "log"], "metres over four decades")
    assert title() == "val_distance_p68_m (Log Scale)"
    jobs[0].log(20, val_distance_p68_m=-1.0, val_loss=1.0)
    reader.wait(lambda: reader.drawn("compare-chart")[-1] == 20, "one more epoch")
    assert scale() == ["log", "log"]
    choose("val_loss")
    reader.wait(lambda: scale() == ["linear", "linear"], "a loss below zero")
    assert "log=" not in reader.driver.current_url
    choose("val_distance_p68_m")
    reader.wait(lambda: scale()[0] == scale()[1], "a toggle that agrees")
    reader.choose_segment("scale-compare-chart", "log")
    reader.wait(lambda: scale() == ["log", "log"], "the reader's choice")
    reader.wait(lambda: "log=compare-chart" in reader.driver.current_url, "it in the address")
    choose("val_loss")
    assert scale() == ["log", "log"]
    reader.open(f"?tab=compare&compare={chosen}&metric=val_distance_p68_m&linear=compare-chart")
    reader.wait(lambda: scale() == ["linear", "linear"], "the choice of a link")
