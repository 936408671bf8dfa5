"""uvicorn's WebSocket connection with a limit on how much a client may say.

A flood of pings, acknowledgements or garbage held everybody up for seconds: thousands of tiny
frames come in one piece, and were all read before anything else.
"""

import logging
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

from heimdall_dash.doors.guests import Allowance, guests_of
from heimdall_dash.frames import CloseCode
from heimdall_dash.log import Rarely

_rarely = Rarely(logging.getLogger(__name__))

# A page acknowledges at most once a picture, a program as fast as frames come.
FRAMES_PER_S = 300.0
FRAMES_BURST = 500.0
BYTES_PER_S = 256 * 1024.0
BYTES_BURST = 1024 * 1024.0
SLICE_BYTES = 2 * 1024  # read before the limits are looked at again: 340 of the smallest frames


class GuardedSocket(WebSocketsSansIOProtocol):
    def __init__(self, config: Any, server_state: Any, app_state: Any, _loop: Any = None) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._guests = guests_of(server_state)
        self._address: str | None = None
        self._frames = Allowance(FRAMES_PER_S, FRAMES_BURST)
        self._bytes = Allowance(BYTES_PER_S, BYTES_BURST)
        self._is_flooded = False

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        self._guests.came(self._address)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._address is not None:
            self._guests.went(self._address)
            self._address = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self.handshake_initiated:
            super().data_received(data)  # the request, whole, as HTTP has read it
            return
        for start in range(0, len(data), SLICE_BYTES):
            part = data[start : start + SLICE_BYTES]
            if self._is_flooded or self.transport.is_closing():
                return
            if not self._bytes.take(len(part)):
                self._end_flood()
                return
            super().data_received(part)

    def handle_text(self, event: Frame) -> None:
        if self._may_say():
            super().handle_text(event)

    def handle_bytes(self, event: Frame) -> None:
        if self._may_say():
            super().handle_bytes(event)

    def handle_cont(self, event: Frame) -> None:
        if self._may_say():
            super().handle_cont(event)

    def handle_ping(self) -> None:
        if self._may_say():
            super().handle_ping()

    def handle_pong(self, event: Frame) -> None:
        if self._may_say():
            super().handle_pong(event)

    def _may_say(self) -> bool:
        if not self._is_flooded and not self._frames.take():
            self._end_flood()
        return not self._is_flooded

    def _end_flood(self) -> None:
        """Close at once: what else the client has sent is not read."""
        self._is_flooded = True
        address = self.client[0] if self.client else "?"
        _rarely.warning("flood", "A client at %s says too much, its socket is closed", address)
        code, reason = CloseCode.TOO_MANY, "more messages than may come in a second"
        while not self.queue.empty():
            self.queue.get_nowait()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        if self.handshake_complete and not self.close_sent:
            self.conn.send_close(code, reason)
            self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.transport.close()
