"""The loop: order of writing, exact resumption from any stop. How it fails: test_failures.py."""

import hashlib
import itertools
import shutil
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch

from heimdall_dash.predictions import kept
from heimdall_dash.records import Row
from trainer import checkpoint, optimisation
from trainer.checkpoint import CheckpointFolder
from trainer.config import TrainingConfig
from trainer.loop import Outcome, fit
from trainer.publishing import NullPublisher

pytestmark = pytest.mark.slow  # trains

TINY = {
    "epochs": 4,
    "train_samples": 64,
    "val_samples": 64,
    "batch_size": 32,
    "width": 8,
    "heads": 2,
    "refine_steps": 1,
    "learning_rate": 1e-3,
    "checkpoint_every": 2,
    "resample": "none",
}
STEPS = 4 * 2
STOPPED_AFTER = 7
TIMES = ("epoch_duration_seconds", "train_seconds", "eval_seconds", "cpu_seconds")


class Notes:
    """Remembers what was published."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.facts: list[Mapping[str, Any]] = []
        self.warnings: list[str] = []
        self.shown: list[int] = []

    def log(self, epoch: int, /, **metrics: Any) -> None:
        self.rows.append({"epoch": epoch, **metrics})

    def describe(self, facts: Mapping[str, Any]) -> None:
        self.facts.append(facts)

    def warn(self, message: str) -> None:
        self.warnings.append(message)

    def predictions(self, epoch: int, **predicted: Any) -> None:
        kept(epoch, **predicted)  # it is what a job takes
        self.shown.append(epoch)

    def epochs(self) -> list[int]:
        return [row["epoch"] for row in self.rows]


def tiny(**values: object) -> TrainingConfig:
    return TrainingConfig.model_validate(TINY | values)


def stop_after(questions: int, word: str = "paused") -> Callable[[], str]:
    """Running for so many questions, then the word."""
    asked = itertools.count()
    return lambda: "running" if next(asked) < questions else word


def run(config: TrainingConfig, folder: Path, **keywords: Any) -> Outcome:
    keywords.setdefault("publisher", NullPublisher())
    keywords.setdefault("wanted", lambda: "running")
    return fit(config, checkpoints=CheckpointFolder(folder), **keywords)


def weights_sha256(folder: Path) -> str:
    """Of network and optimiser in the folder's last checkpoint."""
    state = checkpoint.load(folder / "last.pt")
    digest = hashlib.sha256()
    tensors = list(state.model.values())
    for moments in state.optimizer["state"].values():
        tensors += [moments[name] for name in sorted(moments)]
    for tensor in tensors:
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


class Unbroken(NamedTuple):
    """A training that nothing stopped: its folder, weights and rows."""

    folder: Path
    sha256: str
    rows: list[Row]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Unbroken]:
    @cache
    def made_once(resample: str) -> Unbroken:
        folder, notes = tmp_path_factory.mktemp("unbroken"), Notes()
        run(tiny(resample=resample), folder, publisher=notes)
        return Unbroken(folder, weights_sha256(folder), notes.rows)

    return made_once


@pytest.fixture(scope="module")
def stopped_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stopped")
    run(tiny(), folder, wanted=stop_after(STOPPED_AFTER))
    return folder


@pytest.fixture
def stopped(tmp_path: Path, stopped_once: Path) -> Path:
    """A folder of one's own with a training stopped in its third epoch."""
    return Path(shutil.copytree(stopped_once, tmp_path / "stopped"))


def without_times(rows: list[Row]) -> list[Row]:
    return [{k: v for k, v in row.items() if k not in TIMES} for row in rows]


def test_training_publishes_epoch_0_first_then_each_epoch_once(tmp_path: Path) -> None:
    notes = Notes()
    outcome = run(tiny(), tmp_path, publisher=notes)
    assert outcome == Outcome("completed", None, 4)
    assert notes.epochs() == [0, 1, 2, 3, 4]
    assert len(notes.facts) == 1
    assert notes.rows[0]["train_objective"] is None
    assert notes.rows[4]["learning_rate"] == pytest.approx(1e-5)
    names = {p.name for p in tmp_path.iterdir()}
    assert names == {"config.json", "last.pt", "best.pt", "epoch-00002.pt", "epoch-00004.pt"}


