"""The local log: whole lines survive, in their order; its owner is known by a lock; old logs go."""

import errno
import os
import shutil
import signal
import threading
import time
from pathlib import Path

import orjson
import psutil
import pytest

from heimdall_dash.errors import StaleAttempt
from heimdall_dash.publish import journal as module
from heimdall_dash.publish.journal import (
    Journal,
    LogFile,
    OwnFile,
    files_of,
    is_owned,
    prune,
    saved,
    whole_lines,
)
from heimdall_dash.publish.line import encode_row
from tests.conftest import wait_for
from tests.processes import Child


def line_of(epoch: int) -> bytes:
    return encode_row(epoch, {"x": 0.5}, 1.5)[1]


def epochs_in(text: bytes) -> list[int]:
    return [orjson.loads(line)[0] for line in text.splitlines()]


def everything(file: LogFile, most_bytes: int = 100) -> bytes:
    """The file as a sender reads it: from place to place, until it ends."""
    read, place = [], 0
    while block := file.read(place, most_bytes):
        read.append(block)
        place += len(block)
    return b"".join(read)


def taken(data: Path, count: int, name: str = "job") -> tuple[Journal, OwnFile]:
    journal = Journal(data, name)
    own = journal.take()
    for epoch in range(count):
        assert journal.append(line_of(epoch)) is None
    return journal, own


def refuse_all(patch: pytest.MonkeyPatch) -> None:
    def full(file: int, line: bytes) -> int:
        raise OSError(errno.ENOSPC, "no space left on device")

    patch.setattr(module.os, "write", full)


def test_a_log_reads_back_what_was_appended_in_order(tmp_path: Path) -> None:
    journal, own = taken(tmp_path, 100)
    for most_bytes in (1, 10, 100, 1 << 20):
        assert epochs_in(everything(own, most_bytes)) == list(range(100))
        assert everything(LogFile(own.path, own.token), most_bytes) == everything(own)
    assert own.size == own.path.stat().st_size
    journal.close()


def test_whole_lines_never_hands_out_a_torn_one(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"one\ntwo\n" + b"x" * 1000 + b"\ntorn")
    assert everything(LogFile(path, "t"), 4) == b"one\ntwo\n" + b"x" * 1000 + b"\n"
    assert whole_lines(lambda count: b"abc"[:count], 2) == b""
    path.write_bytes(b"\x00" * 5000)  # what a power cut leaves
    assert LogFile(path, "t").read(0, 100) == b""


def test_lines_that_a_full_disk_refuses_keep_their_place_before_newer_ones(tmp_path: Path) -> None:
    """They were sent after newer ones, and then taken for old: lost."""
    journal, own = taken(tmp_path, 3)
    with pytest.MonkeyPatch.context() as patch:
        refuse_all(patch)
        for epoch in range(3, 300):
            refusal = journal.append(line_of(epoch))
            assert isinstance(refusal, OSError)
            assert refusal.errno == errno.ENOSPC
        assert epochs_in(everything(own)) == list(range(300))  # sent all the same
        assert len(own.path.read_bytes().splitlines()) == 3
    time.sleep(module.RETRY_DISK_S)  # the disk is asked again after this long, not before
    assert journal.append(line_of(300)) is None
    assert epochs_in(own.path.read_bytes()) == list(range(301))
    assert everything(own) == own.path.read_bytes()
    assert own.size == own.path.stat().st_size
    journal.close()


def test_a_line_half_written_is_taken_off_again(tmp_path: Path) -> None:
    journal, own = taken(tmp_path, 3)
    real_write, before = os.write, own.path.read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module.os, "write", lambda file, line: real_write(file, line[:9]))
        assert isinstance(journal.append(line_of(3)), OSError)
    assert own.path.read_bytes() == before
    time.sleep(module.RETRY_DISK_S)
    assert own.flush() is None
    assert epochs_in(own.path.read_bytes()) == [0, 1, 2, 3]
    journal.close()


def test_a_real_limit_of_the_file_system_costs_no_line(tmp_path: Path) -> None:
    """RLIMIT_FSIZE cuts a write in the middle, as a full disk does."""
    script = f"""
import resource, signal, sys, time
from pathlib import Path
from heimdall_dash.publish.journal import Journal, RETRY_DISK_S
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
journal = Journal(Path({str(tmp_path)!r}), "job")
own = journal.take()
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
lines = [b"[%d,1.5,{{}}]\\n" % epoch for epoch in range(500)]
refused = [journal.append(line) for line in lines]
assert refused[0] is None and refused[-1] is not None
assert own.path.stat().st_size <= 1000
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
time.sleep(RETRY_DISK_S)
assert own.flush() is None
assert own.path.read_bytes() == b"".join(lines)
"""
    with Child(tmp_path, "-c", script) as child:
        assert child.process.wait(20) == 0, child.output


