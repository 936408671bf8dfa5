"""The local log: whole lines survive, torn ones are recognised, old logs go."""

import os
from pathlib import Path

import pytest

from heimdall_dash.errors import StaleAttempt
from heimdall_dash.publish import journal as module
from heimdall_dash.publish.journal import Journal, prune
from heimdall_dash.publish.line import encode


def put(journal: Journal, row: dict[str, float]) -> None:
    number, line, _ = encode(row.pop("epoch"), row, 1.5)
    journal.append(number, line)


def filled(tmp_path: Path, count: int) -> Journal:
    journal = Journal(tmp_path, "job")
    for epoch in range(count):
        put(journal, {"epoch": epoch, "x": 0.5})
    return journal


def test_journal_reads_back_what_was_appended_in_order(tmp_path: Path) -> None:
    journal = filled(tmp_path, 100)
    rows, offset = journal.read(0)
    put(journal, {"epoch": 100})
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
    put(journal, {"epoch": 3, "x": 1.0})
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
            put(journal, {"epoch": 3})
    assert path.stat().st_size == size
    put(journal, {"epoch": 3})
    assert [row["epoch"] for row in journal.read(0)[0]] == [0, 1, 2, 3]
    journal.close()


def test_prune_removes_only_logs_of_jobs_that_ended_long_ago(tmp_path: Path) -> None:
    long_s = 31 * 24 * 3600
    ages = {"running": None, "ended": 3600, "old": long_s, "old, not delivered": long_s}
    for name, age_s in ages.items():
        journal = Journal(tmp_path, name)
        if "not delivered" in name:
            journal.leave({"status": "completed"})
        if age_s is not None:
            journal.mark_ended()
            marker = journal.folder / "ended.json"
            when = marker.stat().st_mtime - age_s
            os.utime(marker, (when, when))
        journal.close()
    prune(tmp_path)
    assert sorted(path.name for path in (tmp_path / "jobs").iterdir()) == [
        "ended",
        "old, not delivered",
        "running",
    ]


def test_journal_refuses_the_earlier_process_once_another_has_taken_it_over(tmp_path: Path) -> None:
    earlier = filled(tmp_path, 3)
    earlier.save_birth({"attempt": 0})
    put(earlier, {"epoch": 3})
    later = Journal(tmp_path, "job")
    put(earlier, {"epoch": 4})  # opened, but not taken over yet
    later.save_birth({"attempt": 1})
    with pytest.raises(StaleAttempt):
        put(earlier, {"epoch": 5})
    put(later, {"epoch": 5})
    assert [row["epoch"] for row in later.read(0)[0]] == [0, 1, 2, 3, 4, 5]
    for journal in (earlier, later):
        journal.close()


def test_journal_goes_on_when_its_folder_is_removed_under_it(tmp_path: Path) -> None:
    journal = filled(tmp_path, 1)
    journal.save_birth({"attempt": 0})
    for path in journal.folder.iterdir():
        path.unlink()
    put(journal, {"epoch": 1})
    assert journal.last_epoch == 1
    journal.close()
