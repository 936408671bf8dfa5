"""The commands, in this process: what they print, write and return."""

import json
import os
import signal
import threading
from pathlib import Path

import pandas as pd
import pytest

from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.store import Store
from tests.conftest import wait_for
from trainer import cli, run
from trainer.publishing import LinesPublisher

pytestmark = pytest.mark.slow  # trains

SMALL = [
    "--epochs", "2",
    "--train-samples", "64",
    "--val-samples", "64",
    "--batch-size", "32",
    "--width", "8",
    "--heads", "2",
    "--refine-steps", "1",
]  # fmt: skip


def train(folder: Path, *more: str) -> int:
    return cli.main(["run", "--no-publish", "--quiet", "--data-dir", str(folder), *SMALL, *more])


def test_run_writes_lines_and_checkpoints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(tmp_path, "--out", str(tmp_path / "m.jsonl")) == 0
    rows = [json.loads(line) for line in (tmp_path / "m.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in rows] == [0, 1, 2]
    assert (tmp_path / "checkpoints/training/best.pt").exists()
    assert "completed after epoch 2" in capsys.readouterr().err


def test_run_does_not_overwrite_a_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(tmp_path) == 0
    assert train(tmp_path) == cli.WRONG_USE
    assert "--resume" in capsys.readouterr().err


def test_run_of_an_impossible_config_says_which_field(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "--no-publish", "--batch-size", "9000"]) == cli.WRONG_USE
    assert "batch_size" in capsys.readouterr().err


def test_print_config_is_a_config_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "--print-config", "--epochs", "9"]) == 0
    (tmp_path / "c.json").write_text(capsys.readouterr().out)
    assert cli.main(["run", "--print-config", "--config", str(tmp_path / "c.json")]) == 0
    assert json.loads(capsys.readouterr().out)["epochs"] == 9


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_pauses_and_resume_goes_on(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: signal.Signals,
) -> None:
    before = signal.getsignal(number)
    log = LinesPublisher.log

    def log_and_signal(self: LinesPublisher, epoch: int, /, **metrics: object) -> None:
        log(self, epoch, **metrics)
        if epoch == 1:
            os.kill(os.getpid(), number)

    out = tmp_path / "m.jsonl"
    with monkeypatch.context() as patch:
        patch.setattr(LinesPublisher, "log", log_and_signal)
        assert train(tmp_path, "--out", str(out), "--epochs", "4") == 0
    assert "paused after epoch 1" in capsys.readouterr().err
    assert signal.getsignal(number) is before
    again = ["run", "--no-publish", "--quiet", "--data-dir", str(tmp_path), "--out", str(out)]
    assert cli.main([*again, "--resume", "training"]) == 0
    epochs = [json.loads(line)["epoch"] for line in out.read_text().splitlines()]
    assert epochs == [0, 1, 2, 3, 4]


def test_training_with_damaged_checkpoints_is_begun_again_by_resume(tmp_path: Path) -> None:
    assert train(tmp_path, "--epochs", "3") == 0
    folder = tmp_path / "checkpoints/training"
    for path in folder.glob("*.pt"):
        path.write_bytes(b"noise")
    out = tmp_path / "m.jsonl"
    again = ["run", "--no-publish", "--quiet", "--data-dir", str(tmp_path), "--out", str(out)]
    assert cli.main([*again, "--resume", "training"]) == 0
    epochs = [json.loads(line)["epoch"] for line in out.read_text().splitlines()]
    assert epochs == [0, 1, 2, 3]  # its own configuration, not the defaults
    (folder / "config.json").unlink()
    for path in folder.glob("*.pt"):
        path.write_bytes(b"noise")
    assert cli.main([*again, "--resume", "training"]) == cli.WRONG_USE


def test_resume_of_an_unknown_job_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(tmp_path, "--resume", "nobody") == cli.WRONG_USE
    assert "nobody" in capsys.readouterr().err


