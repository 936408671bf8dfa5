"""A request as ASGI hands it over: its headers, and short answers to it."""

import json
from typing import Any

from starlette.types import Scope, Send

Headers = list[tuple[bytes, bytes]]


def header(scope: Scope, name: bytes) -> str:
    """The first header of this name, as text; empty where there is none."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value).decode("latin-1")
    return ""


def is_reading(scope: Scope) -> bool:
    """Whether the request, by its method, changes nothing."""
    return scope["type"] == "http" and scope["method"] in {"GET", "HEAD", "OPTIONS"}


async def refuse(
    scope: Scope, send: Send, code: int, detail: str, headers: Headers | None = None
) -> None:
    """As JSON, like every refusal of the API."""
    body = json.dumps({"detail": detail}).encode()
    await answer(scope, send, code, body, b"application/json", headers)


async def answer(
    scope: Scope,
    send: Send,
    code: int,
    body: bytes,
    media_type: bytes,
    headers: Headers | None = None,
) -> None:
    head: list[Any] = [(b"content-type", media_type), *(headers or [])]
    kind = "http.response"
    if scope["type"] == "websocket":
        if "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008})
            return
        kind = "websocket.http.response"
    head.append((b"content-length", str(len(body)).encode()))
    await send({"type": f"{kind}.start", "status": code, "headers": head})
    await send({"type": f"{kind}.body", "body": body})


async def redirect(scope: Scope, send: Send, place: str, headers: Headers | None = None) -> None:
    """303: what was asked for is to be got at `place`, below the page's path on this server.

    Told from where the request is, for some proxies (JupyterHub's) put their path before each
    location that begins with a slash, and others do not. Parts of the place come from outside: no
    other line may begin in it, nor another host's name.
    """
    below = place.encode("ascii", "ignore").translate(None, bytes(range(33))).lstrip(b"/\\")
    path = scope.get("raw_path") or scope["path"].encode()
    location = b"./" + b"../" * (path.partition(b"?")[0].count(b"/") - 1) + below
    head = [(b"location", location), (b"content-length", b"0"), *(headers or [])]
    await send({"type": "http.response.start", "status": 303, "headers": head})
    await send({"type": "http.response.body", "body": b""})
