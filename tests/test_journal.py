"""The local log: whole lines survive, torn ones are recognised, old logs go."""

import os
from pathlib import Path

import pytest

from heimdall_dash.publish import journal as module
from heimdall_dash.publish.journal import Journal, prune


def filled(tmp_path: Path, count: int) -> Journal:
    journal = Journal(tmp_path, "job")
    for epoch in range(count):
        journal.append({"epoch": epoch, "x": 0.5})
    return journal


def test_journal_reads_back_what_was_appended_in_order(tmp_path: Path) -> None:
    journal = filled(tmp_path, 100)
    rows, offset = journal.read(0)
    journal.append({"epoch": 100})
    assert [row["epoch"] for row in rows] == list(range(100))
    assert [row["epoch"] for row in journal.read(offset)[0]] == [100]
    journal.close()


@pytest.mark.parametrize("tail", [b'{"epoch": 3, "x": 0.', b"{", b"\x00\x00\x00", b'{"epoch": 3}'])
def test_journal_cuts_a_torn_last_line_off(tmp_path: Path, tail: bytes) -> None:
    filled(tmp_path, 3).close()
    path = tmp_path / "jobs" / "job" / "epochs.jsonl"
    with path.open("ab") as file:
        file.write(tail)
    journal = Journal(tmp_path, "job")
    assert journal.last_epoch == 2
    journal.append({"epoch": 3, "x": 1.0})
    assert [row["epoch"] for row in journal.read(0)[0]] == [0, 1, 2, 3]
    journal.close()


def test_journal_cuts_lines_of_zeros_that_a_power_cut_leaves(tmp_path: Path) -> None:
    filled(tmp_path, 3).close()
    path = tmp_path / "jobs" / "job" / "epochs.jsonl"
    with path.open("ab") as file:
        file.write(b"\x00" * 50 + b"\n")
    journal = Journal(tmp_path, "job")
    assert journal.last_epoch == 2
    assert len(journal.read(0)[0]) == 3
    journal.close()


def test_journal_is_as_it_was_after_the_disk_was_full(tmp_path: Path) -> None:
    journal = filled(tmp_path, 3)
    real_write, path = os.write, tmp_path / "jobs" / "job" / "epochs.jsonl"
    size = path.stat().st_size

    def half(file: int, line: bytes) -> int:
        return real_write(file, line[: len(line) // 2])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module.os, "write", half)
        with pytest.raises(OSError, match="no space left"):
            journal.append({"epoch": 3})
    assert path.stat().st_size == size
    journal.append({"epoch": 3})
    assert [row["epoch"] for row in journal.read(0)[0]] == [0, 1, 2, 3]
    journal.close()


def test_prune_removes_only_logs_of_jobs_that_ended_long_ago(tmp_path: Path) -> None:
    for name, age_s in {"running": None, "ended": 3600, "old": 31 * 24 * 3600}.items():
        journal = Journal(tmp_path, name)
        if age_s is not None:
            journal.mark_ended()
            marker = journal.folder / "ended.json"
            when = marker.stat().st_mtime - age_s
            os.utime(marker, (when, when))
        journal.close()
    prune(tmp_path)
    assert sorted(path.name for path in (tmp_path / "jobs").iterdir()) == ["ended", "running"]
