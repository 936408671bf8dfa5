"""What `/health` asks of each part of the web server."""

from datetime import datetime

from heimdall_dash.api.health import HEALTHY, NONE_HERE, Check
from heimdall_dash.background import Background
from heimdall_dash.clock import StoreClock
from heimdall_dash.errors import StoreUnavailable
from heimdall_dash.installed import has_trainer
from heimdall_dash.live.hub import Hub
from heimdall_dash.store.signs import Workers, check_writes
from heimdall_dash.store.store import Store


def checks(
    store: Store,
    hub: Hub,
    clock: StoreClock,
    hub_work: Background,
    watch: Background,
    compaction: Background,
) -> dict[str, Check]:
    """By the service's name."""
    return {
        "store": lambda: _store(store),
        "worker": lambda: _worker(store, clock.now()),
        "live": lambda: _live(hub, hub_work),
        "watch": watch.health,
        "compaction": compaction.health,
    }


def _store(store: Store) -> str:
    try:
        check_writes(store)
    except StoreUnavailable as error:
        return f"unhealthy: {error}"
    return HEALTHY


def _worker(store: Store, now: datetime) -> str:
    try:
        if Workers(store).alive(now):
            return HEALTHY
    except StoreUnavailable:
        return "unknown"
    return "unhealthy: no worker gave a sign of life" if has_trainer() else NONE_HERE


def _live(hub: Hub, work: Background) -> str:
    if (state := work.health()) != HEALTHY:
        return state
    return hub.health()
