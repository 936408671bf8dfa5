"""Which sessions were signed out of: asked of the store, so that a copied cookie opens nothing in
any web process.

While the store is away this process goes by what it knows itself: an outage signs nobody out, and
shows nobody anything that the store holds.
"""

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from starlette.types import Message, Send
from starlette.websockets import WebSocketDisconnect

from heimdall_dash.errors import StoreUnavailable
from heimdall_dash.frames import CloseCode

log = logging.getLogger(__name__)

PATIENCE_S = 1.0  # for the store's answer
AWAY_S = 5.0  # after it gave none, it is not asked
SOCKET_S = 2.0  # how old an answer may be for a socket that is open
MOST_KNOWN = 10_000


class Kept(Protocol):
    """Where ended sessions are kept; raises StoreUnavailable."""

    def add(self, session: str, age_s: float) -> None: ...
    def has(self, session: str) -> bool: ...


class Ended:
    """Of one web process."""

    def __init__(self, kept: Kept, age_s: float) -> None:
        """age_s: of a session, at most."""
        self._kept, self._age_s = kept, age_s
        self._ended: set[str] = set()  # as far as this process knows
        self._untold: set[str] = set()  # that the store has not heard of
        self._asked: dict[str, float] = {}  # when the store knew a session to live
        self._away_until = 0.0
        # Two threads: a store that hangs must not take those that others wait for.
        self._threads = ThreadPoolExecutor(2, "sessions")

    async def end(self, session: str) -> None:
        self._ended.add(session)
        self._untold.add(session)
        await self._told(session)

    async def has(self, session: str, within_s: float = 0.0) -> bool:
        """within_s: how old an answer may be."""
        if session in self._ended:
            return True
        if time.monotonic() - self._asked.get(session, float("-inf")) < within_s:
            return False
        return await self._told(session)

    def guarded(self, session: str, send: Send) -> Send:
        """Of a socket: ends it when its session ends."""

        async def checked(message: Message) -> None:
            if message["type"] == "websocket.send" and await self.has(session, SOCKET_S):
                code = CloseCode.NOT_ALLOWED
                await send({"type": "websocket.close", "code": code, "reason": "signed out"})
                raise WebSocketDisconnect(code)
            await send(message)

        return checked

    async def _told(self, session: str) -> bool:
        """What the store says of it, after it was told what it does not know."""
        if time.monotonic() < self._away_until:
            return session in self._ended
        try:
            async with asyncio.timeout(PATIENCE_S):
                loop = asyncio.get_running_loop()
                has_ended = await loop.run_in_executor(self._threads, self._ask, session)
        except (StoreUnavailable, TimeoutError):
            self._away_until = time.monotonic() + AWAY_S
            log.debug("The store does not say which sessions have ended")
            return session in self._ended
        if len(self._asked) > MOST_KNOWN:
            self._asked.clear()
        if has_ended:
            self._ended.add(session)
        else:
            self._asked[session] = time.monotonic()
        return has_ended

    def _ask(self, session: str) -> bool:
        for untold in list(self._untold):
            self._kept.add(untold, self._age_s)
            self._untold.discard(untold)
        return self._kept.has(session)