def test_evaluate_shows_the_row_of_the_checkpoint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(tmp_path, "--out", str(tmp_path / "m.jsonl"))
    last = json.loads((tmp_path / "m.jsonl").read_text().splitlines()[-1])
    path = str(tmp_path / "checkpoints/training/last.pt")
    assert cli.main(["evaluate", path, "--json"]) == 0
    metrics = json.loads(capsys.readouterr().out)
    assert metrics["val_distance_p68_m"] == last["val_distance_p68_m"]
    assert metrics["crlb_p68_m"] > 0
    assert cli.main(["evaluate", path]) == 0
    assert "val_distance_p68_m" in capsys.readouterr().out
    assert cli.main(["evaluate", str(tmp_path / "none.pt")]) == cli.WRONG_USE


@pytest.mark.parametrize("name", ["events.csv", "events.parquet"])
def test_simulate_writes_what_run_reads(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    sizes = ["--train-samples", "500", "--val-samples", "100", "--batch-size", "64"]
    assert cli.main(["simulate", "--out", str(path), *sizes]) == 0
    table = pd.read_csv(path) if name.endswith("csv") else pd.read_parquet(path)
    assert table["event_id"].nunique() == 600
    assert set(table["split"]) == {"train", "val"}
    assert train(tmp_path, "--dataset", str(path), "--batch-size", "128", "--epochs", "1") == 0


def test_run_publishes_epochs_facts_and_its_end(valkey: EmbeddedStore, tmp_path: Path) -> None:
    name = f"run {tmp_path.name}"
    options = ["run", "--name", name, "--quiet", "--data-dir", str(tmp_path), "--url", valkey.url]
    assert cli.main([*options, *SMALL]) == 0
    store = Store(valkey.url)
    (fields,) = [fields for fields in store.jobs() if fields["job_name"] == name]
    assert (fields["status"], fields["last_epoch"]) == ("completed", "2")
    assert [write.epoch for write in store.writes(fields["id"])] == [0, 1, 2]
    assert "crlb_p68_m" in store.facts(fields["id"])
    assert (tmp_path / "jobs" / fields["id"] / "checkpoints" / "last.pt").exists()
    store.close()


def test_run_that_is_cancelled_from_outside_ends_as_cancelled(
    valkey: EmbeddedStore, tmp_path: Path
) -> None:
    name, store = f"cancelled {tmp_path.name}", Store(valkey.url)

    def cancel() -> None:
        def begun() -> list[str]:
            return [
                fields["id"]
                for fields in store.jobs()
                if fields["job_name"] == name and int(fields["last_epoch"]) >= 1
            ]

        (job_id,) = wait_for(begun, 60, "the first epoch")
        store.change(job_id, fields={"desired": "cancelled"})

    outside = threading.Thread(target=cancel)
    outside.start()
    options = ["run", "--name", name, "--quiet", "--data-dir", str(tmp_path), "--url", valkey.url]
    assert cli.main([*options, *SMALL, "--epochs", "5000"]) == 0
    outside.join()
    (fields,) = [fields for fields in store.jobs() if fields["job_name"] == name]
    assert fields["status"] == "cancelled"
    store.close()


def test_max_seconds_pauses_and_json_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(tmp_path, "--max-seconds", "0", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"status": "paused", "reason": None}
    assert cli.main(
        ["run", "--no-publish", "--quiet", "--json", "--data-dir", str(tmp_path), "--resume",
         "training"]
    ) == 0  # fmt: skip
    last = json.loads(capsys.readouterr().out)
    assert (last["status"], last["epoch"]) == ("completed", 2)


def test_resume_of_an_unpublished_training_is_not_published(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(tmp_path, "--max-seconds", "0")
    again = ["run", "--quiet", "--data-dir", str(tmp_path), "--resume", "training"]
    assert cli.main(again) == cli.WRONG_USE
    assert "--no-publish" in capsys.readouterr().err


def test_progress_bar_shows_loss_and_distances(capsys: pytest.CaptureFixture[str]) -> None:
    row = {
        "epoch": 2,
        "val_loss": -1.5,
        "val_distance_p68_m": 31.0,
        "predicted_distance_p68_m": None,
    }
    with run.progress_bar(4, is_hidden=False) as show:
        show(row)
    text = capsys.readouterr().err
    assert "2/4" in text
    assert "p68=31 m" in text
