"""WebSocket clients for tests: what a program, or the page, does with our two modes."""

import json
from typing import Any

from websockets.sync.client import ClientConnection, connect

from heimdall_dash.frames import FRAMES

Json = dict[str, Any]


class Viewer:
    """One connection; every wait has a deadline. A framed one acknowledges its sync by itself."""

    def __init__(
        self, url: str, *, framed: bool = False, acks_sync: bool = True, **options: Any
    ) -> None:
        self._acks_sync = framed and acks_sync
        protocols: Any = [FRAMES] if framed else None
        self._opening = connect(
            url, subprotocols=protocols, max_size=None, open_timeout=10, close_timeout=1, **options
        )
        self._socket: ClientConnection

    def __enter__(self) -> "Viewer":
        self._socket = self._opening.__enter__()
        self._bytes = 0
        receive = self._socket.protocol.receive_data

        def counted(data: bytes) -> None:
            self._bytes += len(data)
            receive(data)

        self._socket.protocol.receive_data = counted  # type: ignore[method-assign]
        return self

    def __exit__(self, *error: Any) -> None:
        self._opening.__exit__(*error)

    @property
    def received_bytes(self) -> int:
        """On the wire so far, compressed as it came."""
        return self._bytes

    def next(self, timeout_s: float = 10.0) -> Json:
        message: Json = json.loads(self._socket.recv(timeout=timeout_s))
        if self._acks_sync and message["event"] == "sync":
            self.ack(message)
        return message

    def next_of(self, *events: str, timeout_s: float = 10.0) -> Json:
        """The next message of one of these kinds; others are passed over."""
        while True:
            message = self.next(timeout_s)
            if message["event"] in events:
                return message

    def send(self, message: Json | str) -> None:
        self._socket.send(message if isinstance(message, str) else json.dumps(message))

    def ack(self, frame: Json) -> None:
        self.send({"ack": frame["cursor"], "seq": frame.get("seq")})

    def epochs_up_to(self, last: int, timeout_s: float = 20.0) -> list[int]:
        """Epochs of plain events until `last` came."""
        epochs: list[int] = []
        while not epochs or epochs[-1] < last:
            message = self.next_of("training_progress", timeout_s=timeout_s)
            if "epoch" in message["data"]:
                epochs.append(message["data"]["epoch"])
        return epochs

    def framed_up_to(self, last: int, timeout_s: float = 20.0) -> list[int]:
        """Epochs of acknowledged frames until `last` came, each frame beginning where the one
        before ended."""
        epochs: list[int] = []
        cursor = None
        while not epochs or epochs[-1] < last:
            frame = self.next_of("metrics", "job", "store", timeout_s=timeout_s)
            if frame["event"] == "metrics":
                assert cursor is None or frame["after"] == cursor
                epochs += frame["columns"]["epoch"]
                cursor = frame["cursor"]
            self.ack(frame)
        return epochs

    def closed_with(self, timeout_s: float = 10.0) -> int:
        """The close code, whatever came before it."""
        from websockets.exceptions import ConnectionClosed

        try:
            while True:
                self._socket.recv(timeout=timeout_s)
        except ConnectionClosed as closed:
            if closed.rcvd is None:
                raise AssertionError("closed without a code") from closed
            return closed.rcvd.code
