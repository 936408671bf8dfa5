"""Hugging Face's Trainer itself, with a model of two parameters."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import PretrainedConfig, PreTrainedModel, Trainer, TrainingArguments

from heimdall_dash.integrations import run as runs
from heimdall_dash.integrations.transformers import HeimdallCallback
from tests.conftest import wait_for
from tests.integrations.conftest import ROOT, Dashboard, Script


class LineConfig(PretrainedConfig):
    model_type = "line"


class Line(PreTrainedModel):
    config_class = LineConfig

    def __init__(self, config: Any = None) -> None:
        super().__init__(config or LineConfig())
        self.layer = torch.nn.Linear(1, 1)
        self.post_init()

    def _init_weights(self, module: Any) -> None:
        pass

    def forward(self, x: torch.Tensor, labels: torch.Tensor, **_: Any) -> dict[str, torch.Tensor]:
        y = self.layer(x)
        return {"loss": torch.nn.functional.mse_loss(y, labels), "logits": y}


def examples(count: int = 16) -> list[dict[str, torch.Tensor]]:
    return [{"x": torch.tensor([i / 16]), "labels": torch.tensor([i / 8])} for i in range(count)]


def trainer(callback: HeimdallCallback, folder: Path, **more: Any) -> Trainer:
    arguments = {
        "output_dir": str(folder / "out"), "num_train_epochs": 3, "logging_steps": 1,
        "per_device_train_batch_size": 4, "eval_strategy": "epoch", "save_strategy": "epoch",
        "report_to": "none", "use_cpu": True, "disable_tqdm": True, "learning_rate": 0.01,
        **more,
    }  # fmt: skip
    return Trainer(
        model=Line(), args=TrainingArguments(**arguments), callbacks=[callback],
        train_dataset=examples(), eval_dataset=examples(8),
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _nothing_rests() -> Iterator[None]:
    yield
    for run in list(runs._resting):
        run.end()


def test_transformers_joins_evaluation_and_training_of_a_step(
    dashboard: Dashboard, tmp_path: Path
) -> None:
    heimdall = HeimdallCallback("hf", tags=["tiny"])
    fitter = trainer(heimdall, tmp_path, metric_for_best_model="loss")
    fitter.train()
    assert dashboard.only("hf")["status"] == "running"
    fitter.evaluate()
    heimdall.finish()
    job = dashboard.ended("hf")
    assert (job["status"], job["step_name"], job["tags"]) == ("completed", "step", ["tiny"])
    assert (job["total_epochs"], job["progress_percent"]) == (12, 100)
    assert job["key_metrics"] == {"eval_loss": "min"}
    assert (job["config"]["learning_rate"], job["config"]["model"]["model_type"]) == (0.01, "line")
    rows = dashboard.rows(job["id"])
    assert sorted(rows) == list(range(1, 13))
    assert rows[1].keys() == {"loss", "grad_norm", "learning_rate", "logged_epoch"}
    assert {"loss", "eval_loss"} <= rows[4].keys()
    assert rows[4]["logged_epoch"] == 1.0
    assert "train_runtime" not in rows[12]
    facts = dashboard.job(job["id"])["facts"]
    assert facts["train_runtime"] > 0


def test_transformers_goes_on_with_the_run_of_its_checkpoint(
    dashboard: Dashboard, tmp_path: Path
) -> None:
    first = HeimdallCallback("hf resumed")
    trainer(first, tmp_path).train()
    first.finish()
    job_id = dashboard.ended("hf resumed")["id"]
    saved = tmp_path / "out" / "checkpoint-8"
    assert job_id in (saved / "trainer_state.json").read_text()
    for restores in (False, True):
        again = HeimdallCallback("hf resumed")
        fitter = trainer(
            again, tmp_path, num_train_epochs=2.5, restore_callback_states_from_checkpoint=restores
        )
        fitter.train(resume_from_checkpoint=str(saved))
        runs.Run.end(next(iter(runs._resting)))
        job = dashboard.only("hf resumed")
        assert (job["id"], job["status"]) == (job_id, "completed")
        assert sorted(dashboard.rows(job_id)) == list(range(1, 11))


def test_transformers_pauses_and_stops_when_it_is_told(
    dashboard: Dashboard, tmp_path: Path
) -> None:
    heimdall = HeimdallCallback("hf steered")
    fitter = trainer(
        heimdall, tmp_path, max_steps=10_000_000, eval_strategy="no", save_strategy="no"
    )

    def steer() -> None:
        job_id = wait_for(lambda: dashboard.jobs("hf steered"), 30)[0]["id"]
        dashboard.ask(job_id, "pause")
        wait_for(lambda: heimdall.run.is_paused())
        stands = wait_for(lambda: stands_still(fitter))
        dashboard.ask(job_id, "resume")
        wait_for(lambda: fitter.state.global_step > stands + 5)
        dashboard.ask(job_id, "cancel")

    thread = threading.Thread(target=steer)
    thread.start()
    fitter.train()
    thread.join()
    heimdall.finish()
    assert fitter.state.global_step < 10_000_000
    assert dashboard.only("hf steered")["status"] == "cancelled"


def stands_still(fitter: Trainer) -> int:
    """The step where it waits; 0 while it moves."""
    before = fitter.state.global_step
    threading.Event().wait(0.5)
    return before if fitter.state.global_step == before else 0


def test_transformers_calls_a_second_training_a_run_of_its_own(
    dashboard: Dashboard, tmp_path: Path
) -> None:
    heimdall = HeimdallCallback("hf twice")
    fitter = trainer(heimdall, tmp_path, save_strategy="no", num_train_epochs=1)
    fitter.train()
    fitter.train()
    heimdall.finish()
    found = dashboard.jobs("hf twice")
    assert [job["status"] for job in found] == ["completed", "completed"]


PROGRAM = """
import sys, torch
sys.path.insert(0, ROOT)
from tests.integrations.test_transformers import Line, examples
from transformers import Trainer, TrainingArguments
from heimdall_dash.integrations.transformers import HeimdallCallback

