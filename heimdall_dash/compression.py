"""What the server sends is compressed: files that browsers keep for ever more thoroughly than
answers; and what lies beside its file as `.br`, made with more patience than a request has, so.
"""

from functools import partial
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette_compress import CompressMiddleware

ASSETS = Path(__file__).resolve().parent / "assets"
KEPT = ("/browser/", "/assets/", "/_dash-component-suites/")
SMALL_BYTES = 500  # not worth it


class Compression:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._answers = CompressMiddleware(app, minimum_size=SMALL_BYTES)
        # Of the scripts of a first page, 3 MB: 40 ms more than at level 4, and 70 kB less.
        self._kept = CompressMiddleware(
            app, minimum_size=SMALL_BYTES, zstd_level=9, brotli_quality=6, gzip_level=6
        )
        self._pressed = {
            f"/assets/{path.relative_to(ASSETS).with_suffix('').as_posix()}"
            for path in ASSETS.rglob("*.js.br")
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(KEPT):
            await self._answers(scope, receive, send)
        elif scope["path"] in self._pressed and _takes_brotli(scope):
            path = scope["path"] + ".br"
            beside = {**scope, "path": path, "raw_path": path.encode()}
            await self._app(beside, receive, partial(_send_script, send))
        else:
            await self._kept(scope, receive, send)


def _takes_brotli(scope: Scope) -> bool:
    taken = Headers(scope=scope).get("accept-encoding", "").replace(" ", "").split(",")
    return any(one == "br" or one.startswith("br;") for one in taken) and "br;q=0" not in taken


async def _send_script(send: Send, message: Message) -> None:
    if message["type"] == "http.response.start" and message["status"] == 200:
        headers = MutableHeaders(raw=message["headers"])
        headers["content-type"] = "text/javascript; charset=utf-8"
        headers["content-encoding"] = "br"
        headers.add_vary_header("Accept-Encoding")
    await send(message)
