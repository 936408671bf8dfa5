"""Viewers that come back after every fault, as a program and as the page would."""

import json
import threading
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from heimdall_dash.frames import FRAMES

RETRY_S = 0.2
SILENCE_S = 12.0
GONE = (OSError, ConnectionClosed, TimeoutError, httpx.TransportError, EOFError)


class Watcher(ABC):
    """Keeps watching one job; `epochs` and `losses` are what it has seen, in its order."""

    def __init__(self, name: str, port: int, job_id: str) -> None:
        self.name = name
        self.port = port
        self._base, self._job_id = f"127.0.0.1:{port}", job_id
        self.epochs: list[int] = []
        self.losses: list[float] = []
        self.delays_ms: list[float] = []  # from an epoch's time stamp to here, by frame or event
        self.problems: list[str] = []
        self.connections = 0
        self._cursor = "0-0"
        self._stop = threading.Event()
        self._awake = threading.Event()
        self._awake.set()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._awake.set()
        self._thread.join(20)

    def freeze(self) -> None:
        """Read and answer nothing."""
        self._awake.clear()

    def thaw(self) -> None:
        self._awake.set()

    @property
    def last(self) -> int:
        return self.epochs[-1] if self.epochs else -1

    def _run(self) -> None:
        while not self._stop.wait(RETRY_S):
            try:
                with connect(
                    f"ws://{self._base}/ws/training/{self._job_id}?{self._query()}",
                    subprotocols=self._protocols(),  # type: ignore[arg-type]
                    max_size=None, open_timeout=5, close_timeout=0.5,
                ) as socket:  # fmt: skip
                    self.connections += 1
                    self._watch(socket)
            except GONE:
                continue
            except Exception as error:  # the server refused the upgrade while it started
                if "HTTP" not in str(error):
                    self.problems.append(repr(error))

    def _watch(self, socket: ClientConnection) -> None:
        while not self._stop.is_set():
            self._awake.wait()
            message: dict[str, Any] = json.loads(socket.recv(timeout=SILENCE_S))
            self._awake.wait()
            if not self._take(message, socket):
                return

    @abstractmethod
    def _query(self) -> str: ...

    @abstractmethod
    def _protocols(self) -> list[str] | None: ...

    @abstractmethod
    def _take(self, message: dict[str, Any], socket: ClientConnection) -> bool: ...

    def _add(self, epoch: int, loss: float) -> None:
        if epoch <= self.last:
            self.problems.append(f"epoch {epoch} came after {self.last}")
        self.epochs.append(epoch)
        self.losses.append(loss)

    def _came(self, timestamp: str) -> None:
        sent_at = datetime.fromisoformat(timestamp)
        self.delays_ms.append((datetime.now(UTC) - sent_at).total_seconds() * 1000)


class PlainWatcher(Watcher):
    """Goes on after the last epoch that it has seen, as a program without a memory would."""

    def _query(self) -> str:
        return f"after={self.last}"

    def _protocols(self) -> list[str] | None:
        return None

    def _take(self, message: dict[str, Any], socket: ClientConnection) -> bool:
        if message["event"] == "training_progress" and "epoch" in message["data"]:
            self._add(message["data"]["epoch"], message["data"]["train_loss"])
            self._came(message["data"]["timestamp"])
        return True


class FramedWatcher(Watcher):
    """Reloads by REST when the server says that its history is another one."""

    _stream = ""

    def _query(self) -> str:
        return f"after={self._cursor}" + (f"&stream={self._stream}" if self._stream else "")

    def _protocols(self) -> list[str] | None:
        return [FRAMES]

    def _take(self, message: dict[str, Any], socket: ClientConnection) -> bool:
        if message["event"] == "sync":
            if not message["recovered"]:
                self._reload()
                return False
            self._stream = message["stream"]
        if message["event"] == "metrics":
            if message["after"] != self._cursor:
                self.problems.append(f"frame after {message['after']} at cursor {self._cursor}")
                return False
            columns = message["columns"]
            for epoch, loss in zip(columns["epoch"], columns["train_loss"], strict=True):
                self._add(epoch, loss)
            self._came(columns["timestamp"][-1])
            self._cursor = message["cursor"]
        if "seq" in message:
            socket.send(json.dumps({"ack": message["cursor"], "seq": message["seq"]}))
        return True

    def _reload(self) -> None:
        url = f"http://{self._base}/api/v1/training/jobs/{self._job_id}/metrics"
        answer = httpx.get(url, timeout=10)
        if answer.status_code != 200:
            return  # the store is away or being filled again: ask again later
        snapshot = answer.json()
        self.epochs = list(snapshot["columns"]["epoch"])
        self.losses = list(snapshot["columns"].get("train_loss", []))
        self._stream, self._cursor = snapshot["stream"], snapshot["cursor"]
