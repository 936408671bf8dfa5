"""What the web process counts of itself, for Prometheus: `GET /metrics`.

Several web processes answer as one: each writes its numbers into a folder that all share
(`shared_numbers`), and whichever is asked adds them up.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

SHARED = "PROMETHEUS_MULTIPROC_DIR"  # the library looks there when it is imported
LAG_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)
TRIP_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0)

viewers = Gauge(
    "heimdall_viewers", "Open WebSocket connections", ["of"], multiprocess_mode="livesum"
)
frames = Counter("heimdall_frames", "Messages sent to viewers", ["of"])
frame_bytes = Counter("heimdall_frame_bytes", "Their bytes, before compression", ["of"])
closed = Counter("heimdall_closed", "WebSocket connections that the server closed", ["code"])
requests = Counter("heimdall_requests", "Answered HTTP requests", ["method", "status"])
writes = Counter("heimdall_writes", "Writes of watched jobs that came from the store")
lag = Histogram(
    "heimdall_lag_seconds",
    "From a value's time stamp (the trainer's clock) to its broadcast (the store's clock)",
    buckets=LAG_S,
)
store_trip = Histogram("heimdall_store_round_trip_seconds", "Asking the store", buckets=TRIP_S)
store_outages = Counter("heimdall_store_outages", "How often the store was lost")
jobs = Gauge(
    "heimdall_jobs", "Jobs in the store, by status", ["status"], multiprocess_mode="mostrecent"
)
restarts = Gauge(
    "heimdall_background_restarts",
    "How often background work ended and was begun again",
    ["work"],
    multiprocess_mode="livesum",
)


@contextmanager
def shared_numbers() -> Iterator[None]:
    """Web processes that are started inside count into one folder."""
    with tempfile.TemporaryDirectory(prefix="heimdall-numbers-") as folder:
        os.environ[SHARED] = folder
        yield


def numbers() -> bytes:
    """In Prometheus' text format."""
    return generate_latest(_registry())


def _registry() -> CollectorRegistry:
    folder = Path(os.environ.get(SHARED) or os.devnull)
    if not folder.is_dir():
        return REGISTRY
    _forget_the_dead(folder)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


def _forget_the_dead(folder: Path) -> None:
    """The viewers of a web process that has died are no more."""
    for pid in {path.stem.rpartition("_")[2] for path in folder.glob("gauge_live*.db")}:
        if pid.isdigit() and not _is_alive(int(pid)):
            mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
