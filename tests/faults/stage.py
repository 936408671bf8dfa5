"""The whole system on a stage: store, web server, trainer, viewers of all kinds, a browser."""

import contextlib
import os
import shutil
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import redis

from heimdall_dash.store.embedded import EmbeddedStore
from tests.browser.conftest import Page
from tests.conftest import wait_for
from tests.faults.proxy import Proxy
from tests.faults.table import Row
from tests.faults.trainer import truth
from tests.faults.watchers import FramedWatcher, PlainWatcher, Watcher
from tests.logs import logged
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
DRAWN = (
    "const d = document.getElementById('loss-chart').querySelector('.js-plotly-plot').data[0];"
    "return [Array.from(d.x), Array.from(d.y)]"
)
COLUMNS = (
    "const columns = dash_clientside.heimdall.page.feed.store.columns;"
    "return [columns.epoch, columns.train_loss]"
)

Held = tuple[list[int], list[float]]  # epochs and their values, as somebody has them


class Stage:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.job_id = str(uuid.uuid4())
        self.store = EmbeddedStore(self.data)
        self.rows: list[Row] = []
        self.page: Page
        self.watchers: list[Watcher] = []
        self._children = contextlib.ExitStack()

    @contextlib.contextmanager
    def up(self) -> Iterator["Stage"]:
        """Everything started; everything ended again."""
        with self._children:
            self.store.start()
            self._children.callback(self.store.stop)
            store_port = int(self.store.url.rsplit(":", 1)[1].split("/")[0])
            self.to_store = self._children.enter_context(Proxy(store_port))
            self.web_port = free_port()
            self.to_web = self._children.enter_context(Proxy(self.web_port))
            self.url = f"http://127.0.0.1:{self.to_web.port}"
            self.api = f"http://127.0.0.1:{self.web_port}/api/v1/training"
            self.start_web()
            self.trainer = self.start_trainer(self.job_id)
            self._children.callback(self._stop_watchers)
            for kind, port in (
                (PlainWatcher, self.web_port), (FramedWatcher, self.web_port),
                (FramedWatcher, self.to_web.port), (PlainWatcher, self.to_web.port),
            ):  # fmt: skip
                road = "direct" if port == self.web_port else "proxied"
                name = f"{'plain' if kind is PlainWatcher else 'frames'}, {road}"
                self.watchers.append(self._watch(kind, name, port))
            yield self

    # -- the parts ---------------------------------------------------------------------------

    def start_web(self, **environment: str) -> None:
        url = self.store.url.rsplit(":", 1)[0] + f":{self.to_store.port}/0"
        self.web = self._child(
            "app.py", PORT=str(self.web_port), REDIS_URL=url, HEIMDALL_DEMO="0",
            HEIMDALL_DATA=str(self.data), **environment,
        )  # fmt: skip

    def start_attack(self, name: str) -> Child:
        arguments = [name, str(self.web_port), self.job_id]
        return self._child("-m", "tests.faults.attackers", *arguments)

    def start_trainer(self, job_id: str, *options: str, url: str = "") -> Child:
        """Of the stage's own run, or of another one; url: default the store's."""
        return self._child(
            "-m", "tests.faults.trainer", str(self.data), job_id, url or self.store.url, *options
        )

    def start_worker(self, *prelude: str) -> Child:
        """A worker that trains what is queued; prelude: lines of Python that it begins with."""
        code = "\n".join([*prelude, "import sys", "from trainer import cli"])
        return self._child(
            "-c", code + "\nsys.exit(cli.main(['worker']))",
            REDIS_URL=self.store.url, HEIMDALL_DATA=str(self.data),
        )  # fmt: skip

    def _child(self, *arguments: str, **environment: str) -> Child:
        return self._children.enter_context(Child(self.folder, *arguments, **environment))

    def _watch(self, kind: type[Watcher], name: str, port: int) -> Watcher:
        watcher = kind(name, port, self.job_id)
        watcher.start()
        return watcher

    def _stop_watchers(self) -> None:
        for watcher in self.watchers:
            watcher.stop()

    def kill_store(self) -> None:
        assert self.store.process is not None
        self.store.process.kill()
        self.store.process.wait()

    def empty_store(self) -> None:
        shutil.rmtree(self.data / "store" / "appendonlydir")

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

    def recover(self) -> None:
        """Everything runs and follows again, whatever a fault, or a failed test, left behind: a
        viewer that has anything wrong by now is replaced, so that it hides no other fault."""
        self.to_store.mend()
        self.to_web.mend()
        for process in (self.store.process, self.web.process, self.trainer.process):
            if process is not None and process.poll() is None:
                os.kill(process.pid, signal.SIGCONT)
        if self.store.process is None or self.store.process.poll() is not None:
            self.store.start()
        if self.web.has_ended():
            self.start_web()
        if self.trainer.has_ended():
            self.trainer = self.start_trainer(self.job_id)
        for number, watcher in enumerate(self.watchers):
            watcher.thaw()
            if watcher.problems or not is_true((watcher.epochs, watcher.losses)):
                watcher.stop()
                self.watchers[number] = self._watch(type(watcher), watcher.name, watcher.port)
        wait_for(lambda: self.stored()[0], CATCH_UP_S, "the web server")
        target = self.trained()[-1]
        try:
            wait_for(lambda: self.has_all(target), CATCH_UP_S / 2)
            assert is_true(self.in_browser())
        except AssertionError:
            self.page.open(f"?job={self.job_id}")
            self.page.wait_badge("CONNECTED", CATCH_UP_S)
            self.page.run(WATCH_BADGE)
            wait_for(lambda: self.has_all(target), CATCH_UP_S, f"everybody: {self.where()}")
        self.page.wait_badge("CONNECTED", CATCH_UP_S)

    # -- what everybody has --------------------------------------------------------------------

    def trained(self, job_id: str = "") -> list[int]:
        """Epochs in the trainer's local log."""
        return logged(self.data, job_id or self.job_id)

    def stored(self, job_id: str = "") -> Held:
        try:
            answer = httpx.get(f"{self.api}/jobs/{job_id or self.job_id}/metrics", timeout=10)
        except httpx.TransportError:
            return [], []
        if answer.status_code != 200:
            return [], []
        columns = answer.json()["columns"]
        return columns["epoch"], columns.get("train_loss", [])

    def job(self, job_id: str) -> dict[str, Any]:
        """As REST shows it, {} while nobody answers."""
        try:
            answer = httpx.get(f"{self.api}/jobs/{job_id}", timeout=10)
        except httpx.TransportError:
            return {}
        return dict(answer.json()["job"]) if answer.status_code == 200 else {}

    def in_browser(self) -> Held:
        """What the page has; of a long run it draws less."""
        epochs, values = self.page.run(COLUMNS)
        return epochs, values

    def drawn(self) -> Held:
        epochs, values = self.page.run(DRAWN)
        return epochs, values

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
        badges = self.page.run("return window.__badges")
        row.badge = " → ".join(badges)
        self.rows.append(row)
        self._count(row, target)
        if breaks_link:
            assert "CONNECTING..." in badges, f"the badge did not tell of {name}: {badges}"
        assert badges[-1] == "CONNECTED"
        return row

    def _count(self, row: Row, target: int) -> None:
        """Compare what each holds up to `target` with what was trained, and add up the faults."""
        trained = [epoch for epoch in self.trained() if epoch <= target]
        holders = {"store": self.stored(), "browser": self.drawn()}
        holders |= {one.name: (list(one.epochs), list(one.losses)) for one in self.watchers}
        odd = []
        for name, (epochs, losses) in holders.items():
            pairs = [pair for pair in zip(epochs, losses, strict=False) if pair[0] <= target]
            seen = [epoch for epoch, _ in pairs]
            row.lost += len(set(trained) - set(seen))
            row.twice += len(seen) - len(set(seen))
            row.wrong += sum(loss != truth(epoch) for epoch, loss in pairs)
            if seen != trained:
                odd.append(name)
        assert odd == [], row
        assert (row.lost, row.twice, row.wrong) == (0, 0, 0), row

    def where(self) -> str:
        return ", ".join(f"{watcher.name} {watcher.last}" for watcher in self.watchers)


def is_true(held: Held) -> bool:
    """Whether these are the run's first epochs, each once, in order and with its value."""
    epochs, values = held
    count = min(len(epochs), len(values))
    return epochs[:count] == list(range(count)) and values[:count] == [
        truth(epoch) for epoch in epochs[:count]
    ]
