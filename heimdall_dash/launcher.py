"""`make run`: the store, the web server and one training worker, started, watched and stopped.

Guarantees: one line when all is up; a part that dies is started again; on Ctrl-C or SIGTERM the
worker checkpoints first, the store goes last, and no process stays behind; the same when the
launcher is killed, by its undertaker.
"""

import json
import logging
import os
import signal
import socket
import sys
import time
import urllib.request
from types import FrameType
from typing import Any

from heimdall_dash.arrivals import Arrivals
from heimdall_dash.data_folder import DataFolder, InUse
from heimdall_dash.discovery import announce, runs_folder
from heimdall_dash.errors import StartupRefused, StoreUnavailable
from heimdall_dash.installed import has_manifest, has_trainer
from heimdall_dash.log import set_up
from heimdall_dash.part import Part
from heimdall_dash.publish.bring import Bringer, look_again
from heimdall_dash.remains import PARTS_TIMEOUT_S, STORE, STORE_TIMEOUT_S
from heimdall_dash.settings import Settings, settings_or_exit
from heimdall_dash.store.connect import checked
from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.store import Store

log = logging.getLogger(__name__)

DEMO_NAME = "VHF"
READY_TIMEOUT_S = 120.0
ANSWER_WITHIN_S = 2.0
TICK_S = 0.1
STARTS_TICK_S = 0.03


