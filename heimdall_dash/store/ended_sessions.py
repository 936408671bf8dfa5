"""Sessions that were signed out of, in the store: every web process refuses them, until they would
have ended by themselves."""

from typing import Any

from heimdall_dash.store.keys import ENDED_SESSIONS
from heimdall_dash.store.store import Store


class EndedSessions:
    """Every call raises StoreUnavailable."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, session: str, age_s: float) -> None:
        """age_s: for how long it could be used at most."""
        now_s = self._store.now().timestamp()

        def write(client: Any) -> None:
            client.zremrangebyscore(ENDED_SESSIONS, "-inf", now_s)
            client.zadd(ENDED_SESSIONS, {session: now_s + age_s})

        self._store.call(write)

    def has(self, session: str) -> bool:
        return self._store.call(lambda client: client.zscore(ENDED_SESSIONS, session)) is not None
