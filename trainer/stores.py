"""The store and the queue as a worker and its child open them."""

from heimdall_dash.queue import JobQueue
from heimdall_dash.settings import Settings
from heimdall_dash.store.store import Store


def opened(settings: Settings) -> tuple[Store, JobQueue]:
    def where() -> str:
        return settings.store_url  # asked at each connection: the embedded store can move

    store = Store(where)
    return store, JobQueue(store, where)
