"""How busy the machine is: processors, memory, disks, network, GPUs. From Linux's own files where
there are any, else through psutil. What cannot be read (no GPU, no /proc) is left out.
"""

import logging
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import ModuleType

from heimdall_dash.publish.gpus import Cells, Gpus

log = logging.getLogger(__name__)

MEGA = 1e6


class Machine:
    """Reads it. Rates are since the last call: the first one knows none."""

    def __init__(self, folder: Path) -> None:
        """folder: whose disk's fill is read."""
        self._folder = folder
        self.source = _proc() or _psutil()
        self._gpus = Gpus()
        self._counters: Cells = {}
        self._read_at = 0.0
        self.read()

    def read(self) -> Cells:
        """The present figures, without the prefix. Raises nothing."""
        now = time.monotonic()
        counters = _whatever(self.source.counters) if self.source else {}
        counters["process"] = sum(os.times()[:2])
        cells = _whatever(self.source.levels) if self.source else {}
        with suppress(OSError):
            disk = os.statvfs(self._folder)
            used = disk.f_blocks - disk.f_bfree
            if used + disk.f_bavail:  # as `df`: of what this user may fill
                cells["disk_percent"] = 100 * used / (used + disk.f_bavail)
        cells |= self._rates(counters, now - self._read_at) | self._gpus.read()
        self._counters, self._read_at = counters, now
        return cells

    def _rates(self, counters: Cells, seconds: float) -> Cells:
        gone = {
            name: value - self._counters[name]
            for name, value in counters.items()
            if name in self._counters and value >= self._counters[name]
        }
        cells: Cells = {}
        if seconds <= 0:
            return cells
        if gone.get("all", 0) > 0 and "busy" in gone:
            cells["cpu_percent"] = 100 * gone["busy"] / gone["all"]
        if "process" in gone:
            cells["process_cpu_percent"] = 100 * gone["process"] / seconds  # of one core
        for name, counter in _RATES.items():
            if counter in gone:
                cells[name] = gone[counter] / seconds / MEGA
        return cells

    def close(self) -> None:
        self._gpus.close()


_RATES = {
    "disk_read_mb_per_second": "read", "disk_written_mb_per_second": "written",
    "network_sent_mb_per_second": "sent", "network_received_mb_per_second": "received",
}  # fmt: skip


class Proc:
    """Linux's own files: a tenth of a millisecond, and no package."""

    def __init__(self) -> None:
        self._page_bytes = os.sysconf("SC_PAGE_SIZE")
        self._disks = frozenset(
            disk for disk in os.listdir("/sys/block")
            if not disk.startswith(("loop", "ram", "zram", "dm-", "md", "sr"))
        ) if os.path.isdir("/sys/block") else frozenset()  # fmt: skip

    def counters(self) -> Cells:
        ticks = [int(part) for part in _read("/proc/stat").split("\n", 1)[0].split()[1:9]]
        idle = ticks[3] + ticks[4]  # and waiting for a disk
        cells: Cells = {"all": float(sum(ticks)), "busy": float(sum(ticks) - idle)}
        with suppress(OSError, ValueError, IndexError):
            cells |= self._disk()
        with suppress(OSError, ValueError, IndexError):
            cells |= _network()
        return cells

    def levels(self) -> Cells:
        memory = {}
        for line in _read("/proc/meminfo").splitlines()[:8]:
            name, _, rest = line.partition(":")
            memory[name] = int(rest.split()[0])
        pages = int(_read("/proc/self/statm").split()[1])
        return {
            "memory_percent": 100 * (1 - memory["MemAvailable"] / memory["MemTotal"]),
            "process_memory_gb": pages * self._page_bytes / 1e9,
        }

    def _disk(self) -> Cells:
        lines = [line.split() for line in _read("/proc/diskstats").splitlines()]
        rows = [parts for parts in lines if parts[2] in self._disks]
        sector_bytes = 512  # whatever the disk's own are
        return {
            "read": float(sum(int(parts[5]) for parts in rows) * sector_bytes),
            "written": float(sum(int(parts[9]) for parts in rows) * sector_bytes),
        }


class Psutil:
    """Where there is no /proc."""

    def __init__(self, psutil: ModuleType) -> None:
        self._psutil, self._process = psutil, psutil.Process()

    def counters(self) -> Cells:
        times = self._psutil.cpu_times()
        idle = times.idle + getattr(times, "iowait", 0.0)
        cells: Cells = {"all": sum(times), "busy": sum(times) - idle}
        if disk := self._psutil.disk_io_counters():
            cells |= {"read": float(disk.read_bytes), "written": float(disk.write_bytes)}
        if network := self._psutil.net_io_counters():
            cells |= {"sent": float(network.bytes_sent), "received": float(network.bytes_recv)}
        return cells

    def levels(self) -> Cells:
        return {
            "memory_percent": float(self._psutil.virtual_memory().percent),
            "process_memory_gb": self._process.memory_info().rss / 1e9,
        }


def _network() -> Cells:
    """Of all interfaces but the loop."""
    sent = received = 0
    for line in _read("/proc/net/dev").splitlines()[2:]:
        name, _, rest = line.partition(":")
        if name.strip() != "lo":
            numbers = rest.split()
            received += int(numbers[0])
            sent += int(numbers[8])
    return {"sent": float(sent), "received": float(received)}


def _proc() -> "Proc | Psutil | None":
    try:
        source = Proc()
        source.counters()
        source.levels()
    except (OSError, ValueError, KeyError, IndexError):
        return None
    return source


def _psutil() -> "Proc | Psutil | None":
    try:
        import psutil
    except ImportError:
        log.warning("the machine's metrics need psutil here: pip install 'heimdall-dash[system]'")
        return None
    return Psutil(psutil)


def _whatever(read: Callable[[], Cells]) -> Cells:
    try:
        return read()
    except Exception as error:
        log.debug("a part of the machine cannot be read: %s", error)
        return {}


def _read(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()
