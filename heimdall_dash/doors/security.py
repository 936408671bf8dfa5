"""One layer in front of everything: Dash's own guards nothing of /api, /ws or /docs.

* A foreign Origin is refused, before the upgrade for WebSockets.
* On a loopback address without a token, the Host must be a loopback name or an IP address.
* With a token, every request shows it (`Authorization: Bearer …`), or the session that the login
  page began and nobody has signed out of. A token in an address is exchanged for one at once.
* Who has the reading token alone changes nothing.
* Bodies are bounded, and every answer tells the browser what it may load.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from hmac import compare_digest

from starlette.types import ASGIApp, Receive, Scope, Send

from heimdall_dash.doors.addresses import page_path, without_token
from heimdall_dash.doors.attempts import RETRY_AFTER_S, Attempts
from heimdall_dash.doors.bodies import MAX_BODY_BYTES, TOO_LARGE, bounded
from heimdall_dash.doors.ended import Ended, Kept
from heimdall_dash.doors.headers import OPEN_FILES, with_headers
from heimdall_dash.doors.login import LOGIN, LOGOUT, asked_for, login_page, posted
from heimdall_dash.doors.origins import is_literal, origin_problem
from heimdall_dash.doors.scopes import answer, header, is_reading, redirect, refuse
from heimdall_dash.doors.sessions import AGE_S, Session, Sessions
from heimdall_dash.live.routes import NOT_ALLOWED
from heimdall_dash.roles import READS_ALONE, Role, set_role

PLEASE = (
    "a token is required: open the page and sign in, or send Authorization: Bearer … (a token in "
    "the address serves to open a page, not here)"
)
TOO_MANY = "too many wrong tokens came from this address; try again later"
CONTROLS = re.compile(r"[\x00-\x1f\x7f]")  # no name of ours, and no file, has any
DOORS = {LOGIN: ("GET", "HEAD", "POST"), LOGOUT: ("POST",)}  # and how they are opened
CALLBACKS = "/_dash-update-component"


@dataclass(frozen=True)
class Doors:
    """What the settings say of who may come in."""

    port: int = 8001
    is_loopback: bool = True
    tokens: dict[Role, str] = field(default_factory=dict)  # empty: everybody who reaches it
    prefix: str = "/"  # path of the page, with a slash at its end
    origins: frozenset[str] = frozenset()  # further ones that may connect


class Security:
    def __init__(
        self, app: ASGIApp, *, doors: Doors, policy: Callable[[], bytes], kept: Kept
    ) -> None:
        """policy: the page's Content-Security-Policy; kept: where ended sessions are."""
        self._app, self._doors, self._policy = app, doors, policy
        self._ended = Ended(kept, AGE_S)
        self._sessions = Sessions(doors.tokens, doors.port, doors.prefix)
        self._attempts = Attempts()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        scope = page_path(scope, self._doors.prefix)
        if scope["type"] == "http":
            needs_token = bool(self._doors.tokens)
            send = with_headers(scope, send, self._policy, needs_token=needs_token)
            if scope["method"] == "HEAD":  # as GET; the server leaves the body out
                scope = {**scope, "method": "GET"}
        if problem := self._problem(scope):
            await refuse(scope, send, *problem)
        elif (
            self._doors.tokens
            and scope["type"] == "http"
            and await self._at_the_door(scope, receive, send)
        ):
            return
        else:
            await self._enter(scope, receive, send)

    def _problem(self, scope: Scope) -> tuple[int, str] | None:
        host = header(scope, b"host")
        if CONTROLS.search(scope["path"]):
            return 404, "no such path: it holds control characters"
        if self._doors.is_loopback and not self._doors.tokens and not is_literal(host):
            return 403, (
                f"the Host {host[:200]!r} is not a loopback name; set HEIMDALL_TOKEN to serve "
                "under a name of your own"
            )
        if problem := origin_problem(scope, self._doors.origins):
            return 403, problem
        return None

    async def _at_the_door(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Signing in and out, and tokens in addresses; whether that was what was asked for."""
        path, prefix = scope["path"], self._doors.prefix
        if (methods := DOORS.get(path)) and scope["method"] not in methods:
            told = f"{scope['method']} is not allowed here"
            await refuse(scope, send, 405, told, [(b"allow", ", ".join(methods).encode())])
        elif path == LOGOUT and scope["method"] == "POST":
            if session := self._sessions.shown(scope):
                await self._ended.end(session.name)
            await redirect(scope, send, LOGIN, [self._sessions.ended(scope)])
        elif path == LOGIN and scope["method"] == "POST":
            shown, then = await posted(receive)
            await self._exchange(scope, send, [shown], then)
        elif path == LOGIN:
            if await self._session(scope):
                await redirect(scope, send, "")
            else:
                await answer(scope, send, 200, login_page(prefix, ""), b"text/html; charset=utf-8")
        elif is_reading(scope) and b"token=" in scope["query_string"]:
            rest, tokens = without_token(scope)
            if not tokens:
                return False
            await self._exchange(scope, send, tokens, rest)
        else:
            return False
        return True

    async def _exchange(self, scope: Scope, send: Send, shown: list[str], then: str) -> None:
        """Begin a session for a token, and lead on to `then`, which holds none."""
        role = await self._of_tokens(scope, [one.encode() for one in shown])
        if isinstance(role, Role):
            await redirect(scope, send, then, [self._sessions.begun(scope, role)])
        elif is_reading(scope) and not asked_for(scope):
            await self._ask(scope, send, role)
        else:
            told = TOO_MANY if role == 429 else "That is not the token."
            page = login_page(self._doors.prefix, then, told)
            await answer(scope, send, role, page, b"text/html; charset=utf-8")

    async def _enter(self, scope: Scope, receive: Receive, send: Send) -> None:
        role, session = await self._role(scope)
        if not isinstance(role, Role):
            if scope["type"] == "websocket":
                # Accepted and closed with 4501: a browser cannot see why an upgrade failed.
                await self._app({**scope, NOT_ALLOWED: True}, receive, send)
            else:
                await self._ask(scope, send, role)
            return
        set_role(role)
        if scope["type"] != "http":
            if session is not None:
                send = self._ended.guarded(session.name, send)
            await self._app(scope, receive, send)
        elif role is Role.READ and not is_reading(scope) and scope["path"] != CALLBACKS:
            await refuse(scope, send, 403, READS_ALONE)
        else:
            await self._serve({**scope, "heimdall.role": role}, receive, send)

    async def _role(self, scope: Scope) -> tuple[Role | int, Session | None]:
        """What who asks may do, or the status of the refusal: 401, 429; and their session."""
        if not self._doors.tokens:
            return Role.ALL, None
        scheme, _, bearer = header(scope, b"authorization").partition(" ")
        if scheme.lower() == "bearer" and bearer.strip():
            return await self._of_tokens(scope, [bearer.strip().encode("latin-1")]), None
        session = await self._session(scope)
        return (session.role if session else 401), session

    async def _session(self, scope: Scope) -> Session | None:
        """What the request shows and nobody has ended. Files of the program, which are the same for
        everybody, are not worth a question."""
        session = self._sessions.shown(scope)
        if session is None or scope["path"].startswith(OPEN_FILES):
            return session
        return None if await self._ended.has(session.name) else session

    async def _of_tokens(self, scope: Scope, shown: list[bytes]) -> Role | int:
        client = (*(scope.get("client") or ("", 0)),)
        if all(map(self._attempts.is_known, shown)):
            return 401
        if not await self._attempts.may_try(client):
            return 429
        for role, token in self._doors.tokens.items():
            if any(compare_digest(one, token.encode()) for one in shown):
                self._attempts.was_right(client)
                return role
        for one in shown:
            self._attempts.was_wrong(client, one)
        return 401

    async def _ask(self, scope: Scope, send: Send, code: int) -> None:
        if code == 429:
            head = [(b"retry-after", str(RETRY_AFTER_S).encode())]
            await refuse(scope, send, code, TOO_MANY, head)
        elif asked_for(scope):
            query = scope["query_string"].decode("latin-1")
            then = scope["path"].lstrip("/") + (f"?{query}" if query else "")
            page = login_page(self._doors.prefix, then)
            await answer(scope, send, code, page, b"text/html; charset=utf-8")
        else:
            await refuse(scope, send, code, PLEASE, [(b"www-authenticate", b"Bearer")])

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = header(scope, b"content-length")
        if length.isdigit() and int(length) > MAX_BODY_BYTES:
            await refuse(scope, send, 413, TOO_LARGE)
        else:
            await self._app(scope, bounded(receive), send)
