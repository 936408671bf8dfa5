"""Addresses, paths and secrets from the environment: checked once, and told as they must be."""

import re
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

PREFIX = "heimdall.prefix"  # in a request's scope: path of the page, with a slash at its end
STORES = {"redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel"}


def words(text: str) -> list[str]:
    """What commas or spaces divide."""
    return text.replace(",", " ").split()


def checked_token(token: str) -> str:
    """Without blanks around it, which no header can carry; raises ValueError."""
    token = token.strip()
    if not token:
        raise ValueError("must not be made of blanks alone")
    if not (token.isascii() and token.isprintable()):
        raise ValueError("must be printable ASCII, since it travels in HTTP headers")
    return token


def checked_store_url(url: str) -> str:
    """Raises ValueError, without what stands in it: there may be a password."""
    url = url.strip()
    expected = "expected redis://[user:password@]host[:port][/0]"
    scheme, _, rest = url.partition("://")
    if scheme.lower() not in STORES or not rest:
        raise ValueError(f"{expected}, or rediss://, unix://, redis+sentinel://")
    if "sentinel" in scheme or scheme.lower() == "unix":
        return url
    try:
        parts = urlsplit(url)
        is_whole = bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise ValueError(f"{expected}: its host or port is none") from error
    if not is_whole or not re.fullmatch(r"/?[0-9]{0,5}", parts.path):
        raise ValueError(expected)
    return url


def checked_prefix(prefix: str) -> str:
    """`/heimdall/`: with a slash at either end; raises ValueError."""
    path = "/".join(["", *(part for part in prefix.strip().split("/") if part), ""])
    if not re.fullmatch(r"(/[A-Za-z0-9_.~@-]+)*/", path) or "/../" in path or "/./" in path:
        raise ValueError(f"expected a path such as /heimdall/, got {prefix!r:.100}")
    return path


def as_origin(text: str) -> str:
    """`https://host[:port]` as browsers send it; raises ValueError."""
    parts = urlsplit(text.strip().rstrip("/"))
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query:
        raise ValueError(f"an origin is such as https://example.org, got {text.strip()!r:.100}")
    port = parts.port
    is_usual = port is None or port == {"http": 80, "https": 443}[parts.scheme]
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + ("" if is_usual else f":{port}")


def checked_network(text: str) -> str:
    """An address or a network of proxies, or `*` for all; raises ValueError."""
    return text if text == "*" else str(ip_network(text, strict=False)).removesuffix("/32")


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def page_of(scope: Mapping[str, Any]) -> str:
    """Path of the page as the browser sees it, with a slash at its end."""
    return str(scope.get(PREFIX, "/"))