class Launcher:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._folder = DataFolder(settings.heimdall_data)
        self._embedded = None if settings.redis_url else EmbeddedStore(settings.heimdall_data)
        self._parts: list[Part] = []
        self._undertaker: Part | None = None
        self._life: tuple[int, int] | None = None  # a pipe; its ends close with this process
        self._noted: dict[str, int] = {}
        self._announcement: announce | None = None
        self._arrivals: Arrivals | None = None
        self._is_stopping = False
        self._is_ready = False

    def run(self) -> int:
        """Until a signal; returns the exit code."""
        host, port = self._settings.host, self._settings.port
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop_soon)
        if not self._folder.remains.exist():
            _check_port(host, port)  # before anything is made
        try:
            with self._folder:
                _check_port(host, port)
                try:
                    return self._run_locked()
                finally:
                    self._stop()
        except InUse:
            _check_port(host, port)  # of the two reasons the one that is easier to see
            raise

    def _run_locked(self) -> int:
        self._start_undertaker()
        if self._embedded is not None:
            self._embedded.end_orphan()
            self._embedded.start()
            self._fill_in(self._embedded)
        else:
            _check_store(self._settings.store_url)
        self._note_processes()
        if not has_trainer():
            log.info("No trainer is installed here: jobs come from trainers outside")
        wants_demo = self._wants_demo()
        self._start_parts()
        store_url = self._settings.store_url
        self._announcement = announce(self._url, store_url, self._settings.heimdall_data).start()
        deadline = time.monotonic() + READY_TIMEOUT_S
        look_at = 0.0
        while not self._is_stopping:
            self._revive()
            self._note_processes()
            now = time.monotonic()
            if not self._is_ready and now >= look_at:
                self._is_ready, look_at = self._is_healthy(), now + 0.1
                if self._is_ready:
                    if wants_demo:
                        self._queue_demo()
                    self._say_ready()
                elif now > deadline:
                    raise StartupRefused(
                        f"not all parts came up within {READY_TIMEOUT_S:.0f} s; the lines above "
                        "and /health say which"
                    )
            time.sleep(TICK_S if self._is_ready else STARTS_TICK_S)
        return 0

    def _start_undertaker(self) -> None:
        self._life = os.pipe()
        command = [sys.executable, "-m", "heimdall_dash.undertaker"]
        self._undertaker = Part(
            "undertaker", [*command, str(self._settings.heimdall_data.resolve())],
            dict(os.environ), stdin=self._life[0], keeps=(self._folder.lock,),
        )  # fmt: skip
        self._undertaker.start()

    def _wants_demo(self) -> bool:
        """Whether there is no job yet; raises StartupRefused where the store does not answer."""
        if not self._settings.heimdall_demo or not has_trainer():
            return False
        store = Store(self._settings.store_url)
        try:
            return not store.jobs()
        except StoreUnavailable as error:
            raise StartupRefused(f"{error} (REDIS_URL)") from error
        finally:
            store.close()

    def _queue_demo(self) -> None:
        """By REST, as anybody would: the web server knows what the trainer is to be told."""
        try:
            self._ask("/api/v1/training/jobs", {"job_name": DEMO_NAME})
        except (OSError, ValueError) as error:
            log.warning("The demo is not queued: %s", error)

    def _start_parts(self) -> None:
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        if self._embedded is not None:
            environment.pop("REDIS_URL", None)
        environment["HEIMDALL_DATA"] = str(self._settings.heimdall_data.resolve())
        web = ["app.py"] if has_manifest() else ["-m", "heimdall_dash.web"]
        commands = {"web server": [sys.executable, *web]}
        if has_trainer():
            commands["worker"] = [sys.executable, "-m", "trainer", "worker"]
        for name, command in commands.items():
            part = Part(name, command, environment)
            part.start()
            self._parts.append(part)

    def _revive(self) -> None:
        store = self._embedded
        if store is not None and store.process is not None and store.process.poll() is not None:
            log.error("The store ended with code %s; starting it again", store.process.returncode)
            try:
                store.start()
                self._fill_in(store)
                if self._announcement is not None:
                    self._announcement.update(store_url=store.url)
            except StartupRefused as error:
                log.error("%s", error)
                time.sleep(1.0)
        elif store is not None:
            store.look_after()
        if self._undertaker is not None:
            self._undertaker.revive()
        for part in self._parts:
            part.revive()
            if part.deaths >= 5 and not self._is_ready:
                raise StartupRefused(f"the {part.name} does not start; the lines above say why")

    def _fill_in(self, store: EmbeddedStore) -> None:
        if store.losses:
            since = min(loss.since for loss in store.losses)
            look_again([self._settings.heimdall_data, runs_folder()], since)

    def _note_processes(self) -> None:
        """Write down what there is to be ended, should this process be killed."""
        pids = {part.name: part.pid for part in self._parts if part.pid is not None}
        if self._embedded is not None and self._embedded.process is not None:
            pids[STORE] = self._embedded.process.pid
        if pids == self._noted:
            return
        try:
            self._folder.remains.note(pids)
            self._noted = pids
        except OSError as error:  # a full disk: the next tick tries again
            log.debug("the list of processes cannot be written: %s", error)

    @property
    def _url(self) -> str:
        host = self._settings.host
        if host in {"0.0.0.0", "::", ""}:
            host = "127.0.0.1"
        return f"http://{f'[{host}]' if ':' in host else host}:{self._settings.port}"

    def _is_healthy(self) -> bool:
        try:
            self._ask("/health")
        except (OSError, ValueError):
            return False
        return True

    def _ask(self, path: str, body: Any = None) -> Any:
        """GET, or POST of a body; raises OSError, also for a refusal, or ValueError."""
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, content)
        if self._settings.heimdall_token:
            request.add_header("Authorization", f"Bearer {self._settings.heimdall_token}")
        with urllib.request.urlopen(request, timeout=ANSWER_WITHIN_S) as answer:
            return json.load(answer)

    def _say_ready(self) -> None:
        print(f"Heimdall is ready: {self._url}", flush=True)
        folders = [self._settings.heimdall_data, runs_folder()]
        self._arrivals = Arrivals(Bringer(folders, lambda: self._settings.store_url).look)
        self._arrivals.start()

    def _stop_soon(self, number: int, frame: FrameType | None) -> None:
        self._is_stopping = True

    def _stop(self) -> None:
        if self._arrivals is not None:
            self._arrivals.stop()
        if self._announcement is not None:
            self._announcement.stop()
        deadline = time.monotonic() + PARTS_TIMEOUT_S
        for part in self._parts:
            part.signal(signal.SIGTERM)
        for part in self._parts:
            part.wait(deadline)
        if self._embedded is not None:
            self._embedded.stop(STORE_TIMEOUT_S)
        self._folder.remains.forget()
        if self._life is not None and self._undertaker is not None:
            os.close(self._life[1])  # nothing is left for it: it goes
            self._undertaker.wait(time.monotonic() + 1.0)
            os.close(self._life[0])


def _check_store(url: str) -> None:
    """Raises StartupRefused when it is no address, or nobody answers there."""
    store = Store(checked(url))
    try:
        store.now()
    except StoreUnavailable as error:
        raise StartupRefused(f"{error} (REDIS_URL)") from error
    finally:
        store.close()


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


def main() -> int:
    settings = settings_or_exit()
    set_up(settings.heimdall_log_level, settings.heimdall_log_format)
    try:
        return Launcher(settings).run()
    except StartupRefused as error:
        print(f"Heimdall: {error}", file=sys.stderr)
        return 1
