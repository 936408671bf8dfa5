"""What the first page takes on the wire, with nothing in the browser's cache."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from bench import history
from bench.latency import _browser
from bench.report import keep, table
from bench.runs import filled
from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.store import Store

NAME = "page"
STORED, RUNNING = 10, 5
TABS = ("metrics", "jobs")
TIMES, QUICK_TIMES = 3, 1
WITHIN_S, QUIET_S = 60.0, 2.0
# what came, compressed and with its headers, by what the page asked for it
TRANSFERRED = """
const kinds = {};
const kind = (name) => {
  const path = new URL(name).pathname;
  if (path.includes('/browser/')) return 'modules';
  if (path.includes('plotly')) return 'plotly';
  if (path.includes('ag_grid')) return 'grid';
  if (path.includes('mantine')) return 'mantine';
  if (path.includes('/api/')) return 'values';
  return path.includes('/_dash-component-suites/') ? 'dash' : 'rest';
};
for (const type of ['navigation', 'resource']) {
  for (const {name, transferSize} of performance.getEntriesByType(type)) {
    kinds[kind(name)] = (kinds[kind(name)] ?? 0) + transferSize;
  }
}
return kinds;
"""
COUNT = "return performance.getEntriesByType('resource').length"
KINDS = ("plotly", "mantine", "dash", "grid", "modules", "values", "rest")


def run(results: Path, *, quick: bool = False) -> str:
    times = QUICK_TIMES if quick else TIMES
    with tempfile.TemporaryDirectory() as folder:
        embedded = EmbeddedStore(Path(folder))
        embedded.start()
        store = Store(embedded.url)
        try:
            filled(store, STORED, RUNNING)
            with history.web(embedded.url, Path(folder)) as (address, _):
                rows = [row(address, tab, times) for tab in TABS]
        finally:
            store.close()
            embedded.stop(30)
    if not quick:
        keep(results, NAME, rows)
    head = ["tab", *(f"{kind}, kB" for kind in KINDS), "all, kB"]
    return table(head, [list(one.values()) for one in rows])


def row(address: str, tab: str, times: int) -> dict[str, Any]:
    """kB by kind, of the load with the most."""
    loads = [transferred(f"{address}/?tab={tab}") for _ in range(times)]
    most = max(loads, key=lambda load: sum(load.values()))
    kinds = {kind: most.get(kind, 0) / 1e3 for kind in KINDS}
    return {"tab": tab, **kinds, "all": sum(kinds.values())}


def transferred(address: str) -> dict[str, int]:
    """Bytes by kind once nothing more comes."""
    with _browser() as driver:
        driver.set_window_size(1440, 900)
        driver.get(address)
        began, since, known = time.monotonic(), time.monotonic(), -1
        while time.monotonic() - since < QUIET_S and time.monotonic() - began < WITHIN_S:
            count = driver.execute_script(COUNT)
            if count != known:
                known, since = count, time.monotonic()
            time.sleep(0.1)
        found: dict[str, int] = driver.execute_script(TRANSFERRED)
        return found
