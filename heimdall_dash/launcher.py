"""`make run`: the store, the web server and one training worker, started, watched and stopped.

Guarantees: one line when all is up; a part that dies is started again; on Ctrl-C or SIGTERM the
worker checkpoints first, the store goes last, and no process stays behind.
"""

import fcntl
import json
import logging
import os
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import FrameType
from typing import IO

from heimdall_dash.errors import StartupRefused, StoreUnavailable
from heimdall_dash.left_behind import bring
from heimdall_dash.log import set_up
from heimdall_dash.part import Part
from heimdall_dash.queue import JobQueue
from heimdall_dash.settings import Settings, settings_or_exit
from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.store import Store
from heimdall_dash.training import TrainingConfig

log = logging.getLogger(__name__)

DEMO_NAME = "VHF"
READY_TIMEOUT_S = 120.0
PARTS_TIMEOUT_S = 5.0  # then what has not stopped is killed
TICK_S = 0.1


class Launcher:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._embedded = None if settings.redis_url else EmbeddedStore(settings.heimdall_data)
        self._parts: list[Part] = []
        self._is_stopping = False
        self._is_ready = False

    def run(self) -> int:
        """Until a signal; returns the exit code."""
        settings = self._settings
        _check_port(settings.host, settings.port)
        with _locked(settings.heimdall_data):
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, self._stop_soon)
            try:
                return self._run_locked()
            finally:
                self._stop()

    def _run_locked(self) -> int:
        if self._embedded is not None:
            self._embedded.end_orphan()
            self._embedded.start()
        self._queue_demo()
        self._start_parts()
        deadline = time.monotonic() + READY_TIMEOUT_S
        look_at = 0.0
        while not self._is_stopping:
            self._revive()
            now = time.monotonic()
            if not self._is_ready and now >= look_at:
                self._is_ready, look_at = self._announce_when_healthy(), now + 0.25
                if not self._is_ready and now > deadline:
                    raise StartupRefused(
                        f"not all parts came up within {READY_TIMEOUT_S:.0f} s; the lines above "
                        "and /health say which"
                    )
            time.sleep(TICK_S)
        return 0

    def _queue_demo(self) -> None:
        if not self._settings.heimdall_demo:
            return
        store = Store(self._settings.store_url)
        try:
            if not store.jobs():
                JobQueue(store, self._settings.store_url).submit(DEMO_NAME, TrainingConfig())
        except StoreUnavailable as error:
            raise StartupRefused(f"{error} (REDIS_URL)") from error
        finally:
            store.close()

    def _start_parts(self) -> None:
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        if self._embedded is not None:
            environment.pop("REDIS_URL", None)
        environment["HEIMDALL_DATA"] = str(self._settings.heimdall_data.resolve())
        for name, command in {
            "web server": [sys.executable, "app.py"],
            "worker": [sys.executable, "-m", "trainer", "worker"],
        }.items():
            part = Part(name, command, environment)
            part.start()
            self._parts.append(part)

    def _revive(self) -> None:
        store = self._embedded
        if store is not None and store.process is not None and store.process.poll() is not None:
            log.error("The store ended with code %s; starting it again", store.process.returncode)
            try:
                store.start()
            except StartupRefused as error:
                log.error("%s", error)
                time.sleep(1.0)
        for part in self._parts:
            part.revive()
            if part.deaths >= 5 and not self._is_ready:
                raise StartupRefused(f"the {part.name} does not start; the lines above say why")

    def _announce_when_healthy(self) -> bool:
        host = self._settings.host
        if host in {"0.0.0.0", "::", ""}:
            host = "127.0.0.1"
        base = f"http://{f'[{host}]' if ':' in host else host}:{self._settings.port}"
        request = urllib.request.Request(base + "/health")
        if self._settings.heimdall_token:
            request.add_header("Authorization", f"Bearer {self._settings.heimdall_token}")
        try:
            with urllib.request.urlopen(request, timeout=2) as answer:
                json.load(answer)
        except (urllib.error.URLError, OSError, ValueError):
            return False
        print(f"Heimdall is ready: {base}", flush=True)
        threading.Thread(
            target=bring, args=(self._settings.heimdall_data, self._settings.store_url), daemon=True
        ).start()
        return True

    def _stop_soon(self, number: int, frame: FrameType | None) -> None:
        self._is_stopping = True

    def _stop(self) -> None:
        deadline = time.monotonic() + PARTS_TIMEOUT_S
        for part in self._parts:
            part.signal(signal.SIGTERM)
        for part in self._parts:
            part.wait(deadline)
        if self._embedded is not None:
            self._embedded.stop(timeout_s=3.0)


def _check_port(host: str, port: int) -> None:
    """Raises StartupRefused when somebody else listens there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise StartupRefused(
                f"port {port} on {host} is taken or not allowed ({error.strerror}); stop what "
                "listens there, or set PORT"
            ) from error


class _locked:
    """The data folder belongs to one launcher at a time: two stores on one file ruin it."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._file: IO[str] | None = None

    def __enter__(self) -> None:
        try:
            self._data.mkdir(parents=True, exist_ok=True)
            self._file = (self._data / "lock").open("w")
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StartupRefused(
                f"another Heimdall uses the data folder {self._data}; set HEIMDALL_DATA to another"
            ) from error
        except OSError as error:
            raise StartupRefused(f"cannot write to {self._data}: {error.strerror}") from error

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()


def main() -> int:
    settings = settings_or_exit()
    set_up(settings.heimdall_log_level)
    try:
        return Launcher(settings).run()
    except StartupRefused as error:
        print(f"Heimdall: {error}", file=sys.stderr)
        return 1
