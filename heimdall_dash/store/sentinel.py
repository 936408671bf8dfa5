"""Addresses of stores that a Sentinel watches over: whoever is the master now is asked.

`redis+sentinel://user:password@host:26379,host2:26379/mymaster/0`; `rediss+sentinel` for TLS to the
store, with redis-py's own options behind `?` (`ssl_ca_certs=…`).
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import redis
import redis.asyncio
from redis.asyncio.sentinel import Sentinel as AsyncSentinel
from redis.sentinel import Sentinel

SCHEMES = ("redis+sentinel", "rediss+sentinel")
PORT = 26379
OPTIONS = frozenset({
    "ssl_ca_certs", "ssl_ca_path", "ssl_cert_reqs", "ssl_certfile", "ssl_keyfile",
    "ssl_check_hostname",
})  # fmt: skip


class _Master(redis.Redis):
    """Closes the connections to the Sentinels with its own; redis-py leaves those open."""

    def close(self) -> None:
        super().close()
        for one in self.connection_pool.sentinel_manager.sentinels:  # type: ignore[attr-defined]
            one.close()


class _AsyncMaster(redis.asyncio.Redis):
    """The same for an event loop."""

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        await super().aclose(close_connection_pool)
        for one in self.connection_pool.sentinel_manager.sentinels:  # type: ignore[attr-defined]
            await one.aclose()


@dataclass(frozen=True)
class Watched:
    """service: the name by which the Sentinels know the store."""

    sentinels: list[tuple[str, int]]
    service: str
    options: dict[str, Any]

    def client(self, **options: Any) -> redis.Redis:
        found = Sentinel(self.sentinels, sentinel_kwargs=_timeouts(options))
        client: redis.Redis = found.master_for(
            self.service, redis_class=_Master, **{**options, **self.options}
        )
        return client

    def async_client(self, **options: Any) -> "redis.asyncio.Redis":
        found = AsyncSentinel(self.sentinels, sentinel_kwargs=_timeouts(options))
        client: redis.asyncio.Redis = found.master_for(
            self.service, redis_class=_AsyncMaster, **{**options, **self.options}
        )
        return client


def is_watched(url: str) -> bool:
    return url.partition("://")[0].lower() in SCHEMES


def watched(url: str) -> Watched:
    """Raises ValueError, saying what an address of this kind looks like."""
    parts = urlsplit(url)
    login, _, hosts = parts.netloc.rpartition("@")
    service, _, db = parts.path.strip("/").partition("/")
    if not hosts or not service or not (db or "0").isdecimal():
        raise ValueError(f"expected {parts.scheme}://host:26379,host2:26379/service/0")
    user, _, password = login.partition(":")
    options: dict[str, Any] = {"db": int(db or 0)}
    options |= {"username": unquote(user)} if user else {}
    options |= {"password": unquote(password)} if password else {}
    if parts.scheme == "rediss+sentinel":
        options["ssl"] = True
    for name, value in parse_qsl(parts.query):
        if name not in OPTIONS:
            raise ValueError(f"{name!r} is none of {', '.join(sorted(OPTIONS))}")
        options[name] = value.lower() == "true" if name == "ssl_check_hostname" else value
    return Watched([_place(one) for one in hosts.split(",")], unquote(service), options)


def _place(host: str) -> tuple[str, int]:
    name, _, port = host.rpartition(":") if ":" in host.rpartition("]")[2] else (host, "", "")
    if port and not port.isdecimal():
        raise ValueError(f"expected a host and its port, got {host!r}")
    return name.strip("[]"), int(port or PORT)


def _timeouts(options: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in options.items()
        if name in {"socket_timeout", "socket_connect_timeout"}
    }
