"""Signs of life beside those of the jobs: the workers', and that the store takes writes."""

from datetime import datetime, timedelta

from heimdall_dash.store.connect import script
from heimdall_dash.store.keys import PROBE, WORKERS
from heimdall_dash.store.store import Store

SILENT_AFTER = timedelta(seconds=15)
_BEAT = script("worker")


class Workers:
    """Every call raises StoreUnavailable."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def beat(self, name: str) -> None:
        """Worker `name` lives."""
        self._store.call(lambda client: client.eval(_BEAT, 1, WORKERS, name))

    def forget(self, name: str) -> None:
        """Worker `name` has ended."""
        self._store.call(lambda client: client.zrem(WORKERS, name))

    def alive(self, now: datetime) -> list[str]:
        """Names of those that gave a sign of life a moment ago; now: by the store's clock."""
        since_ms = int((now - SILENT_AFTER).timestamp() * 1000)
        return self._store.call(lambda client: client.zrangebyscore(WORKERS, since_ms, "+inf"))


def check_writes(store: Store) -> None:
    """Raises StoreUnavailable when the store does not answer, or answers and is full."""
    store.call(lambda client: client.set(PROBE, "1", ex=60))
