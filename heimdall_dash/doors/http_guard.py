"""uvicorn's HTTP connection with limits of its own: httptools, which reads it, knows none (0.9).

A head of any size was taken in: endless small headers took the process to gigabytes, one header
line of 150 MB stopped it for 19 s; what never ends held its connection for ever. Trailers behind a
body took 1.7 GB, and requests that do not wait for their answers held everybody up for 4 s.
"""

import asyncio
import logging
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from heimdall_dash.doors.bodies import MAX_BODY_BYTES, TOO_LARGE
from heimdall_dash.doors.guests import Allowance, guests_of, turns_of
from heimdall_dash.log import Rarely

log = logging.getLogger(__name__)
_rarely = Rarely(log)

MAX_HEAD_BYTES = 64 * 1024  # of the first line and all headers; browsers send 1 to 8 kB
MAX_HEADERS = 100
SLICE_BYTES = 8 * 1024  # what is parsed before the limits are looked at again
HEAD_S = 10.0  # for a head to come, from the connection's begin or its first byte
LOOK_S = 5.0
MAX_PIPELINED = 8  # requests that come before the answer to the first; browsers send none
# On one connection; those beyond wait, and nobody who waits for his answers notices more. A page's
# first visit brings some hundred files over six connections, a program that asks one call after the
# other comes to a few hundred a second.
REQUESTS_PER_S = 500.0
REQUESTS_BURST = 2000.0
MAX_FRAMING_BYTES = 64 * 1024  # around a body, beside a quarter of it: chunks' heads, trailers
BODY_BYTES_PER_LOOK = 500  # a body that comes slower than this is not meant to end
MAX_SLOW_LOOKS = 4
MAX_STILL_LOOKS = 12  # an answer of which nobody reads anything for a minute


