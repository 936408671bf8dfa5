"""Checkpoints are whole or absent; a damaged or foreign one is an error."""

from pathlib import Path

import pytest
import torch

from trainer import checkpoint
from trainer.checkpoint import (
    CheckpointFolder,
    TrainingState,
    check_same_training,
    load,
    serialised,
    write,
)
from trainer.config import TrainingConfig
from trainer.errors import AllDamaged, CheckpointError


def state(epoch: int = 3) -> TrainingState:
    return TrainingState(
        config=TrainingConfig().model_dump(),
        fingerprint="f",
        model={"w": torch.arange(4.0)},
        optimizer={"state": {}, "param_groups": []},
        epoch=epoch,
        row={"epoch": epoch, "val_loss": 0.1, "reliability_observed": [0.1, None]},
    )


def save(path: Path, kept: TrainingState) -> None:
    write(path, serialised(kept))


def test_checkpoint_comes_back_as_it_was(tmp_path: Path) -> None:
    save(tmp_path / "last.pt", state())
    back = load(tmp_path / "last.pt")
    assert back.row == state().row
    assert torch.equal(back.model["w"], torch.arange(4.0))
    assert checkpoint.config_of(back) == TrainingConfig()


def test_folder_without_checkpoint_has_none(tmp_path: Path) -> None:
    assert CheckpointFolder(tmp_path / "new").load_last() is None


@pytest.mark.parametrize("damage", ["empty", "cut", "noise", "flipped"])
def test_damaged_checkpoint_is_an_error_that_names_the_file(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "last.pt"
    save(path, state())
    whole = path.read_bytes()
    damaged = {
        "empty": b"",
        "cut": whole[: len(whole) // 2],
        "noise": b"not a checkpoint",
        "flipped": b"XX" + whole[2:],
    }[damage]
    path.write_bytes(damaged)
    with pytest.raises(AllDamaged, match=r"last\.pt"):
        CheckpointFolder(tmp_path).load_last()


def test_furthest_of_the_older_checkpoints_takes_the_place_of_a_damaged_one(tmp_path: Path) -> None:
    folder, warnings = CheckpointFolder(tmp_path), list[str]()
    folder.save(state(3), numbered=True)
    folder.save(state(5), numbered=True)
    folder.save(state(4), is_best=True)
    folder.save(state(6))
    folder.last.write_bytes(b"noise")
    kept = folder.load_last(warnings.append)
    assert kept is not None
    assert kept.epoch == 5
    (tmp_path / "epoch-00005.pt").write_bytes(b"")
    kept = folder.load_last(warnings.append)
    assert kept is not None
    assert kept.epoch == 4
    assert "Going on from epoch-00005.pt, after epoch 5" in warnings[0]
    assert all(name in warnings[1] for name in ("last.pt", "epoch-00005.pt", "best.pt"))


def test_checkpoint_of_another_format_is_not_passed_over_for_an_older_one(tmp_path: Path) -> None:
    folder = CheckpointFolder(tmp_path)
    folder.save(state(3), is_best=True)
    torch.save({"format": 99}, folder.last)
    with pytest.raises(CheckpointError, match="format 99"):
        folder.load_last()


def test_checkpoint_that_may_not_be_read_is_not_taken_for_a_damaged_one(tmp_path: Path) -> None:
    folder = CheckpointFolder(tmp_path)
    folder.save(state(3))
    folder.last.unlink()
    folder.last.mkdir()
    with pytest.raises(IsADirectoryError):
        folder.load_last()


def test_configuration_outlives_the_checkpoints(tmp_path: Path) -> None:
    folder = CheckpointFolder(tmp_path)
    assert folder.config() is None
    folder.save(state(3))
    folder.last.write_bytes(b"noise")
    assert CheckpointFolder(tmp_path).config() == state().config


def test_checkpoint_of_another_format_or_with_parts_missing_is_refused(tmp_path: Path) -> None:
    torch.save({"format": 99}, tmp_path / "a.pt")
    with pytest.raises(CheckpointError, match="format 99"):
        load(tmp_path / "a.pt")
    torch.save({"format": checkpoint.FORMAT, "epoch": 1}, tmp_path / "b.pt")
    with pytest.raises(CheckpointError, match="lacks"):
        load(tmp_path / "b.pt")


class Touch:
    """Pickles as a call that writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (str(self.path), "w")


def test_checkpoint_with_code_in_it_is_refused_and_not_run(tmp_path: Path) -> None:
    torch.save(Touch(tmp_path / "owned"), tmp_path / "evil.pt")
    with pytest.raises(CheckpointError):
        load(tmp_path / "evil.pt")
    assert not (tmp_path / "owned").exists()


def test_failed_write_leaves_the_old_checkpoint_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "last.pt"
    save(path, state(3))

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save(path, state(4))
    assert load(path).epoch == 3
    assert [p.name for p in tmp_path.iterdir()] == ["last.pt"]


def test_numbered_checkpoints_rotate(tmp_path: Path) -> None:
    folder = CheckpointFolder(tmp_path)
    for epoch in (10, 20, 30, 40, 1000):
        folder.save(state(epoch), numbered=True)
    names = sorted(p.name for p in tmp_path.iterdir())
    numbered = ["epoch-00030.pt", "epoch-00040.pt", "epoch-01000.pt"]
    assert names == ["config.json", *numbered, "last.pt"]


def test_other_settings_or_scenes_are_refused_by_name() -> None:
    same = TrainingConfig(threads=2, epoch_delay_s=1.0)
    check_same_training(state(), same, "f")
    with pytest.raises(CheckpointError, match="learning_rate"):
        check_same_training(state(), TrainingConfig(learning_rate=0.5), "f")
    with pytest.raises(CheckpointError, match="scenes"):
        check_same_training(state(), TrainingConfig(), "g")
