"""A browser's session: a signed cookie that says which token was shown, and is not the token.

The key comes from the tokens, so that every web process reads every other one's cookies, and a new
token ends all sessions. Nothing is kept here; each session has a name of its own, by which it can
be ended for all who have copied its cookie.
"""

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.types import Scope

from heimdall_dash.doors.scopes import header
from heimdall_dash.roles import Role

AGE_S = 30 * 24 * 3600
NAME_BYTES = 16


@dataclass(frozen=True)
class Session:
    name: str
    role: Role


class Sessions:
    def __init__(self, tokens: dict[Role, str], port: int, prefix: str) -> None:
        """prefix: path of the page, with a slash at its end. The cookie is named by port and
        path, so that two dashboards on one host do not sign each other out."""
        self._path = prefix
        place = hashlib.sha256(prefix.encode()).hexdigest()[:8]
        self.cookie = f"heimdall_{port}" + ("" if prefix == "/" else f"_{place}")
        self._signers = {
            role: URLSafeTimedSerializer(
                hashlib.sha256(b"heimdall session\0" + token.encode()).hexdigest(),
                salt=f"{self.cookie} {role}",
                signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
            )
            for role, token in tokens.items()
        }

    def shown(self, scope: Scope) -> Session | None:
        """The session that the request shows; None: it shows none that is valid."""
        for shown in _cookies(scope, self.cookie):
            for role, signer in self._signers.items():
                try:
                    name = signer.loads(shown, max_age=AGE_S)
                except BadSignature:
                    continue
                if (
                    isinstance(name, str) and len(name) > NAME_BYTES
                ):  # others are an older version's
                    return Session(name, role)
        return None

    def begun(self, scope: Scope, role: Role) -> tuple[bytes, bytes]:
        """The header that begins a session."""
        name = secrets.token_urlsafe(NAME_BYTES)
        return self._header(scope, str(self._signers[role].dumps(name)), AGE_S)

    def ended(self, scope: Scope) -> tuple[bytes, bytes]:
        return self._header(scope, "", 0)

    def _header(self, scope: Scope, value: str, age_s: int) -> tuple[bytes, bytes]:
        cookie: SimpleCookie = SimpleCookie()
        cookie[self.cookie] = value
        morsel = cookie[self.cookie]
        morsel["path"], morsel["max-age"] = self._path, age_s
        # A link in a chat opens the page; nothing foreign can act, for that asks for our Origin.
        morsel["samesite"], morsel["httponly"] = "Lax", True
        if scope.get("scheme") in {"https", "wss"}:
            morsel["secure"] = True
        return b"set-cookie", morsel.OutputString().encode()


def _cookies(scope: Scope, name: str) -> Iterator[str]:
    try:
        found = SimpleCookie(header(scope, b"cookie")).get(name)
    except CookieError:
        return
    if found is not None:
        yield found.value
