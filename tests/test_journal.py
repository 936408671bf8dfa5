"""The folder of a run's log: its owner is known by a lock, its files by order; old runs go."""

import errno
import os
import signal
from pathlib import Path

import psutil
import pytest

from heimdall_dash.errors import StaleAttempt
from heimdall_dash.publish import journal as module
from heimdall_dash.publish.journal import Journal, files_of, is_owned, prune, saved
from tests.conftest import wait_for
from tests.logs import epochs_in, everything, line_of, taken
from tests.processes import Child


def test_an_earlier_process_is_refused_once_another_has_taken_over(tmp_path: Path) -> None:
    earlier, first = taken(tmp_path, 3)
    later = Journal(tmp_path, "job")
    assert earlier.append(line_of(3)) is None  # opened, but not taken over yet
    second = later.take()
    with pytest.raises(StaleAttempt):
        earlier.append(line_of(4))
    assert later.append(line_of(4)) is None
    assert [file.token for file in files_of(later.folder)] == [first.token, second.token]
    assert [epochs_in(everything(file)) for file in later.files()] == [[0, 1, 2, 3], [4]]
    for journal in (earlier, later):
        journal.close()


def test_an_owner_that_lives_is_seen_and_one_that_was_killed_is_not(tmp_path: Path) -> None:
    script = f"""
import threading
from pathlib import Path
from heimdall_dash.publish.journal import Journal
journal = Journal(Path({str(tmp_path)!r}), "job")
journal.take()
journal.append(b"[1,1.5,{{}}]\\n")
Path({str(tmp_path)!r}, "ready").touch()
threading.Event().wait()
"""
    folder = tmp_path / "jobs" / "job"
    assert not is_owned(folder)
    with Child(tmp_path, "-c", script) as child:
        wait_for((tmp_path / "ready").exists, what="the owner")
        assert is_owned(folder)
        later, _ = taken(tmp_path, 0)  # the newest file's owner counts
        assert is_owned(folder)
        later.close()
        assert not is_owned(folder)
        os.unlink(sorted(folder.glob("log-*"))[-1])
        assert is_owned(folder)
        child.process.kill()
        child.process.wait()
        assert not is_owned(folder)


def test_a_forked_child_that_lives_on_does_not_keep_the_log_owned(tmp_path: Path) -> None:
    script = f"""
import os, threading
from pathlib import Path
from heimdall_dash.publish.journal import Journal
journal = Journal(Path({str(tmp_path)!r}), "job")
own = journal.take()
class Run:
    def end_with(self, error, *, patience_s=None): own.close()
    def forget_process(self): own.close()
from heimdall_dash.publish import ending
run = Run()
ending.watch(run)
child = os.fork()
if child == 0:
    Path({str(tmp_path)!r}, "forked").write_text(str(os.getpid()))
threading.Event().wait()
"""
    with Child(tmp_path, "-c", script) as child:
        wait_for(lambda: (tmp_path / "forked").exists() and (tmp_path / "forked").read_text())
        forked = psutil.Process(int((tmp_path / "forked").read_text()))
        assert is_owned(tmp_path / "jobs" / "job")
        os.kill(child.process.pid, signal.SIGKILL)
        child.process.wait()
        try:
            assert forked.is_running()
            assert not is_owned(tmp_path / "jobs" / "job")
        finally:
            forked.kill()


# -- the folder ----------------------------------------------------------------------------


def test_files_come_in_the_order_in_which_they_were_written(tmp_path: Path) -> None:
    names = ["log-0010-aa.jsonl", "epochs.jsonl", "log-0002-zz.jsonl", "copy-ff.jsonl",
             "log-10000-cc.jsonl", "log-x.jsonl", "log-0003.jsonl.swp", "other.jsonl"]  # fmt: skip
    for name in names:
        (tmp_path / name).touch()
    assert [(file.path.name, file.token) for file in files_of(tmp_path)] == [
        ("epochs.jsonl", "epochs"), ("copy-ff.jsonl", "copy.ff"), ("log-0002-zz.jsonl", "zz"),
        ("log-0010-aa.jsonl", "aa"), ("log-10000-cc.jsonl", "cc"),
    ]  # fmt: skip


@pytest.mark.parametrize("stray", ["log-1.jsonl", "log-1x-aa.jsonl", "log-0000-aa (1).jsonl"])
def test_a_stray_file_keeps_no_run_from_going_on(tmp_path: Path, stray: str) -> None:
    (tmp_path / "jobs" / "job").mkdir(parents=True)
    (tmp_path / "jobs" / "job" / stray).write_bytes(line_of(7))
    journal, own = taken(tmp_path, 2)
    assert journal.files() == [own]
    assert journal.last_epoch() == 1
    journal.close()