def test_training_twice_gives_the_same_weights_to_the_bit(
    tmp_path: Path, unbroken: Callable[[str], Unbroken]
) -> None:
    expected = unbroken("none").sha256
    torch.manual_seed(99)  # the process's own random state does not matter
    run(tiny(), tmp_path / "a")
    assert weights_sha256(tmp_path / "a") == expected
    run(tiny(seed=2), tmp_path / "b")
    assert weights_sha256(tmp_path / "b") != expected


@pytest.mark.parametrize(
    ("questions", "resample"),
    [(q, "none") for q in (0, 1, 3, STEPS)] + [(4, "noise"), (6, "all")],
)
def test_resumption_is_exact_from_any_point(
    tmp_path: Path, questions: int, resample: str, unbroken: Callable[[str], Unbroken]
) -> None:
    """Stops before epoch 0, at the first batch, in mid-epoch, near the end."""
    config, broken = tiny(resample=resample), Notes()
    _, sha256, rows = unbroken(resample)
    first = run(config, tmp_path / "broken", publisher=broken, wanted=stop_after(questions))
    assert first.status == "paused"
    second = run(config, tmp_path / "broken", publisher=broken)
    assert second == Outcome("completed", None, 4)
    assert weights_sha256(tmp_path / "broken") == sha256
    newest = {row["epoch"]: row for row in broken.rows}
    assert without_times(list(newest.values())) == without_times(rows)


def test_resumption_in_ever_so_many_pieces_is_exact(
    tmp_path: Path, unbroken: Callable[[str], Unbroken]
) -> None:
    for _ in range(60):
        if run(tiny(), tmp_path, wanted=stop_after(4)).status == "completed":
            break
    assert weights_sha256(tmp_path) == unbroken("none").sha256


def test_stop_comes_within_one_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = []
    step = optimisation.Steps.step

    def counted(self: optimisation.Steps, *rest: Any) -> None:
        done.append(1)
        step(self, *rest)

    monkeypatch.setattr(optimisation.Steps, "step", counted)
    outcome = run(tiny(), tmp_path, wanted=lambda: "cancelled" if len(done) == 5 else "running")
    assert outcome == Outcome("cancelled", None, 2)
    assert len(done) == 5


def test_pause_in_mid_epoch_keeps_the_work(tmp_path: Path) -> None:
    run(tiny(), tmp_path, wanted=stop_after(1 + 2 + 1))
    state = checkpoint.load(tmp_path / "last.pt")
    assert (state.epoch, state.batches_done, state.global_step) == (1, 1, 3)


def test_resumption_publishes_the_last_row_again_first(tmp_path: Path) -> None:
    """The process may have died between the checkpoint and the log."""
    run(tiny(), tmp_path, wanted=stop_after(1 + 4))
    notes = Notes()
    run(tiny(), tmp_path, publisher=notes)
    assert notes.epochs() == [2, 3, 4]


def test_row_is_in_the_checkpoint_before_it_is_published(
    tmp_path: Path, unbroken: Callable[[str], Unbroken]
) -> None:
    seen = []

    class Dies(NullPublisher):
        def log(self, epoch: int, /, **metrics: Any) -> None:
            seen.append(checkpoint.load(tmp_path / "last.pt").row["epoch"])
            if epoch == 2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tiny(), tmp_path, publisher=Dies())
    assert seen == [0, 1, 2]
    notes = Notes()
    run(tiny(), tmp_path, publisher=notes)
    assert notes.epochs() == [2, 3, 4]
    assert weights_sha256(tmp_path) == unbroken("none").sha256


def test_completed_training_is_not_trained_again(
    tmp_path: Path, unbroken: Callable[[str], Unbroken]
) -> None:
    done, notes = unbroken("none"), Notes()
    folder = Path(shutil.copytree(done.folder, tmp_path / "done"))
    assert run(tiny(), folder, publisher=notes) == Outcome("completed", None, 4)
    assert notes.epochs() == [4]
    assert weights_sha256(folder) == done.sha256


def test_damaged_checkpoint_is_replaced_by_an_older_one_exactly_and_named(
    tmp_path: Path, stopped: Path, unbroken: Callable[[str], Unbroken]
) -> None:
    (stopped / "last.pt").write_bytes(b"noise")
    notes = Notes()
    outcome = run(tiny(), stopped, publisher=notes)
    assert outcome.status == "completed"
    assert any("last.pt" in text and "best.pt" in text for text in notes.warnings)
    whole = unbroken(tiny().resample)
    assert weights_sha256(stopped) == whole.sha256
    again = without_times(notes.rows)
    assert again == without_times(whole.rows)[-len(again) :]


