"""trackio's database and W&B's offline run, as those tools wrote them (tests/foreign)."""

import json
import math
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from heimdall_dash.errors import HeimdallError
from heimdall_dash.importers import trackio, wandb_offline
from heimdall_dash.importers.leveldb import BLOCK_BYTES

FOREIGN = Path(__file__).parent / "foreign"


def test_trackio_runs_have_their_cells_and_config() -> None:
    first, second = trackio.runs([FOREIGN / "trackio"])
    assert (first.name, second.name, first.project) == ("first", "second", "proj")
    first.read()
    rows = {step: cells for step, _, cells in first.table.take()}
    assert len(rows) == 31
    assert rows[4] == {"loss": 0.2, "val/acc": 4 / 30}
    assert math.isnan(rows[30]["loss"])
    assert first.config == {"lr": 0.1}
    assert first.left_out.as_facts() == {"text": "1 (text)"}
    assert first.created_s is not None
    first.read()
    assert list(first.table.take()) == []


def test_trackio_of_older_versions_names_runs_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "old.db")) as database:
        database.execute("CREATE TABLE metrics (id INTEGER PRIMARY KEY, timestamp TEXT, "
                         "run_name TEXT, step INTEGER, metrics TEXT)")  # fmt: skip
        values = json.dumps({"loss": 0.5, "bad": "NaN", "img": {"_type": "trackio.image"}})
        database.execute("INSERT INTO metrics VALUES (1, '2023-11-14T22:13:20', 'a', 3, ?)",
                         (values,))  # fmt: skip
        database.commit()
    (run,) = trackio.runs([tmp_path])
    run.read()
    ((step, unix_s, cells),) = run.table.take()
    assert (step, unix_s, cells["loss"]) == (3, 1_700_000_000.0, 0.5)
    assert math.isnan(cells["bad"])
    assert run.left_out.as_facts() == {"trackio.image": "1 (img)"}


def test_databases_of_other_programs_are_passed_over(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as database:
        database.execute("CREATE TABLE metrics (id INTEGER)")
    assert trackio.runs([tmp_path]) == []
    (tmp_path / "broken.db").write_bytes(b"not a database, and long enough to be asked" * 9)
    with pytest.raises(HeimdallError, match=r"broken\.db"):
        trackio.runs([tmp_path])


def test_wandb_offline_run_is_read_without_wandb() -> None:
    (run,) = wandb_offline.runs([FOREIGN / "wandb"])
    run.read()
    rows = {step: cells for step, _, cells in run.table.take()}
    assert (run.name, run.project, run.group, run.tags) == ("bright-moon", "proj", "g1", ["a", "b"])
    assert run.config == {"lr": 0.1, "opt": {"name": "adam"}}
    assert len(rows) == 400
    assert rows[7] == {"loss": 1 / 8, "val/acc": 8 / 400}
    assert math.isnan(rows[399]["loss"])
    assert run.left_out.as_facts() == {"histogram": "1 (weights)"}
    assert run.facts["notes"] == "hello"
    assert run.status == "completed"
    assert run.source_bytes > 4 * BLOCK_BYTES  # records that are cut at the ends of blocks


def test_wandb_run_that_grows_is_read_on(tmp_path: Path) -> None:
    """The same file in pieces of any size gives the same rows, each once."""
    (whole,) = wandb_offline.runs([FOREIGN / "wandb"])
    data = whole.files[0].read_bytes()
    whole.read()
    expected = list(whole.table.take())
    path = tmp_path / "run-a.wandb"
    path.write_bytes(data[:1000])
    (run,) = wandb_offline.runs([tmp_path])
    seen: dict[int, dict[str, float]] = {}
    for size in [*range(1000, len(data), 7919), len(data)]:
        path.write_bytes(data[:size])
        run.read()
        for step, _, cells in run.table.take():
            seen.setdefault(step, {}).update(cells)
    assert run.trouble is None
    assert repr(sorted(seen.items())) == repr([(s, seen[s]) for s, _, _ in expected])
    assert {s: set(cells) for s, cells in seen.items()} == {s: set(c) for s, _, c in expected}


def test_wandb_file_that_is_damaged_gives_what_is_before(tmp_path: Path) -> None:
    (whole,) = wandb_offline.runs([FOREIGN / "wandb"])
    data = bytearray(whole.files[0].read_bytes())
    data[60_000:90_000] = b"\xff" * 30_000
    (tmp_path / "run-a.wandb").write_bytes(data)
    (run,) = wandb_offline.runs([tmp_path])
    run.read()
    assert 50 < len(list(run.table.take())) < 400
    assert run.trouble is not None


def test_wandb_without_a_history_has_its_summary(tmp_path: Path) -> None:
    shutil.copytree(FOREIGN / "wandb", tmp_path / "w")
    (file,) = (tmp_path / "w").rglob("*.wandb")
    file.write_bytes(b"something else")
    (file.parent / "files").mkdir(exist_ok=True)
    summary = {"loss": 0.5, "_step": 41, "_timestamp": 1.7e9, "_runtime": 3}
    (file.parent / "files" / "wandb-summary.json").write_text(json.dumps(summary))
    (run,) = wandb_offline.runs([tmp_path])
    run.read()
    assert list(run.table.take()) == [(41, 1.7e9, {"loss": 0.5})]
    assert run.trouble is not None