@pytest.mark.parametrize(
    "tail", [b"", b"[9,1.0,{", b"\x00" * 99, b"7\n", b"\x00\n", b'["note",{}]\n', b"[9,1.0,{}]"]
)
def test_the_last_epoch_is_that_of_the_last_whole_row(tmp_path: Path, tail: bytes) -> None:
    journal, own = taken(tmp_path, 3)
    journal.close()
    with own.path.open("ab") as file:
        file.write(tail)
    later = Journal(tmp_path, "job")
    assert later.last_epoch() == 2
    later.take()
    assert later.last_epoch() == 2  # a file of its own without a row yet
    later.append(line_of(5))
    assert later.last_epoch() == 5
    later.close()
    assert Journal(tmp_path, "other").last_epoch() == -1


def test_a_take_that_fails_leaks_no_descriptor(tmp_path: Path) -> None:
    def full(file: int, text: bytes, place: int) -> int:
        raise OSError(errno.ENOSPC, "no space left on device")

    journal, before = Journal(tmp_path, "job"), os.listdir("/proc/self/fd")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module.os, "pwrite", full)
        with pytest.raises(OSError, match="no space"):
            journal.take()
    assert os.listdir("/proc/self/fd") == before
    assert not is_owned(journal.folder)


def test_a_folder_without_memory_maps_takes_a_log_all_the_same(tmp_path: Path) -> None:
    """Some network file systems refuse shared maps; no run may fail for that."""

    def refuse(*_: object, **__: object) -> object:
        raise OSError(errno.ENODEV, "no such device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module.mmap, "mmap", refuse)
        journal, own = taken(tmp_path, 3)
    assert epochs_in(everything(own)) == [0, 1, 2]
    journal.close()


def test_a_job_is_saved_and_read_back_and_an_odd_one_is_none(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "job")
    content = {"fields": {"id": "job", "job_name": "VHF"}, "url": None}
    journal.save(content)
    assert journal.saved() == saved(journal.folder) == content
    for text in ("", "{", "[]", "7", '{"fields":{"id":"other"}}', '{"fields":[]}', "\udcff",
                 "[" * 100_000):  # fmt: skip
        (journal.folder / "job.json").write_bytes(text.encode("utf-8", "surrogateescape"))
        assert saved(journal.folder) is None
    journal.save(content)
    assert [path.name for path in journal.folder.iterdir()] == ["job.json"]
    journal.close()


def test_taking_a_log_over_says_that_it_is_not_delivered(tmp_path: Path) -> None:
    """`left.json` outlived a run that went on, and a dashboard wrote the old end."""
    journal, _ = taken(tmp_path, 1)
    journal.mark_done()
    (journal.folder / "left.json").touch()
    (journal.folder / "ended.json").touch()
    journal.close()
    later, _ = taken(tmp_path, 0)
    names = {path.name.partition("-")[0] for path in later.folder.iterdir()}
    assert names == {"owner", "log"}
    later.close()


def test_copies_replace_one_another_and_come_first(tmp_path: Path) -> None:
    journal, own = taken(tmp_path, 1)
    first = journal.copy_file([line_of(1)])
    second = journal.copy_file([line_of(2), line_of(3)])
    assert not first.path.exists()
    assert [file.token for file in journal.files()] == [second.token, own.token]
    assert epochs_in(everything(second)) == [2, 3]
    journal.close()


def test_prune_removes_only_runs_that_were_delivered_long_ago(tmp_path: Path) -> None:
    long_s = 31 * 24 * 3600
    markers = {
        "running": ({}, True), "done": ({"done.json": 3600}, True),
        "old": ({"done.json": long_s}, False), "older format": ({"ended.json": long_s}, False),
        "not delivered": ({"ended.json": long_s, "left.json": long_s}, True),
    }  # fmt: skip
    for name, (ages, _) in markers.items():
        journal, _ = taken(tmp_path, 1, name)
        for marker, age_s in ages.items():
            path = journal.folder / marker
            path.touch()
            when = path.stat().st_mtime - age_s
            os.utime(path, (when, when))
        journal.close()
    prune(tmp_path)
    prune(tmp_path / "nowhere")
    left = {path.name for path in (tmp_path / "jobs").iterdir()}
    assert left == {name for name, (_, stays) in markers.items() if stays}
