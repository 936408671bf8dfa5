"""Makes the files of this folder with the real tools, and what their own readers find in them.

python tests/foreign/record.py, in an environment with torch, tensorboard, tensorboardX, lightning,
trackio and wandb. The tests need none of these.
"""

import json
import os
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent
os.environ |= {
    "WANDB_MODE": "offline", "WANDB_DIR": str(HERE / "wandb"), "WANDB_SILENT": "true",
    "TRACKIO_DIR": str(HERE / "trackio"), "CUDA_VISIBLE_DEVICES": "",
}  # fmt: skip

import numpy as np  # noqa: E402


def tensorboard() -> None:
    import tensorboardX
    from torch.utils.tensorboard import SummaryWriter

    out = HERE / "tensorboard"
    writer = SummaryWriter(str(out / "torch"))
    for step in range(40):
        writer.add_scalar("loss/train", 1 / (step + 1), step)
        if step % 10 == 0:
            writer.add_scalar("loss/val", 2 / (step + 1), step)
    writer.add_scalar("broken", float("nan"), 5)
    writer.add_scalar("far", 3.0, 5_000_000_000)
    writer.add_image("samples/0", np.zeros((3, 4, 4), np.uint8), 1)
    writer.add_histogram("weights", np.arange(9.0), 1)
    writer.add_text("notes", "hello", 1)
    writer.add_scalars("both", {"a": 1.0, "b": 2.0}, 3)
    writer.add_hparams(
        {"lr": 0.1, "layers": 3, "optimizer": "adam", "nesterov": True}, {"best": 0.5}
    )
    writer.close()
    again = SummaryWriter(str(out / "torch"), purge_step=35, filename_suffix=".later")
    for step in range(35, 50):
        again.add_scalar("loss/train", 7.0, step)
    again.close()
    writer = tensorboardX.SummaryWriter(str(out / "tensorboardX"))
    for step in range(20):
        writer.add_scalar("acc", step / 20, step, walltime=1_700_000_000 + step)
    writer.close()
    writer = SummaryWriter(str(out / "tf2"))  # the tensor form, as TensorFlow 2 has it
    for step in range(10):
        writer.add_scalar("single", step / 10, step, new_style=True)
        writer.add_scalar("double", step / 10, step, new_style=True, double_precision=True)
    writer.close()
    (HERE / "tensorboard.json").write_text(json.dumps(read_by_tensorboard(out), indent=1))


def read_by_tensorboard(out: Path) -> dict[str, dict[str, list[list[float | str]]]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    found = {}
    for folder in sorted({path.parent for path in out.rglob("*tfevents*")}):
        accumulator = EventAccumulator(str(folder), {"scalars": 0, "tensors": 0}).Reload()
        tags = {
            tag: [[event.step, event.wall_time, repr(event.value)]
                  for event in accumulator.Scalars(tag)]
            for tag in accumulator.Tags()["scalars"]
        }  # fmt: skip
        for tag in accumulator.Tags()["tensors"]:
            values = [(e.step, e.wall_time, make_ndarray(e.tensor_proto))
                      for e in accumulator.Tensors(tag)]  # fmt: skip
            if all(value.dtype.kind == "f" for _, _, value in values):
                tags[tag] = [[step, time, repr(float(value))] for step, time, value in values]
        found[folder.relative_to(out).as_posix()] = tags
    return found


def lightning() -> None:
    import torch
    from lightning.pytorch import LightningModule, Trainer
    from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger

    class Line(LightningModule):
        def __init__(self, lr: float = 0.1) -> None:
            super().__init__()
            self.save_hyperparameters()
            self.line = torch.nn.Linear(1, 1)

        def training_step(self, batch, index):
            loss = (self.line(batch) - 2 * batch).square().mean()
            self.log("train_loss", loss)
            return loss

        def validation_step(self, batch, index):
            self.log("val_loss", (self.line(batch) - 2 * batch).square().mean())

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), self.hparams.lr)

    data = torch.utils.data.DataLoader(torch.linspace(0, 1, 32)[:, None], batch_size=4)
    loggers = [
        TensorBoardLogger(HERE / "lightning", name="tb"),
        CSVLogger(HERE / "lightning", name="csv"),
    ]
    trainer = Trainer(max_epochs=3, logger=loggers, log_every_n_steps=2, accelerator="cpu",
                      enable_checkpointing=False, enable_progress_bar=False,
                      enable_model_summary=False)  # fmt: skip
    trainer.fit(Line(), data, data)


def wandb() -> None:
    import wandb

    (HERE / "wandb").mkdir()
    with wandb.init(
        project="proj", name="bright-moon", group="g1", tags=["a", "b"], notes="hello",
        config={"lr": 0.1, "opt": {"name": "adam"}},
        settings=wandb.Settings(disable_git=True, console="off", save_code=False, host="host"),
    ):  # fmt: skip
        for step in range(1, 400):
            wandb.log({"loss": 1 / step, "val": {"acc": step / 400}})
        wandb.log({"loss": float("nan"), "weights": wandb.Histogram([1, 2, 3])})


def trackio() -> None:
    import trackio

    for name in ("first", "second"):
        trackio.init(project="proj", name=name, config={"lr": 0.1}, embed=False)
        for step in range(30):
            trackio.log({"loss": 1 / (step + 1), "val": {"acc": step / 30}})
        trackio.log({"loss": float("nan"), "text": "hello"})
        trackio.finish()


if __name__ == "__main__":
    for make in (tensorboard, lightning, wandb, trackio):
        if len(sys.argv) < 2 or make.__name__ in sys.argv[1:]:
            shutil.rmtree(HERE / make.__name__, ignore_errors=True)
            make()
