"""One file of a log: whole lines survive, in their order, whatever the disk and signals do."""

import errno
import os
import shutil
import threading
from pathlib import Path

import pytest

from heimdall_dash.publish import journal as module
from heimdall_dash.publish import log_file
from heimdall_dash.publish.log_file import LogFile, whole_lines
from tests.conftest import wait_for
from tests.logs import epochs_in, everything, line_of, taken
from tests.processes import Child


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
    wait_for(lambda: own.flush() is None, what="the disk to be asked again")
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
    wait_for(lambda: own.flush() is None, what="the disk to be asked again")
    assert epochs_in(own.path.read_bytes()) == [0, 1, 2, 3]
    journal.close()


def test_a_real_limit_of_the_file_system_costs_no_line(tmp_path: Path) -> None:
    """RLIMIT_FSIZE cuts a write in the middle, as a full disk does."""
    script = f"""
import resource, signal
from pathlib import Path
from heimdall_dash.publish.journal import Journal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
journal = Journal(Path({str(tmp_path)!r}), "job")
own = journal.take()
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
lines = [b"[%d,1.5,{{}}]\\n" % epoch for epoch in range(500)]
refused = [journal.append(line) for line in lines]
assert refused[0] is None and refused[-1] is not None
assert own.path.stat().st_size <= 1000
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
while own.flush() is not None:  # bounded by whoever waits for this process
    pass
assert own.path.read_bytes() == b"".join(lines)
"""
    with Child(tmp_path, "-c", script) as child:
        assert child.process.wait(20) == 0, child.output


def test_what_is_kept_in_memory_has_a_bound_and_the_next_line_raises(tmp_path: Path) -> None:
    journal, own = taken(tmp_path, 0)
    with pytest.MonkeyPatch.context() as patch:
        refuse_all(patch)
        patch.setattr(log_file, "MAX_UNWRITTEN_BYTES", 100)
        kept = 0
        with pytest.raises(OSError, match="no space"):
            kept = next(n for n in range(100) if journal.append(line_of(n)) is None)
        assert kept == 0
        assert 50 < own.size <= 100
    journal.close()


def test_a_long_outage_of_the_disk_is_read_and_written_whole(tmp_path: Path) -> None:
    """Looked for from the first line on, block by block, 200,000 lines outlast the test's time."""
    journal, own = taken(tmp_path, 0)
    with pytest.MonkeyPatch.context() as patch:
        refuse_all(patch)
        for epoch in range(200_000):
            journal.append(b"[%d,1.5,{}]\n" % epoch)
        text = everything(own, 8_000)
    wait_for(lambda: own.flush() is None, what="the disk to be asked again")
    assert own.path.read_bytes() == text
    assert epochs_in(text) == list(range(200_000))
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
