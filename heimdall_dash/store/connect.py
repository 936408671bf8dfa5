"""Clients of the store: one server, also where a Sentinel names it, or a cluster; which of these it
is, the server tells."""

import importlib.resources
from collections.abc import Callable
from typing import Any

import redis
import redis.asyncio
from redis.asyncio.cluster import RedisCluster as AsyncRedisCluster
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import ExponentialWithJitterBackoff
from redis.cluster import RedisCluster
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.retry import Retry

from heimdall_dash.errors import StartupRefused, StoreUnavailable
from heimdall_dash.store.sentinel import is_watched, watched

Url = str | Callable[[], str]  # called before each new connection: the embedded store may move

SOCKET_TIMEOUT_S = 5.0
UNAVAILABLE = (OSError, RedisError, TimeoutError)

_OPTIONS: dict[str, Any] = {
    "decode_responses": True,
    "encoding_errors": "replace",  # one bad byte of one job must not fail the whole reply
    "socket_timeout": SOCKET_TIMEOUT_S,
    "socket_connect_timeout": SOCKET_TIMEOUT_S,
}


def address(url: Url) -> str:
    """Where the store is now; raises StoreUnavailable when nobody can say."""
    if isinstance(url, str):
        return url
    try:
        return url()
    except StartupRefused as error:
        raise StoreUnavailable(str(error)) from error


def checked(url: str) -> str:
    """The same, once it is clear that a client can be made of it; raises StartupRefused."""
    try:
        if is_watched(url):
            watched(url)
        else:
            redis.Redis.from_url(url).connection_pool.make_connection()  # connects to nothing yet
    except (TypeError, ValueError, RedisError) as error:
        raise StartupRefused(f"REDIS_URL: {error}") from error
    return url


def script(name: str) -> str:
    """Text of `lua/<name>.lua`."""
    folder = importlib.resources.files("heimdall_dash.store") / "lua"
    return (folder / f"{name}.lua").read_text()


def connect(url: str, *, decode: bool = True) -> "redis.Redis | RedisCluster":
    """A client for threads. Raises redis' ConnectionError when nothing answers at `url`.

    decode: replies as texts, else as bytes
    """
    options = {**_OPTIONS, "decode_responses": decode}
    if is_watched(url):
        return watched(url).client(retry=_retry(Retry), **options)
    client = redis.Redis.from_url(url, retry=_retry(Retry), **options)
    try:
        if not is_cluster(client):
            return client
    except BaseException:
        client.close()
        raise
    client.close()
    return RedisCluster.from_url(url, **options)


def disconnect(client: "redis.Redis | RedisCluster") -> None:
    """Close every connection; a cluster's client leaves those to its nodes open by itself."""
    nodes = client.get_nodes() if isinstance(client, RedisCluster) else []
    client.close()
    for node in nodes:
        if node.redis_connection is not None:
            node.redis_connection.connection_pool.disconnect()


async def connect_async(url: str) -> "redis.asyncio.Redis | AsyncRedisCluster":
    """The same for an event loop."""
    if is_watched(url):
        return watched(url).async_client(retry=_retry(AsyncRetry), **_OPTIONS)
    client = redis.asyncio.Redis.from_url(url, retry=_retry(AsyncRetry), **_OPTIONS)
    try:
        if not _is_cluster(await client.info("cluster")):
            return client
    except BaseException:
        await client.aclose()
        raise
    await client.aclose()
    cluster = AsyncRedisCluster.from_url(url, **_OPTIONS)
    await cluster.initialize()
    return cluster


def connect_bytes(url: str, answer_within_s: float | None = None) -> redis.Redis:
    """A client that leaves replies as bytes, as the job queue's library wants it.

    answer_within_s: None waits for ever, as a queue's reader must.
    """
    options: dict[str, Any] = {
        "socket_connect_timeout": SOCKET_TIMEOUT_S, "socket_timeout": answer_within_s,
        "retry": _retry(Retry), "health_check_interval": 30,
    }  # fmt: skip
    if is_watched(url):
        return watched(url).client(**options)
    return redis.Redis.from_url(url, **options)


def is_cluster(client: redis.Redis) -> bool:
    return _is_cluster(client.info("cluster"))


def _is_cluster(reply: Any) -> bool:
    return bool(reply.get("cluster_enabled"))


def _retry(kind: Any) -> Any:
    # One quick second try: scripts are idempotent, longer outages are the callers' business.
    return kind(
        ExponentialWithJitterBackoff(base=0.02, cap=0.2),
        1,
        supported_errors=(RedisConnectionError, ConnectionError),
    )
