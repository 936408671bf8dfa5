"""Two ranks over the loopback interface train the network that one process trains."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch

from trainer import checkpoint
from trainer.parallel import Alone, backends, ranks_from_environment

OPTIONS = [
    "run", "--no-publish",
    "--quiet", "--epochs",
    "2", "--train-samples",
    "100", "--val-samples",
    "64", "--batch-size",
    "48", "--width",
    "8", "--heads",
    "2", "--refine-steps",
    "1",
]  # fmt: skip


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def start(
    folder: Path, *more: str, rank: int | None = None, port: str = ""
) -> subprocess.Popen[str]:
    surroundings = dict(os.environ)
    if rank is not None:
        surroundings |= {
            "RANK": str(rank), "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": port, "GLOO_SOCKET_IFNAME": "lo",
        }  # fmt: skip
    command = [sys.executable, "-m", "trainer", *OPTIONS, "--data-dir", str(folder), *more]
    return subprocess.Popen(command, env=surroundings, stderr=subprocess.PIPE, text=True)


def finish(*processes: subprocess.Popen[str]) -> list[str]:
    texts = []
    for process in processes:
        _, text = process.communicate(timeout=100)
        texts.append(text)
        assert process.returncode == 0, text
    return texts


@pytest.mark.slow
def test_two_ranks_train_the_same_network_as_one(tmp_path: Path) -> None:
    """About 15 s. Batches of 48, 48 and 4 scenes: the short last one is divided exactly, too."""
    finish(start(tmp_path / "one"))
    port = free_port()
    finish(*(start(tmp_path / "two", rank=r, port=port) for r in (0, 1)))
    one = checkpoint.load(tmp_path / "one/checkpoints/training/last.pt")
    two = checkpoint.load(tmp_path / "two/checkpoints/training/last.pt")
    assert (two.epoch, two.world_size) == (2, 2)
    assert two.row["val_loss"] == pytest.approx(one.row["val_loss"], abs=1e-4)
    for name, weight in one.model.items():
        torch.testing.assert_close(two.model[name], weight, rtol=0, atol=1e-4)


@pytest.mark.slow
def test_two_ranks_stop_together_and_resume(tmp_path: Path) -> None:
    """About 20 s. Only rank 0 is told to stop; the other must not wait for ever."""
    port = free_port()
    endless = ("--epochs", "5000")
    out = tmp_path / "rows.jsonl"
    both = [start(tmp_path, *endless, "--out", str(out), rank=rank, port=port) for rank in (0, 1)]
    wait_for_rows(out, 3, both)
    both[0].terminate()
    assert "paused after epoch" in finish(*both)[0]
    before, port = rows(out), free_port()
    more = (*endless, "--out", str(out), "--resume", "training")
    again = [start(tmp_path, *more, rank=rank, port=port) for rank in (0, 1)]
    wait_for_rows(out, before + 2, again)
    again[1].terminate()
    finish(*again)
    epochs = [json.loads(line)["epoch"] for line in out.read_text().splitlines()]
    assert epochs == list(range(len(epochs)))


def rows(out: Path) -> int:
    return out.read_text().count("\n") if out.exists() else 0


def wait_for_rows(out: Path, count: int, processes: list[subprocess.Popen[str]]) -> None:
    deadline = time.monotonic() + 90
    while rows(out) < count:
        assert time.monotonic() < deadline, f"{rows(out)} of {count} rows in 90 s"
        assert all(p.poll() is None for p in processes), "a rank ended early"
        threading.Event().wait(0.05)


def test_alone_is_the_whole_world() -> None:
    ranks = Alone()
    assert ranks.share_of(torch.arange(3)).tolist() == [0, 1, 2]
    assert ranks.agree("paused") == "paused"
    assert ranks.from_first("x") == "x"


def test_ranks_are_alone_without_torchrun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert type(ranks_from_environment("cpu")) is Alone


def test_gpu_tensors_go_through_nccl_and_words_through_gloo() -> None:
    assert backends("cpu") == "gloo"
    assert backends("cuda") == "cpu:gloo,cuda:nccl"
