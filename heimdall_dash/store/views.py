"""Saved views in the store: how readers arranged the charts, by project and name."""

import json
from typing import Any

from heimdall_dash.errors import HeimdallError
from heimdall_dash.store.connection import check_role
from heimdall_dash.store.keys import VIEWS
from heimdall_dash.store.store import Store

MAX_VIEWS = 500  # of all projects together


class TooManyViews(HeimdallError):
    def __init__(self) -> None:
        super().__init__(f"there are {MAX_VIEWS} views, the most there can be: delete one first")


class ViewStore:
    """Every call raises StoreUnavailable, what changes something also NotAllowed. A project of None
    is that of jobs without one."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def names(self, project: str | None) -> list[str]:
        fields = self._store.call(lambda client: client.hkeys(VIEWS))
        known = (_project_and_name(field) for field in fields)
        return sorted(found[1] for found in known if found and found[0] == project)

    def view(self, project: str | None, name: str) -> dict[str, Any] | None:
        """None: there is none of this name, or nobody can read it."""
        text = self._store.call(lambda client: client.hget(VIEWS, _field(project, name)))
        try:
            value = json.loads(text or "null")
        except ValueError:
            return None
        return value if isinstance(value, dict) else None

    def put(self, project: str | None, name: str, view: dict[str, Any]) -> None:
        """Raises TooManyViews."""
        check_role()
        field, text = _field(project, name), json.dumps(view, allow_nan=False)

        def write(client: Any) -> bool:
            if not client.hexists(VIEWS, field) and client.hlen(VIEWS) >= MAX_VIEWS:
                return False
            client.hset(VIEWS, field, text)
            return True

        if not self._store.call(write):
            raise TooManyViews

    def delete(self, project: str | None, name: str) -> bool:
        """Whether there was one."""
        check_role()
        field = _field(project, name)
        return bool(self._store.call(lambda client: client.hdel(VIEWS, field)))


def _field(project: str | None, name: str) -> str:
    return json.dumps([project, name])


def _project_and_name(field: str) -> tuple[str | None, str] | None:
    try:
        project, name = json.loads(field)
    except ValueError:
        return None
    return project, name
