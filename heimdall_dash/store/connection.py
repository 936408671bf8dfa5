"""One process's way to the store: a client that is made when it is first needed, and what its
failures mean to those who ask."""

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TypeVar

from redis.exceptions import (
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
)

from heimdall_dash.errors import HeimdallError, NotAllowed, StoreUnavailable
from heimdall_dash.roles import READS_ALONE, may_change
from heimdall_dash.store.connect import UNAVAILABLE, Url, address, connect, disconnect, script

T = TypeVar("T")


class StoreRefused(HeimdallError):
    """The store answers, and does not take what was sent."""


class Connection:
    """Opens it when it is first used, and again when the server has changed."""

    def __init__(self, url: Url) -> None:
        """url: may be a question that is asked at each connection, since a store can move."""
        self._url = url
        self._address = ""  # of the present client
        self._lock = threading.Lock()
        self._client: Any = None
        self._scripts: dict[str, Any] = {}
        self._publish_command = "PUBLISH"

    @property
    def publish_command(self) -> str:
        """By which this kind of server publishes. Raises StoreUnavailable."""
        self.call(lambda client: None)  # only a connection knows which kind of server it is
        return self._publish_command

    def call(self, command: Callable[[Any], T]) -> T:
        """What the command makes of the client. Raises StoreUnavailable, StoreRefused."""
        try:
            return command(self._connected())
        except (OutOfMemoryError, ReadOnlyError) as error:
            raise StoreUnavailable(f"the store takes no writes: {error}") from error
        except ResponseError as error:
            if _is_outage(str(error)):
                raise StoreUnavailable(f"the store takes no writes: {error}") from error
            if "user_script" in str(error):
                # a fault of ours: trying again would not help
                raise StoreRefused(f"the store refuses this: {error}") from error
            raise StoreUnavailable(f"the store does not answer: {error}") from error
        except UNAVAILABLE as error:
            self._leave_if_moved()
            raise StoreUnavailable(f"the store does not answer: {error}") from error

    def run_script(self, name: str, keys: list[str], arguments: list[Any]) -> Any:
        """Each changes something: raises NotAllowed where whoever asks may look alone."""
        check_role()

        def run(client: Any) -> Any:
            known = self._scripts.get(name)
            if known is None:
                known = self._scripts[name] = client.register_script(_TEXTS[name])
            return known(keys, arguments, client)

        return self.call(run)

    def now(self) -> datetime:
        """The store's clock, by which signs of life are judged."""
        seconds, micros = self.call(lambda client: client.time(**_anywhere(client)))
        return datetime.fromtimestamp(int(seconds) + int(micros) / 1e6, UTC)

    def ping(self) -> None:
        """Raises StoreUnavailable."""
        self.call(lambda client: client.ping())

    def check_kept(self, key: str) -> None:
        """After a write to a key that was accepted: a server whose disk is full says yes, finds out
        when it writes its append-only file, and refuses only what comes next. What it said yes to
        is gone with its process. Raises StoreUnavailable."""

        def read(client: Any) -> dict[str, Any]:
            node = {}
            if hasattr(client, "get_node_from_key"):
                node = {"target_nodes": client.get_node_from_key(key)}
            with suppress(NoPermissionError):  # then nobody can know
                return dict(client.info("persistence", **node))
            return {}

        known = self.call(read)
        if known.get("aof_enabled") and known.get("aof_last_write_status", "ok") != "ok":
            raise StoreUnavailable(
                "the store has this in memory and cannot write it to its disk: make room there, "
                "and send it again"
            )

    def close(self) -> None:
        with self._lock:
            if self._client is not None:
                disconnect(self._client)
            self._client = None

    # -- inside ----------------------------------------------------------------------------

    def _leave_if_moved(self) -> None:
        """Let go of a client whose server has come back at another address."""
        if isinstance(self._url, str):
            return
        with self._lock, suppress(StoreUnavailable):
            if self._client is not None and address(self._url) != self._address:
                disconnect(self._client)
                self._client = None

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                self._address = address(self._url)
                self._client = connect(self._address)
                self._scripts = {}
                is_cluster = hasattr(self._client, "get_primaries")
                self._publish_command = "SPUBLISH" if is_cluster else "PUBLISH"
            return self._client


_TEXTS = {
    name: script(name)
    for name in (
        "append",
        "beat",
        "begin",
        "change",
        "compact",
        "create",
        "delete",
        "predictions",
        "recount",
    )
}


def _is_outage(error: str) -> bool:
    """Whether a script failed for what the server is short of, not for what the script does."""
    return any(word in error for word in ("OOM", "MISCONF", "READONLY", "NOREPLICAS", "LOADING"))


def _anywhere(client: Any) -> dict[str, Any]:
    """Any node of a cluster tells the time."""
    if not hasattr(client, "get_primaries"):
        return {}
    return {"target_nodes": client.get_primaries()[0]}


def check_role() -> None:
    """Raises NotAllowed where whoever asks may look alone."""
    if not may_change():
        raise NotAllowed(READS_ALONE)
