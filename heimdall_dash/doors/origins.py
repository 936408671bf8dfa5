"""Whose page a request comes from: the Host that was asked, the Origin that asks."""

from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.types import Scope

from heimdall_dash.doors.scopes import header, is_reading


def origin_problem(scope: Scope, origins: Iterable[str]) -> str | None:
    """What is wrong with the Origin, where there is one: a page of another site must not read or
    steer trainings through its visitor's browser.

    origins: further ones that may connect, `https://host` each
    """
    origin, host = header(scope, b"origin"), header(scope, b"host")
    if not origin or is_reading(scope):
        return None
    if origin.lower() in origins or (host and _place(origin) == host.lower()):
        return None
    return (
        f"the Origin {origin[:200]!r} is not this server's ({host[:200]}); where a proxy rewrites "
        "Host, set HEIMDALL_ORIGINS"
    )


def _place(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:  # `http://[` is no address
        return None


def is_literal(host: str) -> bool:
    """Whether a Host header names an address or localhost, which nobody can re-point (DNS
    rebinding)."""
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    name = name.strip("[]").lower()
    if name in {"", "localhost"} or name.endswith(".localhost"):
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
