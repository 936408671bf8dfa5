"""How runs end: by an exception, a signal, an exit code, a fork. Each in a process of its own."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.jobs import job_view
from heimdall_dash.store.store import Store
from tests.conftest import wait_for

pytestmark = pytest.mark.slow

HEAD = """
import os, signal, sys, threading, time
from heimdall_dash import Job
job = Job.start("x", url=sys.argv[1], data_dir=sys.argv[2], with_origin=False)
print(job.id, flush=True)
job.log(1, a=1.0)
"""


@pytest.fixture
def opened(valkey: EmbeddedStore) -> Iterator[Store]:
    store = Store(valkey.url)
    yield store
    store.close()


def started(valkey: EmbeddedStore, tmp_path: Path, body: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HEAD + textwrap.dedent(body), valkey.url, str(tmp_path)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def ended(valkey: EmbeddedStore, tmp_path: Path, body: str) -> tuple[str, int, str]:
    """The id of the run, the process's exit code, and what it wrote to stderr."""
    with started(valkey, tmp_path, body) as process:
        out, err = process.communicate(timeout=30)
    return out.split()[0], process.returncode, err


@pytest.mark.parametrize(
    ("body", "code", "status", "reason"),
    [
        ("with job: pass", 0, "completed", None),
        ("with job: raise ValueError('exploded')", 1, "failed", "ValueError: exploded"),
        ("with job: sys.exit(0)", 0, "completed", None),
        ("with job: sys.exit()", 0, "completed", None),
        ("with job: sys.exit(3)", 3, "failed", "SystemExit: 3"),
        ("with job: sys.exit('why')", 1, "failed", "SystemExit: why"),
        ("with job: raise KeyboardInterrupt", None, "cancelled", "stopped by KeyboardInterrupt"),
        ("job.finish(); raise ValueError('late')", 1, "completed", None),
        ("", 0, "completed", None),
        ("raise ValueError('exploded')", 1, "failed", "ValueError: exploded"),
        ("job.finish('failed', 'by hand')", 0, "failed", "by hand"),
        ("job.close()", 0, "completed", None),
        (
            "class TrialPruned(Exception): pass\nwith job: raise TrialPruned('below the median')",
            1, "cancelled", "below the median",
        ),
        (
            "class Odd(Exception):\n    def __str__(self): raise RuntimeError\nwith job: raise Odd",
            1, "failed", "Odd: Odd Odd()",
        ),
    ],
)  # fmt: skip
def test_run_ends_as_its_block_does(
    valkey: EmbeddedStore, tmp_path: Path, opened: Store, body: str, code: int | None, status: str,
    reason: str | None,
) -> None:  # fmt: skip
    job_id, returned, _ = ended(valkey, tmp_path, body)
    view = job_view(opened.job(job_id))
    said = view["error_message"] if status == "failed" else view["ended_because"]
    assert (view["status"], said, view["epochs_stored"]) == (status, reason, 1)
    assert code is None or returned == code


