"""Runs, histories and charts read back from a real dashboard, also in a real Jupyter kernel."""

import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient

from heimdall_dash import Job, read
from heimdall_dash.charts import Chart, Line, Reference
from heimdall_dash.errors import DashboardRefused
from heimdall_dash.figures import tick_text
from heimdall_dash.manifest import Manifest
from heimdall_dash.notebook import job_html, live_chart
from heimdall_dash.store.embedded import EmbeddedStore
from tests.conftest import Web, web_settings

CHARTS = (
    Chart(
        "loss-chart", "Loss", "Loss (nats)", "nats",
        (Line("train_loss", "Training loss"), Line("val_loss", "Validation loss", "dash")),
        references=(Reference("Lowest possible", fact="oracle_nll"),),
        proof="oracle_nll", unproven={"y_label": "Loss", "unit": ""},
    ),
    Chart(
        "learning-rate-chart", "Learning Rate", "Per step", "",
        (Line("learning_rate", "Learning Rate"),), scale="log", ticks=(0.001, 0.1),
    ),
    Chart(
        "reliability-chart", "Reliability", "Observed coverage", "",
        (Line("reliability_observed", "Observed coverage"),), kind="reliability",
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def web(valkey: EmbeddedStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    settings = web_settings(valkey.url, tmp_path_factory.mktemp("web"))
    with Web(settings, Manifest(charts=CHARTS)) as server:
        yield server


@pytest.fixture(autouse=True)
def _home(web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEIMDALL_URL", web.url)
    monkeypatch.setenv("HEIMDALL_DATA", str(tmp_path))


def a_job(name: str, **more: Any) -> Job:
    with Job.start(name, config={"lr": 0.1}, **more) as job:
        for epoch in range(1, 11):
            job.log(epoch, train_loss=1 / epoch, val_loss=2 / epoch, learning_rate=0.0 if epoch == 3
                    else 0.1 ** epoch)  # fmt: skip
        job.log(4, {"acc": math.nan, "odd": math.inf})
        job.log(11, acc=0.5)
        job.describe({"oracle_nll": -1.5})
    return job


def test_jobs_are_a_frame_with_times_and_settings() -> None:
    job = a_job("frames")
    table = read.jobs()
    row = table.loc[job.id]
    assert row["job_name"] == "frames"
    assert row["config.lr"] == 0.1
    assert row["created_at"].tzinfo is not None
    assert len(read.jobs(limit=1)) == 1
    assert set(read.jobs(status="completed")["status"]) <= {"completed"}
    assert job.id not in read.jobs(status="queued").index


def test_history_is_a_frame_by_epoch_with_its_not_finite_cells() -> None:
    job = a_job("history")
    table = read.history(job)
    assert table.index.tolist() == list(range(1, 12))
    assert table.index.name == "epoch"
    assert table["train_loss"].tolist()[:10] == [1 / epoch for epoch in range(1, 11)]
    assert math.isnan(table["train_loss"][11])
    assert table["acc"][11] == 0.5
    assert table["odd"][4] == math.inf
    assert table.attrs["not_finite"] == {"acc": {"4": "nan"}, "odd": {"4": "inf"}}
    assert table.attrs["facts"]["oracle_nll"] == -1.5
    assert isinstance(table["timestamp"].dtype, pd.DatetimeTZDtype)
    pd.testing.assert_frame_equal(read.history(job.id[:13]), table)
    pd.testing.assert_frame_equal(read.history(read.jobs().loc[job.id]), table)
    assert list(read.history(job, "acc").columns.difference(["timestamp"])) == ["acc"]


def test_history_is_named_by_the_jobs_step_and_keeps_lists() -> None:
    with Job.start("steps", step_name="step") as job:
        job.log(100, shares=[0.1, 0.9])
    table = read.history(job)
    assert table.index.name == "step"
    assert table["shares"][100] == [0.1, 0.9]


def test_a_job_that_is_not_there_is_said() -> None:
    with pytest.raises(DashboardRefused):
        read.history("ffffffff")
    with pytest.raises(DashboardRefused, match="named by its id"):
        read.history(None)


def test_figure_is_the_pages_chart(web: Web) -> None:
    job = a_job("figures")
    loss = read.figure(job, "loss-chart")
    assert loss.layout.title.text == "Loss"
    assert loss.layout.yaxis.title.text == "Loss (nats)"
    assert [trace.name for trace in loss.data] == ["Training loss", "Validation loss"]
    assert list(loss.data[1].y)[:10] == [2 / epoch for epoch in range(1, 11)]
    assert loss.data[1].line.dash == "dash"
    assert loss.layout.shapes[0].y0 == -1.5  # the fact
    rate = read.figure(job, "learning-rate-chart", theme="dark")
    assert rate.layout.yaxis.type == "log"
    assert rate.layout.title.text == "Learning Rate (Log Scale)"
    assert rate.data[0].y[2] is None  # a zero has no place on a log axis
    assert rate.layout.yaxis.ticktext == ("0.001", "0.1")
    linear = read.figure(job, "learning-rate-chart", scale="linear")
    assert linear.layout.title.text == "Learning Rate (Linear Scale)"
    assert linear.data[0].y[2] == 0


def test_figure_claims_no_more_than_the_page() -> None:
    with Job.start("foreign") as job:
        job.log(1, train_loss=0.5)
    assert read.figure(job, "loss-chart").layout.yaxis.title.text == "Loss"  # no nats


def test_figure_of_a_metric_and_of_a_jobs_own_chart() -> None:
    own = [{"title": "IoU <b>", "metrics": ["acc", "train_loss"], "unit": "%"}]
    job = a_job("own", charts=own)
    alone = read.figure(job, "acc")
    assert alone.layout.title.text == "acc"
    assert list(alone.data[0].x) == [4, 11]
    assert list(alone.data[0].y) == [None, 0.5]  # broken where it was NaN
    both = read.figure(job, "IoU <b>")
    assert [trace.meta for trace in both.data] == ["acc", "train_loss"]
    assert both.layout.title.text == "IoU &lt;b&gt;"
    with pytest.raises(LookupError, match="loss-chart"):
        read.figure(job, "nothing")
    with pytest.raises(ValueError, match="scale"):
        read.figure(job, "acc", scale="cubic")


def test_figure_of_reliability_is_of_the_newest_epoch() -> None:
    with Job.start("reliable") as job:
        job.log(1, reliability_observed=[0.1, 0.5, 0.8])
        job.log(2, reliability_observed=[0.2, 0.6, 0.9])
        job.log(3, train_loss=1.0)
    drawn = read.figure(job, "reliability-chart")
    assert list(drawn.data[0].y) == [0.2, 0.6, 0.9]
    assert list(drawn.data[0].x) == [0.25, 0.5, 0.75]
    assert drawn.data[0].name == "Epoch 2"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.05, "0.05"), (0.5, "0.5"), (1, "1"), (10, "10"), (100, "100"), (1000, "1k"),
     (2500, "2.5k"), (10_000, "10k"), (2e6, "2M"), (0.001, "0.001")],
)  # fmt: skip
def test_ticks_read_as_on_the_page(value: float, text: str) -> None:
    assert tick_text(value) == text


def test_kept_predictions_come_as_a_table_of_the_newest_or_a_named_epoch() -> None:
    with Job.start("predicted") as job:
        for epoch in (2, 4):
            job.predictions(epoch, truth=[1, 2], mean=[epoch, 2], sigma=[1, 3], labels=["a", "b"])
    newest = read.predictions(job)
    assert newest.loc["a"].to_dict() == {"truth": 1.0, "mean": 4.0, "sigma": 1.0}
    assert (newest.attrs["epoch"], newest.attrs["epochs"]) == (4, [2, 4])
    assert read.predictions(job, 2).loc["a", "mean"] == 2.0
    with pytest.raises(DashboardRefused, match="no predictions are kept of epoch 3"):
        read.predictions(job, 3)
    with Job.start("on a plane") as job:
        job.predictions(1, truth=[[1, 2]], mean=[[3, 4]], sigma=[2], unit="m")
    table = read.predictions(job)
    assert list(table) == ["truth_x", "truth_y", "mean_x", "mean_y", "cov_xx", "cov_xy", "cov_yy"]
    assert table.iloc[0].tolist() == [1, 2, 3, 4, 4, 0, 4]
    with Job.start("none") as job:
        pass
    assert read.predictions(job).empty


def test_one_chart_in_a_notebook_has_an_address_of_its_own() -> None:
    chart = live_chart("a", "http://127.0.0.1:1/?tab=metrics&job=x", "val/loss & <b>")
    assert chart.url == "http://127.0.0.1:1/?tab=metrics&job=x&embed=val%2Floss%20%26%20%3Cb%3E"
    assert "<b>" not in chart._repr_html_().replace("<b>a</b>", "")
    assert "no dashboard" in live_chart("a", None, "x")._repr_html_()


def test_html_of_a_job_escapes_what_comes_from_outside() -> None:
    html = job_html("<script>", "running", 'http://127.0.0.1:1/?job="x"')
    assert "<script>" not in html
    assert 'job="x"' not in html
    assert "iframe" not in job_html("a", "running", None)


@pytest.mark.slow
def test_a_jupyter_kernel_shows_the_job_its_history_and_its_chart(web: Web, tmp_path: Path) -> None:
    cells = [
        "from heimdall_dash import Job, read\n"
        "job = Job.start('read in a kernel', total_epochs=3)\n"
        "for epoch in range(1, 4): job.log(epoch, train_loss=1 / epoch)\n"
        "import time\nend = time.monotonic() + 20\n"
        "while job.url is None and time.monotonic() < end: time.sleep(0.02)\n"
        "job",
        "job.finish()\njob.close()\nread.history(job)[['train_loss']]",
        "read.figure(job, 'train_loss').layout.title.text",
    ]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    root = str(Path(__file__).parent.parent)
    env = os.environ | {"PYTHONPATH": root, "JUPYTER_PLATFORM_DIRS": "1", "HOME": str(tmp_path)}
    client = NotebookClient(book, timeout=60, kernel_name="python3", startup_timeout=120)
    client.execute(env=env, cwd=str(tmp_path))
    shown, table, title = (cell["outputs"][-1]["data"] for cell in book.cells)
    assert f'<iframe src="{web.url}/?tab=metrics&amp;job=' in shown["text/html"]
    assert "<table" in table["text/html"]
    assert title["text/plain"] == "'train_loss'"
