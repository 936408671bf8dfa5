"""A training that cannot go on ends as failed, with a reason that says what to do."""

import itertools
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.trainer.test_loop import Notes, run, tiny
from trainer import checkpoint, optimisation

pytestmark = pytest.mark.slow  # trains


def lost_at(monkeypatch: pytest.MonkeyPatch, steps: set[int]) -> None:
    """Makes the objective not a number at these steps."""
    real, count = optimisation.objective, itertools.count()

    def objective(*arguments: Any) -> torch.Tensor:
        return real(*arguments) * (float("nan") if next(count) in steps else 1.0)

    monkeypatch.setattr(optimisation, "objective", objective)


def test_five_lost_steps_are_skipped_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost_at(monkeypatch, {1, 2, 3, 4, 5})
    notes = Notes()
    assert run(tiny(), tmp_path, publisher=notes).status == "completed"
    assert [row["skipped_steps"] for row in notes.rows] == [0, 1, 2, 2, 0]
    assert all(row["weight_norm"] < 1e3 for row in notes.rows)


def test_six_lost_steps_in_a_row_fail_with_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost_at(monkeypatch, {2, 3, 4, 5, 6, 7})
    outcome = run(tiny(), tmp_path)
    assert (outcome.status, outcome.epoch) == ("failed", 3)
    assert "learning_rate" in (outcome.reason or "")


def test_full_disk_fails_with_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint.os, "fsync", full)
    notes = Notes()
    outcome = run(tiny(), tmp_path, publisher=notes)
    assert outcome.status == "failed"
    assert "No space left" in (outcome.reason or "")
    assert notes.rows == []


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("out"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
    ],
)
def test_lack_of_memory_fails_with_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(*arguments: Any) -> None:
        raise error

    monkeypatch.setattr(optimisation.Steps, "step", refuse)
    outcome = run(tiny(), tmp_path)
    assert outcome.status == "failed"
    assert "Out of memory" in (outcome.reason or "")


def test_a_programming_error_is_not_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*arguments: Any) -> None:
        raise RuntimeError("shapes do not fit")

    monkeypatch.setattr(optimisation.Steps, "step", wrong)
    with pytest.raises(RuntimeError, match="shapes"):
        run(tiny(), tmp_path)


def test_missing_gpu_fails_with_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    outcome = run(tiny(device="cuda"), tmp_path)
    assert outcome.status == "failed"
    assert "no GPU" in (outcome.reason or "")