class GuardedHttp(HttpToolsProtocol):
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._guests, self._turns = guests_of(self.server_state), turns_of(self.server_state)
        self._requests = Allowance(REQUESTS_PER_S, REQUESTS_BURST)
        self._address: str | None = None  # while it is counted
        self._timer: asyncio.TimerHandle | None = None
        self._is_upgraded = False
        self._is_in_head = True
        self._head_bytes = self._body_bytes = self._wire_bytes = self._content_bytes = 0
        self._head_began = self.loop.time()
        self._slow_looks = self._still_looks = 0
        self._unread_bytes = 0
        self._served: Any = None  # the request that is being answered, or was at last

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        address = self.client[0] if self.client else ""
        if not self._guests.may_come(address):
            _rarely.warning("full", "Too many connections, the last from %s: refused", address)
            self._refuse(503, "Service Unavailable", "too many connections; try again")
            return
        self._guests.came(address)
        self._address = address
        self._head_began = self.loop.time()
        self._timer = self.loop.call_later(LOOK_S, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()
        self._end_served()
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        self._served = cycle
        wait_s = self._requests.wait_s()

        async def in_turn(scope: Any, receive: Any, send: Any) -> None:
            if wait_s:
                await asyncio.sleep(wait_s)
            await self._turns.next()
            if not cycle.disconnected:
                await app(scope, receive, send)

        super()._start_asgi_task(cycle, in_turn)

    def _end_served(self) -> None:
        """Tell what is being answered that nobody hears it. uvicorn (0.54) tells the newest request
        alone, which another may wait for: that one would write to a closed connection."""
        self.pipeline.clear()
        if self._served is not None and not self._served.response_complete:
            self._served.disconnected = True
            self._served.message_event.set()

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data), SLICE_BYTES):
            if self._is_upgraded or self.transport.is_closing():
                return
            self._take(data[start : start + SLICE_BYTES])

    def _take(self, part: bytes) -> None:
        if self.transport.is_closing():
            return
        if self._is_in_head:
            if not self._head_bytes:
                self._head_began = self.loop.time()
            self._head_bytes += len(part)
        else:
            self._body_bytes += len(part)
            self._wire_bytes += len(part)
        super().data_received(part)
        is_too_long = self._head_bytes > MAX_HEAD_BYTES
        is_too_many = self._is_in_head and len(self.headers or ()) > MAX_HEADERS
        if self._is_in_head and (is_too_long or is_too_many) and not self._is_upgraded:
            self._refuse(431, "Request Header Fields Too Large", "the head is too large")
        elif not self._is_in_head:
            self._bound_body()

    def _bound_body(self) -> None:
        """Also where nobody reads it, since the request was answered already."""
        framing_bytes = self._wire_bytes - self._content_bytes
        if self._content_bytes > MAX_BODY_BYTES:
            self._refuse(413, "Content Too Large", TOO_LARGE)
        elif framing_bytes > MAX_FRAMING_BYTES + self._content_bytes // 4:
            self._refuse(413, "Content Too Large", "the body comes in chunks that are too small")

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._is_in_head:  # what comes behind a body is no header, and nobody here reads it
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if self.transport.is_closing():
            return
        if len(self.headers) > MAX_HEADERS:
            self._refuse(431, "Request Header Fields Too Large", "too many headers")
            return
        self._is_in_head = False
        self._head_bytes = self._body_bytes = self._slow_looks = 0
        self._wire_bytes = self._content_bytes = 0
        super().on_headers_complete()
        if len(self.pipeline) > MAX_PIPELINED:
            detail = "requests on one connection wait for their answers"
            self._refuse(429, "Too Many Requests", detail)

    def on_body(self, body: bytes) -> None:
        self._content_bytes += len(body)
        if not self.transport.is_closing():
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._is_in_head, self._head_bytes = True, 0
        if self.cycle is not None or self.parser.should_upgrade():
            super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        self._is_upgraded = True
        super().handle_websocket_upgrade()
        self._leave()  # the socket is counted from here on

    def send_400_response(self, msg: str) -> None:
        self._refuse(400, "Bad Request", "this is no HTTP request")

    def _look(self) -> None:
        """Whether the connection goes on: heads and bodies end, answers are read."""
        if self.transport.is_closing():
            return
        self._timer = self.loop.call_later(LOOK_S, self._look)
        is_served = self.cycle is not None and not self.cycle.response_complete
        if self._is_unread():
            self.transport.abort()
        elif not self._is_in_head:
            self._look_at_body()
        elif is_served or self.timeout_keep_alive_task is not None:
            return
        elif self.loop.time() - self._head_began > HEAD_S:
            self._refuse(408, "Request Timeout", "no request came in time")

    def _look_at_body(self) -> None:
        is_slow = self._body_bytes < BODY_BYTES_PER_LOOK and not self.flow.read_paused
        self._slow_looks = self._slow_looks + 1 if is_slow else 0
        self._body_bytes = 0
        if self._slow_looks >= MAX_SLOW_LOOKS:
            self._refuse(408, "Request Timeout", "the body did not come in time")

    def _is_unread(self) -> bool:
        unread = self.transport.get_write_buffer_size()
        is_still = unread > 0 and unread == self._unread_bytes
        self._still_looks = self._still_looks + 1 if is_still else 0
        self._unread_bytes = unread
        return self._still_looks >= MAX_STILL_LOOKS

    def _refuse(self, status: int, phrase: str, detail: str) -> None:
        """Say so, where nothing was answered yet, and end the connection."""
        if self.transport.is_closing():
            return
        served = self._served
        is_answering = served is not None and served.response_started
        if served is not None and served.response_complete:
            is_answering = not self._is_in_head  # what it goes on sending was answered already
        if not is_answering:
            body = b'{"detail": "%s"}' % detail.encode()
            head = (
                f"HTTP/1.1 {status} {phrase}\r\ncontent-type: application/json\r\n"
                f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
            )
            self.transport.write(head.encode() + body)
        self.transport.close()
        self._end_served()

    def _leave(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._address is not None:
            self._guests.went(self._address)
            self._address = None
