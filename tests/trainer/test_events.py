"""Measured events split by place, and trained on."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from trainer.checkpoint import CheckpointFolder
from trainer.config import TrainingConfig
from trainer.errors import DatasetError
from trainer.events import BLOCK_KM, Events, split_by_place
from trainer.loop import fit
from trainer.publishing import NullPublisher
from trainer.scene import simulator
from trainer.tables import events_table, write_table

pytestmark = pytest.mark.slow  # trains


def test_split_never_has_a_place_on_both_sides() -> None:
    events = Events(simulator(TrainingConfig()).train(2000), True)
    train, validation = split_by_place(events, 0.2, 1)
    places = [{tuple(p) for p in np.floor(s.emitter_km / BLOCK_KM)} for s in (train, validation)]
    assert not places[0] & places[1]
    assert len(train) + len(validation) == 2000
    assert 0.15 < len(validation) / 2000 <= 0.2


def test_split_of_one_place_is_refused() -> None:
    scenes = simulator(TrainingConfig()).train(600)
    with pytest.raises(DatasetError, match="1 blocks"):
        split_by_place(Events(replace(scenes, emitter_km=0 * scenes.emitter_km + 1), True), 0.2, 1)


@pytest.mark.parametrize("timing", [True, False])
def test_training_runs_on_a_file(tmp_path: Path, timing: bool) -> None:
    table = events_table(simulator(TrainingConfig()).train(600))
    if not timing:
        table = table.drop(columns=["toa_ns", "toa_sigma_ns"])
    write_table(table, tmp_path / "events.csv")
    facts: list[dict[str, object]] = []
    warnings: list[str] = []

    class Notes(NullPublisher):
        def describe(self, facts_: object) -> None:
            facts.append(dict(facts_))  # type: ignore[call-overload]

        def warn(self, message: str) -> None:
            warnings.append(message)

    config = TrainingConfig(
        dataset=str(tmp_path / "events.csv"), epochs=1, batch_size=64, width=8, heads=2
    )
    outcome = fit(
        config,
        publisher=Notes(),
        checkpoints=CheckpointFolder(tmp_path / "ck"),
        wanted=lambda: "running",
    )
    assert outcome.status == "completed", outcome.reason
    assert facts[0]["scenario"] == "dataset"
    assert bool(warnings) is not timing
    assert (facts[0]["crlb_p68_m"] or 0) > (0 if timing else 10_000)  # type: ignore[operator]


def test_training_on_a_missing_file_fails_with_its_name(tmp_path: Path) -> None:
    outcome = fit(
        TrainingConfig(dataset=str(tmp_path / "gone.csv"), epochs=1),
        publisher=NullPublisher(),
        checkpoints=CheckpointFolder(tmp_path / "ck"),
        wanted=lambda: "running",
    )
    assert outcome.status == "failed"
    assert "gone.csv" in (outcome.reason or "")
