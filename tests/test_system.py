"""The machine's figures, read from this machine, and how they join the epochs of a run."""

import contextlib
import sys
import threading
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil
import pytest

from heimdall_dash import Job
from heimdall_dash.cells import join
from heimdall_dash.publish.gpus import Gpus
from heimdall_dash.publish.machine import Machine, Proc, Psutil
from heimdall_dash.publish.system import Watching
from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.store import Store
from tests.conftest import wait_for

PERCENTS = {"cpu_percent", "memory_percent", "disk_percent"}


def work(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def test_machine_is_read_in_its_units(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    work(0.3)
    cells = machine.read()
    assert cells.keys() >= PERCENTS | {
        "process_cpu_percent", "process_memory_gb", "network_sent_mb_per_second",
    }  # fmt: skip
    assert all(0 <= cells[name] <= 100 for name in PERCENTS)
    assert cells["process_cpu_percent"] > 5
    assert cells["process_memory_gb"] == pytest.approx(
        psutil.Process().memory_info().rss / 1e9, rel=0.2
    )
    assert cells["memory_percent"] == pytest.approx(psutil.virtual_memory().percent, abs=10)
    assert cells["disk_percent"] == pytest.approx(psutil.disk_usage(str(tmp_path)).percent, abs=10)
    assert all(value >= 0 for value in cells.values())


def test_machine_is_read_as_psutil_reads_it_and_on_linux_without_it(tmp_path: Path) -> None:
    source, other = Machine(tmp_path).source, Psutil(psutil)
    assert isinstance(source, Proc if sys.platform == "linux" else Psutil)
    ours, theirs = source.counters(), other.counters()
    assert ours.keys() >= {"all", "busy", "sent", "received"}
    assert ours["received"] == pytest.approx(
        sum(
            one.bytes_recv for name, one in psutil.net_io_counters(pernic=True).items()
            if name != "lo"
        ), rel=0.1, abs=1e6,
    )  # fmt: skip
    assert ours["busy"] / ours["all"] == pytest.approx(theirs["busy"] / theirs["all"], abs=0.05)
    assert source.levels()["memory_percent"] == pytest.approx(
        other.levels()["memory_percent"], abs=5
    )


def test_without_a_gpu_there_is_silently_none(caplog: pytest.LogCaptureFixture) -> None:
    gpus = Gpus()
    assert gpus.read() == {}
    gpus.close()
    assert [record for record in caplog.records if record.levelname != "DEBUG"] == []


def test_gpus_tell_what_they_can(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine has none: a driver that answers as NVIDIA's does, and knows no power."""
    nvml: Any = ModuleType("pynvml")
    nvml.nvmlInit = nvml.nvmlShutdown = lambda: None
    nvml.nvmlDeviceGetCount = lambda: 2
    nvml.nvmlDeviceGetHandleByIndex = lambda place: place

    class Answer:
        gpu, used, total = 40, 2, 8

    nvml.nvmlDeviceGetUtilizationRates = nvml.nvmlDeviceGetMemoryInfo = lambda handle: Answer
    nvml.nvmlDeviceGetTemperature = lambda handle, kind: 60 + handle
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    assert Gpus().read() == {
        "gpu0/percent": 40.0, "gpu0/memory_percent": 25.0, "gpu0/temperature_deg": 60.0,
        "gpu1/percent": 40.0, "gpu1/memory_percent": 25.0, "gpu1/temperature_deg": 61.0,
    }  # fmt: skip


class Counting(Machine):
    """Says 1, 2, 3, … so that averages can be foretold."""

    def __init__(self) -> None:
        self.reads = 0

    def read(self) -> dict[str, float]:
        self.reads += 1
        return {"load": float(self.reads)}

    def close(self) -> None:
        pass


def test_an_epoch_gets_the_average_since_the_one_before_once() -> None:
    newest, written, machine = [7], [], Counting()
    watching = Watching(
        machine, lambda: newest[0], lambda epoch, cells: written.append((epoch, cells)), 0.1
    )
    wait_for(lambda: machine.reads >= 2)
    assert written == []  # epoch 7 is an earlier process's
    newest[0] = 8
    wait_for(lambda: written)
    reads = machine.reads
    epoch, cells = written[0]
    assert epoch == 8
    assert 1.5 <= cells["system/load"] <= (1 + reads) / 2
    wait_for(lambda: machine.reads >= reads + 2)
    assert len(written) == 1
    newest[0] = 9
    watching.stop()  # the last look
    assert [epoch for epoch, _ in written] == [8, 9]


def test_a_machine_that_fails_costs_its_metrics_alone(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Counting):
        def read(self) -> dict[str, float]:
            raise RuntimeError("no more")

    watching = Watching(Broken(), lambda: 1, lambda epoch, cells: None, 0.1)
    wait_for(lambda: "not watched any more" in caplog.text)
    watching.stop()


def test_a_run_has_its_machines_metrics_beside_its_own(
    valkey: EmbeddedStore, tmp_path: Path
) -> None:
    with Job.start(
        "watched", url=valkey.url, data_dir=tmp_path, system_metrics=True, system_interval_s=0.1
    ) as job:
        for epoch in range(1, 4):
            work(0.25)
            job.log(epoch, train_loss=1 / epoch)
    with contextlib.closing(Store(valkey.url)) as store:
        joined = join(store.each_write(job.id))
        assert store.job(job.id)["status"] == "completed"
        assert store.notes(job.id) == []
    columns = joined.columns
    assert columns["epoch"] == [1, 2, 3]
    assert columns["train_loss"] == [1.0, 0.5, 1 / 3]
    assert columns["system/process_memory_gb"][2] > 0
    assert sum(value is not None for value in columns["system/cpu_percent"]) >= 2
    assert not [thread for thread in threading.enumerate() if thread.name == "heimdall-system"]


def test_a_run_that_did_not_ask_has_none(valkey: EmbeddedStore, tmp_path: Path) -> None:
    with Job.start("plain", url=valkey.url, data_dir=tmp_path) as job:
        job.log(1, train_loss=1.0)
        assert not [t for t in threading.enumerate() if t.name == "heimdall-system"]
    with contextlib.closing(Store(valkey.url)) as store:
        assert set(join(store.each_write(job.id)).columns) == {"epoch", "timestamp", "train_loss"}
