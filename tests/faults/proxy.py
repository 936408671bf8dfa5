"""A TCP proxy on loopback whose link can be cut, stalled and slowed."""

import asyncio
import contextlib
import threading

from tests.servers import free_port


class Proxy:
    """Listens on `port` and forwards to `target_port`, both on 127.0.0.1."""

    def __init__(self, target_port: int) -> None:
        self.port, self._target_port = free_port(), target_port
        self._is_cut, self._delay_s = False, 0.0
        self._stalled: asyncio.Event
        self._pairs: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._is_ready = threading.Event()

    def __enter__(self) -> "Proxy":
        self._thread.start()
        assert self._is_ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._main.cancel)
        self._thread.join(10)

    def cut(self) -> None:
        """Reset every connection and refuse new ones."""
        self._is_cut = True
        self._loop.call_soon_threadsafe(self._reset)

    def stall(self) -> None:
        """Keep the connections and let nothing through: a cable that was pulled."""
        self._loop.call_soon_threadsafe(self._stalled.clear)

    def slow(self, delay_s: float) -> None:
        """Hold each block of bytes back for this long."""
        self._delay_s = delay_s

    def mend(self) -> None:
        self._is_cut, self._delay_s = False, 0.0
        self._loop.call_soon_threadsafe(self._stalled.set)

    # -- the loop ----------------------------------------------------------------------------

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._main = self._loop.create_task(self._serve())
        with contextlib.suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._main)
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.05))
        self._loop.close()

    async def _serve(self) -> None:
        self._stalled = asyncio.Event()
        self._stalled.set()
        server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self._is_ready.set()
        async with server:
            try:
                await server.serve_forever()
            finally:
                self._reset()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.transport.abort()
            return
        self._pairs |= {writer, far_writer}
        try:
            await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            for side in (writer, far_writer):
                side.transport.abort()
                self._pairs.discard(side)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while block := await reader.read(65536):
            await self._stalled.wait()
            if self._delay_s:
                await asyncio.sleep(self._delay_s)
            writer.write(block)
            await writer.drain()
        raise ConnectionResetError

    def _reset(self) -> None:
        for writer in list(self._pairs):
            writer.transport.abort()