def test_training_whose_checkpoints_are_all_damaged_begins_again_and_says_so(
    stopped: Path, unbroken: Callable[[str], Unbroken]
) -> None:
    for path in stopped.glob("*.pt"):
        path.write_bytes(b"noise")
    notes = Notes()
    outcome = run(tiny(), stopped, publisher=notes)
    assert outcome.status == "completed"
    assert any("begins again" in text and "last.pt.damaged" in text for text in notes.warnings)
    assert (stopped / "last.pt.damaged").read_bytes() == b"noise"
    assert without_times(notes.rows) == without_times(unbroken(tiny().resample).rows)


def test_resumption_with_other_settings_fails_by_name(stopped: Path) -> None:
    outcome = run(tiny(learning_rate=0.5), stopped)
    assert outcome.status == "failed"
    assert "learning_rate" in (outcome.reason or "")


def test_weights_of_another_network_fail_with_a_reason(stopped: Path) -> None:
    state = checkpoint.load(stopped / "last.pt")
    state.model.popitem()
    checkpoint.write(stopped / "last.pt", checkpoint.serialised(state))
    outcome = run(tiny(), stopped)
    assert outcome.status == "failed"
    assert "another version" in (outcome.reason or "")


def test_resumption_with_other_threads_goes_on_and_says_so(stopped: Path) -> None:
    notes = Notes()
    try:
        assert run(tiny(threads=2), stopped, publisher=notes).status == "completed"
    finally:
        torch.set_num_threads(1)
    assert any("threads 2" in w for w in notes.warnings)


def test_resumption_on_another_cpu_goes_on_and_says_so(
    stopped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.session.cpu", lambda: "another")
    notes = Notes()
    assert run(tiny(), stopped, publisher=notes).status == "completed"
    assert any("cpu another" in warning for warning in notes.warnings)


def test_no_resumption_when_not_wanted(stopped: Path) -> None:
    notes = Notes()
    run(tiny(), stopped, publisher=notes, resume=False)
    assert notes.epochs() == [0, 1, 2, 3, 4]


def test_early_stop_completes_with_its_reason(tmp_path: Path) -> None:
    config = tiny(epochs=16, early_stop=True, patience=2, learning_rate=1e-9)
    outcome = run(config, tmp_path)
    assert outcome.status == "completed"
    assert 16 * 0.25 < outcome.epoch < 16
    assert "val_loss" in (outcome.reason or "")
    assert run(config, tmp_path) == outcome


def test_delay_between_epochs_is_broken_off_by_a_pause(tmp_path: Path) -> None:
    notes = Notes()
    outcome = run(
        tiny(epoch_delay_s=60),
        tmp_path,
        publisher=notes,
        wanted=lambda: "paused" if notes.rows and notes.rows[-1]["epoch"] == 1 else "running",
    )
    assert outcome == Outcome("paused", None, 1)


def test_progress_sees_each_new_row_after_it_was_published(tmp_path: Path) -> None:
    notes = Notes()
    seen: list[tuple[int, int]] = []
    run(
        tiny(),
        tmp_path,
        publisher=notes,
        progress=lambda row: seen.append((row["epoch"], len(notes.rows))),
    )
    assert seen == [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)]


def test_best_checkpoint_has_the_lowest_val_loss(tmp_path: Path) -> None:
    notes = Notes()
    run(tiny(learning_rate=3e-3), tmp_path, publisher=notes)
    losses = {row["epoch"]: row["val_loss"] for row in notes.rows}
    assert checkpoint.load(tmp_path / "best.pt").epoch == min(losses, key=lambda e: losses[e])


@pytest.mark.slow
def test_thirty_epochs_learn(tmp_path: Path) -> None:
    """About 25 s. From 70 km to below 200 m, with uncertainties that are not far off."""
    notes = Notes()
    run(TrainingConfig(epochs=30, batch_size=256), tmp_path, publisher=notes)
    first, last = notes.rows[0], notes.rows[-1]
    assert first["val_distance_p68_m"] > 50_000
    assert last["val_distance_p68_m"] < 200
    assert last["expected_calibration_error"] < 0.15
    assert last["val_loss"] < first["val_loss"] - 10
    assert last["val_distance_p68_m"] > notes.facts[0]["crlb_p68_m"]
