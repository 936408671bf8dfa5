"""uvicorn's WebSocket connection with a limit on how much a client may say.

A flood of pings, acknowledgements or garbage held everybody up for seconds: thousands of tiny
frames come in one piece, and were all read before anything else.
"""

import asyncio
import logging
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

from heimdall_dash.doors.guests import Allowance, guests_of, turns_of
from heimdall_dash.frames import CloseCode
from heimdall_dash.log import Rarely

_rarely = Rarely(logging.getLogger(__name__))

# A page acknowledges at most once a picture, a program as fast as frames come.
FRAMES_PER_S = 300.0
FRAMES_BURST = 500.0
BYTES_PER_S = 256 * 1024.0
BYTES_BURST = 1024 * 1024.0
SLICE_BYTES = 512  # read in one round of the loop: 85 of the smallest frames


NO_UPGRADE = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: 38\r\n"
    b"connection: close\r\n\r\n"
    b'{"detail": "this begins no WebSocket"}'
)


class GuardedSocket(WebSocketsSansIOProtocol):
    def __init__(self, config: Any, server_state: Any, app_state: Any, _loop: Any = None) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._guests, self._turns = guests_of(server_state), turns_of(server_state)
        self._address: str | None = None
        self._frames = Allowance(FRAMES_PER_S, FRAMES_BURST)
        self._bytes = Allowance(BYTES_PER_S, BYTES_BURST)
        self._is_flooded = False
        self._unread = bytearray()
        self._reading: asyncio.Task[None] | None = None

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
            self._begin(data)
            return
        if self._is_flooded or self.transport.is_closing():
            return
        if not self._bytes.take(len(data)):
            self._end_flood()
            return
        is_reading = bool(self._unread)
        self._unread += data
        if not is_reading:
            self._read_a_little()
            if self._unread:
                self._reading = self.loop.create_task(self._read_on())

    def _begin(self, request: bytes) -> None:
        """With the request, whole, as HTTP has read it. uvicorn (0.54) answers nothing to one that
        the library does not read, such as a POST."""
        self.conn.receive_data(request)
        if self.conn.parser_exc is None:
            self.handle_events()
        if not self.handshake_initiated and not self.transport.is_closing():
            self.transport.write(NO_UPGRADE)
            self.transport.close()

    async def _read_on(self) -> None:
        """In turns with all others: eight floods at once had everybody wait."""
        try:
            while self._unread:
                await self._turns.next()
                self._read_a_little()
        except Exception:
            self.logger.exception("A socket's messages cannot be read")
            self.transport.abort()

    def _read_a_little(self) -> None:
        if self._is_flooded or self.transport.is_closing():
            self._unread.clear()
            return
        part = bytes(self._unread[:SLICE_BYTES])
        super().data_received(part)
        del self._unread[:SLICE_BYTES]

    async def run_asgi(self) -> None:
        await self._turns.next()
        await super().run_asgi()

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