def test_what_is_kept_in_memory_has_a_bound_and_the_next_line_raises(tmp_path: Path) -> None:
    journal, own = taken(tmp_path, 0)
    with pytest.MonkeyPatch.context() as patch:
        refuse_all(patch)
        patch.setattr(module, "MAX_UNWRITTEN_BYTES", 100)
        kept = 0
        with pytest.raises(OSError, match="no space"):
            kept = next(n for n in range(100) if journal.append(line_of(n)) is None)
        assert kept == 0
        assert 50 < own.size <= 100
    journal.close()


def test_a_long_outage_of_the_disk_is_read_and_written_in_linear_time(tmp_path: Path) -> None:
    """Each block was looked for from the first line on, and each line taken off a list's front."""
    journal, own = taken(tmp_path, 0)
    with pytest.MonkeyPatch.context() as patch:
        refuse_all(patch)
        for epoch in range(200_000):
            journal.append(b"[%d,1.5,{}]\n" % epoch)
        began = time.perf_counter()
        text = everything(own, 8_000)
        read_s = time.perf_counter() - began
    began = time.perf_counter()
    time.sleep(module.RETRY_DISK_S)
    assert own.flush() is None
    written_s = time.perf_counter() - began
    assert own.path.read_bytes() == text
    assert epochs_in(text) == list(range(200_000))
    assert read_s < 0.5  # was 1.6 s
    assert written_s < 3
    journal.close()


def test_a_log_goes_on_when_its_folder_is_removed_under_it(tmp_path: Path) -> None:
    journal, own = taken(tmp_path, 1)
    shutil.rmtree(tmp_path / "jobs")
    assert journal.append(line_of(1)) is None
    assert epochs_in(b"".join(everything(file) for file in journal.files())) == [0, 1]
    assert journal.files() == [own]
    journal.close()


def test_a_signals_handler_that_logs_inside_of_append_loses_no_line(tmp_path: Path) -> None:
    """SIGTERM arrives while a line is written: its handler says the end, and what was counted of
    the line before was wrong, so that the end was never sent."""
    journal, own = taken(tmp_path, 3)
    real_write, calls = os.write, []

    def write_and_be_interrupted(file: int, line: bytes) -> int:
        count = real_write(file, line)
        if not calls:
            calls.append(line)
            with own.turn:
                journal.append(line_of(9))
            # the handler waits until all this is sent, and then the process is over
            assert everything(own) == own.path.read_bytes()
        return count

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module.os, "write", write_and_be_interrupted)
        with own.turn:
            journal.append(line_of(3))
        assert own.size == own.path.stat().st_size
        journal.append(line_of(4))
    assert epochs_in(everything(own)) == [0, 1, 2, 3, 9, 4]
    assert everything(own) == own.path.read_bytes()
    journal.close()


def test_threads_append_while_another_reads(tmp_path: Path) -> None:
    journal, own = taken(tmp_path, 0)

    def append(start: int) -> None:
        for epoch in range(start, start + 500):
            with own.turn:
                journal.append(line_of(epoch))

    threads = [threading.Thread(target=append, args=(n * 1000,)) for n in range(4)]
    for thread in threads:
        thread.start()
    read = b""
    while len(read) < own.size or any(thread.is_alive() for thread in threads):
        block = own.read(len(read), 500)
        assert block == b"" or block.endswith(b"\n")
        read += block
    epochs = epochs_in(read)
    assert len(epochs) == 2000
    for n in range(4):
        assert [e for e in epochs if e // 1000 == n] == list(range(n * 1000, n * 1000 + 500))
    journal.close()


# -- several processes ---------------------------------------------------------------------


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
import time
from pathlib import Path
from heimdall_dash.publish.journal import Journal
journal = Journal(Path({str(tmp_path)!r}), "job")
journal.take()
journal.append(b"[1,1.5,{{}}]\\n")
Path({str(tmp_path)!r}, "ready").touch()
time.sleep(60)
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
import os, time
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
time.sleep(60)
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
