"""One WebSocket, seen from inside: bounded sends, decoded messages, one close.

A send that the peer does not read for `SEND_TIMEOUT_S` ends the connection with 4008: nobody else
waits for a slow reader, and what it has not read costs no memory beyond the socket's buffer.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from starlette.websockets import WebSocket, WebSocketDisconnect

from heimdall_dash.errors import StoreUnavailable
from heimdall_dash.frames import CloseCode, Said, decode_said
from heimdall_dash.turns import Turns

log = logging.getLogger(__name__)

SEND_TIMEOUT_S = 15.0
SLOW_CLOSE_S = 60.0
LARGE_BYTES = 64 * 1024  # compressed in some milliseconds


class Closed(Exception):
    """The connection is to end, or has ended, with this code."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(code, reason)
        self.code, self.reason = code, reason


class Socket:
    def __init__(self, websocket: WebSocket, turns: Turns) -> None:
        self._websocket, self._turns = websocket, turns

    async def send(self, message: bytes) -> None:
        """Send as one text message; raises Closed when the peer is gone or does not read."""
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                if len(message) > LARGE_BYTES:
                    await self._turns.next()
                await self._websocket.send_text(message.decode())
        except TimeoutError as error:
            raise Closed(CloseCode.TOO_SLOW, "messages were not read in time") from error
        except (WebSocketDisconnect, RuntimeError, OSError) as error:
            raise Closed(1006) from error

    async def said(self) -> Said | None:
        """The client's next message; raises Closed when it has gone."""
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise Closed(1006)
        return decode_said(message.get("text") or message.get("bytes") or b"")

    async def close(self, code: int, reason: str) -> None:
        # The word that it was too slow stands behind what a slow reader has not read yet.
        patience_s = SLOW_CLOSE_S if code == CloseCode.TOO_SLOW else 2.0
        try:
            async with asyncio.timeout(patience_s):
                await self._websocket.close(code, reason)
        except (TimeoutError, RuntimeError, OSError, WebSocketDisconnect):
            log.debug("the peer of a closing WebSocket had already gone")


async def run_both(
    socket: Socket,
    listen: Callable[[], Awaitable[None]],
    speak: Callable[[], Awaitable[None]],
) -> None:
    """Run the receiving and the sending half; the first that ends takes the other with it."""
    try:
        async with asyncio.TaskGroup() as halves:
            halves.create_task(_never_returns(listen))
            halves.create_task(_never_returns(speak))
    except* Closed as group:
        closed = _first_closed(group)
        if closed.code != 1006:
            await socket.close(closed.code, closed.reason)
    except* StoreUnavailable:
        await socket.close(CloseCode.STORE_AWAY, "the store does not answer")
    except* Exception as group:
        log.error("a viewer's connection failed", exc_info=group)
        await socket.close(CloseCode.FAILED, "an error on the server's side")


async def _never_returns(half: Callable[[], Awaitable[None]]) -> None:
    await half()
    raise Closed(CloseCode.DONE)


def _first_closed(group: BaseExceptionGroup) -> Closed:
    for error in group.exceptions:
        if isinstance(error, Closed):
            return error
        if isinstance(error, BaseExceptionGroup):
            return _first_closed(error)
    return Closed(1006)
