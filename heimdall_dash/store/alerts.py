"""Alerts in the store: the rules, what was told of which job, and what is still to be sent."""

import json
import secrets
from typing import Any

from heimdall_dash.store.connection import check_role
from heimdall_dash.store.keys import ALERT_OUTBOX, ALERT_OWNER, ALERT_RULES, ALERT_SINCE, JobKeys
from heimdall_dash.store.store import Store

OWNED_MS = 15_000


class AlertStore:
    """Every call raises StoreUnavailable; what changes a rule, which visitors ask for, also
    NotAllowed where who asks may look alone. What cannot be read is passed over."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._token = secrets.token_hex(8)

    # -- rules -----------------------------------------------------------------------------

    def rules(self) -> dict[str, dict[str, Any]]:
        """By name."""
        return _read(self._store.call(lambda client: client.hgetall(ALERT_RULES)))

    def put_rule(self, name: str, rule: dict[str, Any]) -> None:
        check_role()
        text = json.dumps(rule, allow_nan=False)
        self._store.call(lambda client: client.hset(ALERT_RULES, name, text))

    def delete_rule(self, name: str) -> bool:
        """Whether there was one."""
        check_role()
        return bool(self._store.call(lambda client: client.hdel(ALERT_RULES, name)))

    # -- whose turn it is ------------------------------------------------------------------

    def own(self) -> bool:
        """Whether this process is the one that looks, for the next 15 s."""

        def take(client: Any) -> bool:
            if client.set(ALERT_OWNER, self._token, nx=True, px=OWNED_MS):
                return True
            if client.get(ALERT_OWNER) != self._token:
                return False
            return bool(client.pexpire(ALERT_OWNER, OWNED_MS))

        return self._store.call(take)

    def since_ms(self, now_ms: int) -> int:
        """When alerts were first looked for here: what was over before that is no news."""

        def read(client: Any) -> int:
            client.set(ALERT_SINCE, now_ms, nx=True)
            return int(client.get(ALERT_SINCE))

        return self._store.call(read)

    # -- telling ---------------------------------------------------------------------------

    def claim(self, job_id: str, mark: str) -> bool:
        """Whether nobody has told this of the job before; from now on somebody has."""
        return bool(self._store.call(lambda client: client.sadd(JobKeys(job_id).alerted, mark)))

    def was_told(self, job_id: str, mark: str) -> bool:
        key = JobKeys(job_id).alerted
        return bool(self._store.call(lambda client: client.sismember(key, mark)))

    def outbox(self) -> dict[str, dict[str, Any]]:
        return _read(self._store.call(lambda client: client.hgetall(ALERT_OUTBOX)))

    def put_out(self, letter_id: str, letter: dict[str, Any]) -> None:
        text = json.dumps(letter, allow_nan=False)
        self._store.call(lambda client: client.hset(ALERT_OUTBOX, letter_id, text))

    def sent(self, letter_id: str) -> None:
        self._store.call(lambda client: client.hdel(ALERT_OUTBOX, letter_id))


def _read(texts: dict[str, str]) -> dict[str, dict[str, Any]]:
    found = {}
    for name, text in texts.items():
        try:
            value = json.loads(text)
        except ValueError:
            continue
        if isinstance(value, dict):
            found[name] = value
    return found
