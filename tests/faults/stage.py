"""The whole system on a stage: store, web server, trainer, viewers of all kinds, a browser."""

import contextlib
import shutil
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import redis

from heimdall_dash.publish.journal import Journal
from heimdall_dash.store.embedded import EmbeddedStore
from tests.browser.conftest import Page
from tests.conftest import wait_for
from tests.faults.proxy import Proxy
from tests.faults.trainer import truth
from tests.faults.watchers import FramedWatcher, PlainWatcher, Watcher
from tests.processes import Child
from tests.servers import free_port

CATCH_UP_S = 60.0

WATCH_BADGE = """
const badge = document.getElementById('connection-badge');
window.__badges = [badge.textContent];
new MutationObserver(() => {
  if (badge.textContent !== window.__badges.at(-1)) window.__badges.push(badge.textContent);
}).observe(badge, {childList: true, characterData: true, subtree: true});
"""


@dataclass
class Row:
    """One line of the table: what was done, how long the way back took, what everybody has."""

    fault: str
    recovery_s: float
    trained: int
    stored: int
    seen: dict[str, int] = field(default_factory=dict)
    drawn: int = 0
    lost: int = 0
    twice: int = 0
    wrong: int = 0
    badge: str = ""


class Stage:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.job_id = str(uuid.uuid4())
        self.store = EmbeddedStore(folder / "data")
        self.rows: list[Row] = []
        self.page: Page
        self.watchers: list[Watcher] = []
        self._attempt = 0
        self._children = contextlib.ExitStack()

    @contextlib.contextmanager
    def up(self) -> Iterator["Stage"]:
        """Everything started; everything ended again."""
        with self._children:
            self.store.start()
            self._children.callback(self.store.stop)
            store_port = int(self.store.url.rsplit(":", 1)[1].split("/")[0])
            self.to_store = self._children.enter_context(Proxy(store_port))
            self._web_port = free_port()
            self.to_web = self._children.enter_context(Proxy(self._web_port))
            self.url = f"http://127.0.0.1:{self.to_web.port}"
            self.start_web()
            self.start_trainer()
            for kind, port in (
                (PlainWatcher, self._web_port), (FramedWatcher, self._web_port),
                (FramedWatcher, self.to_web.port), (PlainWatcher, self.to_web.port),
            ):  # fmt: skip
                road = "direct" if port == self._web_port else "proxied"
                name = f"{'plain' if kind is PlainWatcher else 'frames'}, {road}"
                watcher = kind(name, port, self.job_id)
                watcher.start()
                self._children.callback(watcher.stop)
                self.watchers.append(watcher)
            yield self

    # -- the parts ---------------------------------------------------------------------------

    def start_web(self) -> None:
        url = self.store.url.rsplit(":", 1)[0] + f":{self.to_store.port}/0"
        self.web = self._children.enter_context(
            Child(
                self.folder, "app.py",
                PORT=str(self._web_port), REDIS_URL=url, HEIMDALL_DEMO="0",
                HEIMDALL_DATA=str(self.folder / "data"),
            )
        )  # fmt: skip

    def start_trainer(self) -> None:
        self.trainer = self._children.enter_context(
            Child(
                self.folder, "-m", "tests.faults.trainer", str(self.folder / "data"),
                self.job_id, str(self._attempt), self.store.url,
            )
        )  # fmt: skip
        self._attempt += 1

    def kill_store(self) -> None:
        assert self.store.process is not None
        self.store.process.kill()
        self.store.process.wait()

    def empty_store(self) -> None:
        shutil.rmtree(self.folder / "data" / "store" / "appendonlydir")

    def clients(self) -> list[int]:
        """Ids of the connections that the store holds, without the asking one."""
        client = redis.Redis.from_url(self.store.url, decode_responses=True)
        own = client.client_id()
        ids = [int(one["id"]) for one in client.client_list() if int(one["id"]) != own]
        client.close()
        return ids

    def kill_client(self, client_id: int) -> None:
        client = redis.Redis.from_url(self.store.url)
        with contextlib.suppress(redis.RedisError):
            client.client_kill_filter(_id=str(client_id))
        client.close()

    # -- what everybody has --------------------------------------------------------------------

    def trained(self) -> list[int]:
        """Epochs in the trainer's local log."""
        path = self.folder / "data" / "jobs" / self.job_id / "epochs.jsonl"
        if not path.exists():
            return []
        rows: list[int] = []
        offset = 0
        reader = Journal.__new__(Journal)
        reader._path = path
        while True:
            block, end = reader.read(offset)
            if end == offset:
                return rows
            rows += [row["epoch"] for row in block]
            offset = end

    def stored(self) -> tuple[list[int], list[float]]:
        url = f"http://127.0.0.1:{self._web_port}/api/v1/training/jobs/{self.job_id}/metrics"
        try:
            answer = httpx.get(url, timeout=10)
        except httpx.TransportError:
            return [], []
        if answer.status_code != 200:
            return [], []
        columns = answer.json()["columns"]
        return columns["epoch"], columns.get("train_loss", [])

    def has_all(self, epoch: int) -> bool:
        """Whether store, viewers and browser have everything up to `epoch`."""
        if any(watcher.last < epoch for watcher in self.watchers):
            return False
        drawn = self.page.drawn()
        return bool(drawn) and drawn[-1] >= epoch and len(self.stored()[0]) > epoch

    def run(self, name: str, fault: Callable[[], None], *, breaks_link: bool) -> Row:
        """Do it, mend it, and see how long everybody needs to have everything again."""
        self.page.run("window.__badges = [document.getElementById('connection-badge').textContent]")
        fault()
        mended_at = time.monotonic()
        target = self.trained()[-1]
        wait_for(lambda: self.has_all(target), CATCH_UP_S, f"recovery from {name}: {self.where()}")
        self.page.wait_badge("CONNECTED", CATCH_UP_S)
        row = Row(name, time.monotonic() - mended_at, target + 1, len(self.stored()[0]))
        row.seen = {watcher.name: len(watcher.epochs) for watcher in self.watchers}
        row.drawn = len(self.page.drawn())
        self._count(row, target)
        badges = self.page.run("return window.__badges")
        row.badge = " → ".join(badges)
        if breaks_link:
            assert "CONNECTING..." in badges, f"the badge did not tell of {name}: {badges}"
        assert badges[-1] == "CONNECTED"
        self.rows.append(row)
        return row

    def _count(self, row: Row, target: int) -> None:
        """Compare what each holds up to `target` with what was trained, and add up the faults."""
        trained = [epoch for epoch in self.trained() if epoch <= target]
        drawn = self.page.run(
            "const d = document.getElementById('loss-chart').querySelector('.js-plotly-plot')"
            ".data[0]; return [Array.from(d.x), Array.from(d.y)]"
        )
        holders = {"store": self.stored(), "browser": drawn}
        holders |= {one.name: (list(one.epochs), list(one.losses)) for one in self.watchers}
        for name, (epochs, losses) in holders.items():
            pairs = [pair for pair in zip(epochs, losses, strict=False) if pair[0] <= target]
            seen = [epoch for epoch, _ in pairs]
            row.lost += len(set(trained) - set(seen))
            row.twice += len(seen) - len(set(seen))
            row.wrong += sum(loss != truth(epoch) for epoch, loss in pairs)
            assert seen == trained, f"{name} after {row.fault}: {row}"
        assert (row.lost, row.twice, row.wrong) == (0, 0, 0), row

    def where(self) -> str:
        return ", ".join(f"{watcher.name} {watcher.last}" for watcher in self.watchers)

    def stop_trainer(self) -> None:
        """Let the trainer finish: deliver everything, then say that it has completed."""
        self.trainer.process.send_signal(signal.SIGTERM)
        self.trainer.process.wait(30)
