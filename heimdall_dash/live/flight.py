"""One frame in flight: what a framed connection sends is acknowledged before anything else goes.

The page's WebSocket component keeps only the newest message, so two under way would be one lost;
that is why heartbeats, too, are only sent while nothing is in flight.
"""

import asyncio
from collections.abc import Callable

from heimdall_dash.frames import CloseCode, Said, heartbeat_frame
from heimdall_dash.live.socket import Closed, Socket

HEARTBEAT_S = 4.0
ACK_TIMEOUT_S = 30.0


class Flight:
    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._awaited: str | int | None = None
        self._acked = asyncio.Event()
        self._quiet_since = float("-inf")  # since then nothing was sent
        self.interval_s = 0.0  # the least time between frames, as the client wishes

    @property
    def is_busy(self) -> bool:
        """Whether a frame is under way: the client may or may not have drawn it."""
        return self._awaited is not None

    async def listen(self, wish: Callable[[Said], None] | None = None) -> None:
        """Hear the client's acknowledgements and wishes, for ever. wish: hears all that it says,
        while what it acknowledges with it still counts as under way."""
        while True:
            said = await self._socket.said()
            if said is None:
                continue
            if wish is not None:
                wish(said)
            if said.interval_ms is not None:
                self.interval_s = said.interval_ms / 1000
            if said.ack is not None and said.ack == self._awaited:
                self._awaited = None
                self._acked.set()

    async def deliver(self, frame: bytes, cursor: str | int) -> None:
        """Send and wait until `cursor` was acknowledged; raises Closed when it is not in time."""
        self._acked.clear()
        self._awaited = cursor
        self._quiet_since = asyncio.get_running_loop().time()
        await self._socket.send(frame)
        try:
            async with asyncio.timeout(ACK_TIMEOUT_S):
                await self._acked.wait()
        except TimeoutError as error:
            raise Closed(CloseCode.TOO_SLOW, "a frame was not acknowledged in time") from error

    async def wait(
        self, wake: asyncio.Event, cursor: str | int, within_s: float = float("inf")
    ) -> None:
        """Until woken, or `within_s` are over, or a heartbeat was due."""
        clock = asyncio.get_running_loop().time
        until = clock() + within_s
        beat_at = max(self._quiet_since, clock() - HEARTBEAT_S) + HEARTBEAT_S
        try:
            async with asyncio.timeout_at(min(until, beat_at)):
                await wake.wait()
        except TimeoutError:
            if clock() >= beat_at:
                self._quiet_since = clock()
                await self._socket.send(heartbeat_frame(cursor))

    async def pause(self, began: float, cursor: str | int) -> None:
        """Keep the least time between frames, with heartbeats while it lasts."""
        clock = asyncio.get_running_loop().time
        while (left := began + self.interval_s - clock()) > 0:
            await asyncio.sleep(min(left, HEARTBEAT_S))
            if left > HEARTBEAT_S:
                await self._socket.send(heartbeat_frame(cursor))