def test_run_is_cancelled_by_sigterm_which_then_ends_the_process_as_always(
    valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    with started(valkey, tmp_path, "with job: threading.Event().wait()") as process:
        assert process.stdout is not None
        job_id = process.stdout.readline().strip()
        wait_for(lambda: is_stored(opened, job_id))
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == -signal.SIGTERM
    view = job_view(opened.job(job_id))
    assert (view["status"], view["ended_because"]) == ("cancelled", "stopped by SIGTERM")


def test_run_leaves_sigterm_to_whoever_handles_it(
    valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    body = """
    handled = []
    signal.signal(signal.SIGTERM, lambda number, frame: handled.append(number))
    with job:
        other = Job.start("y", url=sys.argv[1], data_dir=sys.argv[2])
        other.close()
        os.kill(os.getpid(), signal.SIGTERM)
        assert handled == [signal.SIGTERM]
        job.log(2, a=2.0)
    """
    job_id, code, err = ended(valkey, tmp_path, body)
    assert code == 0, err
    assert opened.job(job_id)["status"] == "completed"


FORKS: dict[str, str] = {
    "that ends with the program's end": "",
    "that ends at once": "os._exit(0)",
    "that logs and closes": "job.log(99, a=1.0); job.warn('x'); job.finish('failed'); job.close()",
    "that raises": "raise ValueError('of the child')",
    "that is ended by a signal": "os.kill(os.getpid(), signal.SIGTERM); threading.Event().wait()",
}


@pytest.mark.parametrize("child", FORKS.values(), ids=FORKS.keys())
def test_forked_child_is_not_the_trainer(
    valkey: EmbeddedStore, tmp_path: Path, opened: Store, child: str
) -> None:
    body = f"""
    with job:
        pid = os.fork()
        if pid == 0:
            {child or "sys.exit(0)"}
            sys.exit(0)
        os.waitpid(pid, 0)
        job.log(2, a=2.0)
    """
    job_id, code, err = ended(valkey, tmp_path, body)
    assert code == 0, err
    assert [write.epoch for write in opened.writes(job_id)] == [1, 2]
    assert opened.job(job_id)["status"] == "completed"
    assert opened.notes(job_id) == []


def test_forked_child_does_not_wait_for_a_lock_that_another_thread_held(
    valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    body = """
    with job:
        stop = threading.Event()
        def chatter():
            epoch = 2
            while not stop.is_set():
                job.log(epoch, a=1.0); epoch += 1
        thread = threading.Thread(target=chatter); thread.start()
        for _ in range(20):
            pid = os.fork()
            if pid == 0:
                job.log(1, b=1.0); job.close(); os._exit(0)
            assert os.waitpid(pid, 0)[1] == 0
        stop.set(); thread.join()
    """
    job_id, code, err = ended(valkey, tmp_path, body)
    assert code == 0, err
    writes = opened.writes(job_id)
    assert [write.epoch for write in writes] == list(range(1, len(writes) + 1))


def test_threads_may_log_together(valkey: EmbeddedStore, tmp_path: Path, opened: Store) -> None:
    body = """
    def log(number):
        for epoch in range(500):
            job.log(epoch, {f"of/{number}": float(epoch)})
    with job:
        threads = [threading.Thread(target=log, args=(n,)) for n in range(4)]
        [t.start() for t in threads]; [t.join() for t in threads]
    """
    job_id, code, err = ended(valkey, tmp_path, body)
    assert code == 0, err
    cells: dict[tuple[int, str], Any] = {}
    for write in opened.writes(job_id):
        for name, value in (write.row or {}).items():
            if name.startswith("of/"):
                cells[write.epoch, name] = value
    assert cells == {(e, f"of/{n}"): float(e) for e in range(500) for n in range(4)}


@pytest.mark.parametrize("clock", ["1e18", "-1e18", "float('nan')", "0"])
def test_clock_at_an_impossible_year_costs_no_epoch(
    valkey: EmbeddedStore, tmp_path: Path, opened: Store, clock: str
) -> None:
    body = f"""
    time.time = lambda: {clock}
    with job:
        for epoch in (2, 3): job.log(epoch, a=1.0)
    """
    job_id, code, err = ended(valkey, tmp_path, body)
    assert code == 0, err
    assert [write.epoch for write in opened.writes(job_id)] == [1, 2, 3]
    assert opened.job(job_id)["status"] == "completed"


def test_working_folder_may_change_and_go(
    valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    body = """
    import shutil, tempfile
    os.chdir(tempfile.mkdtemp())
    with Job.start("relative", url=sys.argv[1], data_dir="here") as other:
        print(other.id, flush=True)
        other.log(1, a=1.0)
        folder = os.getcwd()
        os.chdir("/")
        other.log(2, a=2.0)
        shutil.rmtree(folder)
        other.log(3, a=3.0)
        assert other.close() is True
    job.close()
    """
    with started(valkey, tmp_path, body) as process:
        out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert "Traceback" not in err
    assert [write.epoch for write in opened.writes(out.split()[1])] == [1, 2, 3]


def test_failed_start_leaks_nothing(valkey: EmbeddedStore, tmp_path: Path) -> None:
    from heimdall_dash.publisher import Job

    (tmp_path / "jobs").write_text("a file where the folder should be")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        with pytest.raises(OSError, match="jobs"):
            Job.start("x", url=valkey.url, data_dir=tmp_path)
    assert len(os.listdir("/proc/self/fd")) == before


def is_stored(store: Store, job_id: str) -> bool:
    return any(fields["id"] == job_id for fields in store.jobs())