class Fails(Trainer):
    def training_step(self, *args, **kwargs):
        if FAILS and self.state.global_step == 3:
            raise ValueError("loss exploded")
        return super().training_step(*args, **kwargs)

args = TrainingArguments("out of a program", num_train_epochs=2, logging_steps=1, use_cpu=True,
                         per_device_train_batch_size=4, report_to="none", save_strategy="no")
Fails(model=Line(), args=args, train_dataset=examples(), callbacks=[HeimdallCallback(NAME)]).train()
if torch.distributed.is_initialized():
    torch.distributed.destroy_process_group()  # without it gloo aborts now and then, on its own
"""


def program(name: str | None, fails: bool = False) -> str:
    text = PROGRAM.replace("ROOT", repr(str(ROOT))).replace("NAME", repr(name))
    return text.replace("FAILS", str(fails))


def test_transformers_publishes_once_under_torchrun(dashboard: Dashboard, script: Script) -> None:
    script(program(None), module="torch.distributed.run --nproc-per-node 2")
    job = dashboard.only("out of a program")
    assert job["status"] == "completed"
    assert sorted(dashboard.rows(job["id"])) == [1, 2, 3, 4]


def test_transformers_program_that_fails_says_so(dashboard: Dashboard, script: Script) -> None:
    script(program("hf fails", fails=True), code=1)
    job = dashboard.only("hf fails")
    assert (job["status"], job["error_message"]) == ("failed", "ValueError: loss exploded")


def test_transformers_missing_is_said_in_one_line() -> None:
    code = (
        "import sys; sys.modules['transformers'] = None\n"
        "import heimdall_dash.integrations.transformers"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True)
    assert 'pip install "heimdall-dash[transformers]"' in done.stderr.strip().splitlines()[-1]


def test_transformers_state_is_json() -> None:
    heimdall = HeimdallCallback("x", tags=("a",), data_dir=Path("here"), config={"k": object()})
    assert json.loads(json.dumps(heimdall.state()))["args"]["data_dir"] == "here"
