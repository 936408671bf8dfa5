"""One layer in front of everything: Dash's own guards nothing of /api, /ws or /docs.

* A foreign Origin is refused, before the upgrade for WebSockets: a page of another site must not
  read or steer trainings through the visitor's browser.
* On a loopback address without a token, the Host must be a loopback name or an IP address: a
  name that an attacker points at 127.0.0.1 (DNS rebinding) is refused.
* With a token, every request must carry it: `Authorization: Bearer …`, the cookie that the page's
  `?token=…` sets, or `?token=…` itself.
* Bodies are bounded.
"""

import hmac
import json
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from heimdall_dash.api.refusals import Refused
from heimdall_dash.live.routes import NOT_ALLOWED

MAX_BODY_BYTES = 16 * 2**20
TOO_LARGE = f"a body may have {MAX_BODY_BYTES} bytes at most"
COOKIE = "heimdall_token"

PLEASE = "a token is required: open the page once with ?token=…, or send Authorization: Bearer …"


class Security:
    def __init__(self, app: ASGIApp, *, token: str | None, is_loopback: bool) -> None:
        self._app, self._token, self._is_loopback = app, token, is_loopback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif problem := self._refusal(scope):
            await _refuse(scope, send, *problem)
        elif not self._has_token(scope):
            await self._ask_for_token(scope, receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        host, origin = _header(scope, b"host"), _header(scope, b"origin")
        if self._is_loopback and not self._token and not _is_literal(host):
            return 403, (
                f"the Host {host!r} is not a loopback name; set HEIMDALL_TOKEN to serve under "
                "a name of your own"
            )
        if origin and urlsplit(origin).netloc.lower() != host.lower():
            is_read = scope["type"] == "http" and scope["method"] in {"GET", "HEAD", "OPTIONS"}
            if scope["type"] == "websocket" or not is_read:
                return 403, f"the Origin {origin!r} is not this server's ({host})"
        return None

    def _has_token(self, scope: Scope) -> bool:
        if not self._token:
            return True
        return any(hmac.compare_digest(shown, self._token.encode()) for shown in _shown(scope))

    async def _ask_for_token(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            # Accepted and closed with 4501, since a browser cannot see why an upgrade failed.
            await self._app({**scope, NOT_ALLOWED: True}, receive, send)
        else:
            await _refuse(scope, send, 401, PLEASE, [(b"www-authenticate", b"Bearer")])

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._token and b"token=" in scope["query_string"] and scope["path"] == "/":
            await _remember(scope, send, self._token)
            return
        if scope["method"] == "HEAD":  # as GET, without the body
            scope, send = {**scope, "method": "GET"}, _without_body(send)
        length = _header(scope, b"content-length")
        if length.isdigit() and int(length) > MAX_BODY_BYTES:
            await _refuse(scope, send, 413, TOO_LARGE)
            return
        await self._app(scope, _bounded(receive), _with_headers(send))


def _bounded(receive: Receive) -> Receive:
    """Ends a body without a length that grows too large."""
    taken = 0

    async def bounded() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > MAX_BODY_BYTES:
            raise Refused(413, TOO_LARGE)
        return message

    return bounded


def _without_body(send: Send) -> Send:
    async def without_body(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return without_body


def _with_headers(send: Send) -> Send:
    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [
                *message["headers"],
                (b"x-content-type-options", b"nosniff"),
                (b"x-frame-options", b"SAMEORIGIN"),
                (b"referrer-policy", b"same-origin"),
            ]
        await send(message)

    return with_headers


def _shown(scope: Scope) -> Iterable[bytes]:
    """Every token that the request carries."""
    scheme, _, bearer = _header(scope, b"authorization").partition(" ")
    if scheme.lower() == "bearer":
        yield bearer.strip().encode()
    try:
        cookie = SimpleCookie(_header(scope, b"cookie")).get(COOKIE)
        if cookie:
            yield cookie.value.encode()
    except CookieError:
        pass
    for token in parse_qs(scope["query_string"].decode("latin-1")).get("token", []):
        yield token.encode()


async def _remember(scope: Scope, send: Send, token: str) -> None:
    """Keep the token in a cookie that scripts cannot read, and take it out of the address."""
    query = parse_qs(scope["query_string"].decode("latin-1"))
    query.pop("token", None)
    rest = urlencode(query, doseq=True)
    cookie: SimpleCookie = SimpleCookie()
    cookie[COOKIE] = token
    cookie[COOKIE]["path"], cookie[COOKIE]["samesite"] = "/", "Strict"
    cookie[COOKIE]["httponly"] = True
    if scope.get("scheme") == "https":
        cookie[COOKIE]["secure"] = True
    headers = [
        (b"location", ("/" + (f"?{rest}" if rest else "")).encode()),
        (b"set-cookie", cookie[COOKIE].OutputString().encode()),
    ]
    await send({"type": "http.response.start", "status": 303, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def _refuse(
    scope: Scope, send: Send, code: int, detail: str, headers: list[Any] | None = None
) -> None:
    body = json.dumps({"detail": detail}).encode()
    head = [(b"content-type", b"application/json"), *(headers or [])]
    if scope["type"] == "websocket":
        if "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008})
            return
        kind = "websocket.http.response"
    else:
        kind = "http.response"
    head.append((b"content-length", str(len(body)).encode()))
    await send({"type": f"{kind}.start", "status": code, "headers": head})
    await send({"type": f"{kind}.body", "body": body})


def _header(scope: Scope, name: bytes) -> str:
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value).decode("latin-1")
    return ""


def _is_literal(host: str) -> bool:
    """Whether a Host header names an address or localhost, which nobody can re-point."""
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    name = name.strip("[]").lower()
    if name in {"", "localhost"} or name.endswith(".localhost"):
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
