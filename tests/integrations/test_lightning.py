"""Lightning itself, on tiny models: what it calls, in which order, and when it stops."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import LearningRateMonitor, ModelCheckpoint
from lightning.pytorch.loggers import Logger
from torch.utils.data import DataLoader, TensorDataset

from heimdall_dash.integrations import run as runs
from heimdall_dash.integrations.lightning import KEY, HeimdallLogger
from tests.conftest import wait_for
from tests.integrations.conftest import ROOT, Dashboard, Script, environment


class Line(LightningModule):
    """y = 2 x, four batches an epoch. fails_at, waits_at: step at which something happens."""

    def __init__(self, lr: float = 0.1, fails_at: int = -1) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.layer = torch.nn.Linear(1, 1)
        self.lr, self.fails_at = lr, fails_at
        self.reached = threading.Event()

    def loss(self, batch: Any) -> torch.Tensor:
        return torch.nn.functional.mse_loss(self.layer(batch[0]), 2 * batch[0])

    def training_step(self, batch: Any, index: int) -> torch.Tensor:
        if self.global_step == self.fails_at:
            raise ValueError("loss exploded")
        self.reached.set()
        loss = self.loss(batch)
        self.log("train_loss", loss, on_step=True, on_epoch=True)
        return loss

    def validation_step(self, batch: Any, index: int) -> None:
        self.log("val_loss", self.loss(batch))

    def test_step(self, batch: Any, index: int) -> None:
        self.log("test_loss", self.loss(batch))

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.SGD(self.parameters(), self.lr)
        return [optimizer], [torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)]


def batches(count: int = 16) -> DataLoader[Any]:
    x = torch.linspace(-1, 1, count).unsqueeze(1)
    return DataLoader(TensorDataset(x), batch_size=4)


def trainer(logger: Logger, folder: Path, epochs: int = 3, **more: Any) -> Trainer:
    more = {"callbacks": [LearningRateMonitor("step")], **more}
    return Trainer(
        max_epochs=epochs, logger=logger, default_root_dir=folder, accelerator="cpu",
        enable_progress_bar=False, enable_model_summary=False, log_every_n_steps=1, **more,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _nothing_rests() -> Iterator[None]:
    yield
    for run in list(runs._resting):
        run.end()


def test_lightning_logs_each_step_in_one_row_and_goes_on_to_test(
    dashboard: Dashboard, tmp_path: Path
) -> None:
    logger = HeimdallLogger("line", tags=["tiny"], config={"note": "mine"})
    assert isinstance(logger, Logger)
    model, fitter = Line(), trainer(logger, tmp_path)
    fitter.fit(model, batches(), batches())
    job = dashboard.only("line")
    assert (job["id"], job["status"]) == (logger.version, "running")
    fitter.test(model, batches(), verbose=False)
    logger.finish()
    job = dashboard.ended("line")
    assert (job["status"], job["step_name"], job["tags"]) == ("completed", "step", ["tiny"])
    assert (job["total_epochs"], job["progress_percent"]) == (12, 100)
    assert job["config"] == {"lr": 0.1, "fails_at": -1, "note": "mine"}
    rows = dashboard.rows(job["id"])
    assert sorted(rows) == list(range(12))
    ordinary = {"logged_epoch", "lr-SGD", "train_loss_step"}
    assert rows[0].keys() == ordinary
    assert rows[3].keys() == ordinary | {"train_loss_epoch", "val_loss"}
    assert [rows[step]["logged_epoch"] for step in (0, 3, 4)] == [0, 0, 1]
    assert rows[11].keys() == ordinary | {"train_loss_epoch", "val_loss", "test_loss"}
    assert rows[11]["val_loss"] == pytest.approx(rows[11]["test_loss"])
    assert "/jobs/" not in str(job["error_message"])


def test_lightning_tells_why_a_training_failed(dashboard: Dashboard, tmp_path: Path) -> None:
    logger = HeimdallLogger("explodes")
    with pytest.raises(ValueError, match="loss exploded"):
        trainer(logger, tmp_path).fit(Line(fails_at=5), batches(), batches())
    job = dashboard.ended("explodes")
    assert (job["status"], job["error_message"]) == ("failed", "ValueError: loss exploded")
    rows = dashboard.rows(job["id"])
    assert "train_loss_step" in rows[4]
    assert rows.get(5, {}).keys() <= {"lr-SGD", "logged_epoch"}  # of the step that failed


def test_lightning_goes_on_with_the_run_of_its_checkpoint(
    dashboard: Dashboard, tmp_path: Path
) -> None:
    saver = ModelCheckpoint(dirpath=tmp_path, filename="{epoch}", save_top_k=-1)
    first = HeimdallLogger("resumed")
    trainer(first, tmp_path, callbacks=[saver]).fit(Line(), batches(), batches())
    first.finish()
    saved = tmp_path / "epoch=1.ckpt"
    # a checkpoint at the end of an epoch: what came after it is taken back, and trained again
    assert torch.load(saved, weights_only=True)[KEY] == {"job_id": first.version, "step": 7}
    again = HeimdallLogger("resumed")
    fitter = trainer(again, tmp_path, epochs=3, limit_train_batches=2)
    fitter.fit(Line(), batches(), batches(), ckpt_path=saved)
    again.finish()
    job = dashboard.ended("resumed")
    assert job["id"] == first.version == again.version
    assert sorted(dashboard.rows(job["id"])) == list(range(10))
    assert (job["status"], job["attempt"]) == ("completed", 1)


def test_lightning_pauses_and_stops_when_it_is_told(dashboard: Dashboard, tmp_path: Path) -> None:
    logger, model = HeimdallLogger("steered"), Line()
    fitter = trainer(logger, tmp_path, epochs=-1, min_epochs=10_000_000)
    seen: list[int] = []

    def steer() -> None:
        model.reached.wait(30)
        wait_for(lambda: dashboard.jobs("steered"))
        dashboard.ask(logger.version, "pause")
        wait_for(lambda: logger.job.desired == "paused")
        wait_for(lambda: fitter.global_step == settled(lambda: fitter.global_step))
        seen.append(dashboard.job(logger.version)["job"]["current_epoch"])
        dashboard.ask(logger.version, "resume")
        wait_for(lambda: fitter.global_step > seen[0] + 10)
        dashboard.ask(logger.version, "cancel")

    thread = threading.Thread(target=steer)
    thread.start()
    fitter.fit(model, batches(), batches())
    thread.join()
    logger.finish()
    assert len(seen) == 1
    job = dashboard.ended("steered")
    assert (job["status"], job["error_message"]) == ("cancelled", None)


def settled(look: Any) -> Any:
    """What `look` gives after half a second, for whoever compares it with what it gives then."""
    threading.Event().wait(0.5)
    return look()


def test_lightning_ends_a_run_when_the_next_of_its_program_begins(
    dashboard: Dashboard, tmp_path: Path
) -> None:
    for seed in (1, 2):
        torch.manual_seed(seed)
        trainer(HeimdallLogger(f"sweep {seed}"), tmp_path, epochs=1).fit(Line(), batches())
    assert dashboard.only("sweep 1")["status"] == "completed"
    assert dashboard.only("sweep 2")["status"] == "running"


PROGRAM = """
import sys
from PACKAGE import LightningModule, Trainer
from heimdall_dash.integrations.lightning import HeimdallLogger
import torch
from torch.utils.data import DataLoader, TensorDataset

class Line(LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)
    def training_step(self, batch, index):
        loss = self.layer(batch[0]).square().mean()
        self.log("rank", float(self.global_rank))
        self.log("loss", loss, sync_dist=True)
        return loss
    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)

if __name__ == "__main__":
    logger = HeimdallLogger("program")
    trainer = Trainer(logger=logger, max_epochs=EPOCHS, log_every_n_steps=1, accelerator="cpu",
                      enable_progress_bar=False, enable_model_summary=False, OPTIONS)
    trainer.fit(Line(), DataLoader(TensorDataset(torch.rand(32, 1)), batch_size=4))
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()  # without it gloo aborts now and then, on its own
"""


def program(options: str = "", epochs: int = 2, package: str = "lightning.pytorch") -> str:
    text = PROGRAM.replace("PACKAGE", package).replace("EPOCHS", str(epochs))
    return text.replace("OPTIONS", options)


@pytest.mark.parametrize("strategy", ["ddp", "ddp_spawn"])
def test_lightning_publishes_from_the_first_of_two_processes_alone(
    dashboard: Dashboard, script: Script, strategy: str
) -> None:
    script(program(f"strategy={strategy!r}, devices=2"))
    job = [job for job in dashboard.jobs("program") if job["status"] == "completed"][-1]
    rows = dashboard.rows(job["id"])
    assert sorted(rows) == list(range(8))  # four batches an epoch for each process
    assert {row["rank"] for row in rows.values()} == {0.0}
    assert job["attempt"] == 0
    assert all(job["status"] == "completed" for job in dashboard.jobs("program"))


def test_lightning_publishes_once_under_torchrun(dashboard: Dashboard, script: Script) -> None:
    before = len(dashboard.jobs("program"))
    script(program("strategy='ddp', devices=2"), module="torch.distributed.run --nproc-per-node 2")
    assert len(dashboard.jobs("program")) == before + 1
    assert dashboard.jobs("program")[-1]["status"] == "completed"


def test_lightning_stops_both_processes_at_the_same_batch(
    dashboard: Dashboard, tmp_path: Path
) -> None:
    before = len(dashboard.jobs("program"))
    path = tmp_path / "endless.py"
    path.write_text(program("strategy='ddp', devices=2", epochs=-1))
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", str(path)]
    with subprocess.Popen(command, env=environment(), cwd=tmp_path) as running:
        job = wait_for(lambda: dashboard.jobs("program")[before:], 60)[0]
        wait_for(lambda: dashboard.job(job["id"])["job"]["current_epoch"] > 10, 30)
        dashboard.ask(job["id"], "cancel")
        assert running.wait(60) == 0
    assert dashboard.job(job["id"])["job"]["status"] == "cancelled"


def test_lightning_of_the_other_package_is_served_too(dashboard: Dashboard, script: Script) -> None:
    source = program(package="pytorch_lightning") + (
        "    import pytorch_lightning.loggers\n"
        "    assert isinstance(logger, pytorch_lightning.loggers.Logger)\n"
        "    assert 'lightning.pytorch' not in sys.modules\n"
    )
    before = len(dashboard.jobs("program"))
    script(source)
    assert dashboard.jobs("program")[before]["status"] == "completed"


def test_lightning_missing_is_said_in_one_line() -> None:
    code = (
        "import sys; sys.modules['lightning'] = sys.modules['pytorch_lightning'] = None\n"
        "import heimdall_dash.integrations.lightning"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True)
    assert done.stderr.strip().splitlines()[-1] == (
        "ImportError: heimdall_dash.integrations.lightning needs lightning, which is not "
        'installed: pip install "heimdall-dash[lightning]"'
    )
    assert done.stderr.count("Traceback") == 1
