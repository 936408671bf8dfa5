"""What a page costs on the wire: to open a history, and for each update of what it watches."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from bench.report import keep, table
from heimdall_dash.store.embedded import EmbeddedStore
from tests.conftest import Web, web_settings
from tests.viewers import Viewer

IN_VIEW = 18  # metrics of six charts
POINTS = 1_500  # of each, for a chart of 400 pixels
ROWS_AT_ONCE = 50_000  # cells in one request
UPDATES = 40


def run(results: Path, *, quick: bool) -> str:
    """Bytes as they came over the connection, compressed; first with a cold server."""
    shapes = [(500, 19), (2_000, 19)] if quick else [(500, 19), (100_000, 19), (5_000, 300)]
    opened: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        store = EmbeddedStore(Path(folder) / "store")
        store.start()
        try:
            for epochs, names in shapes:
                with Web(web_settings(store.url, Path(folder) / "web")) as web:
                    job_id = _filled(web, epochs, names)
                with Web(web_settings(store.url, Path(folder) / "web")) as web:
                    opened += _opened(web, job_id, epochs, names)
                if names == 19 and epochs == 500:
                    with Web(web_settings(store.url, Path(folder) / "web")) as web:
                        updates = _updates(web, job_id, epochs, names)
        finally:
            store.stop()
    keep(results, "watching", {"opened": opened, "updates": updates})
    head = ["epochs", "metrics", "way", "kB", "cold ms", "warm ms"]
    return (
        table(head, [list(row.values()) for row in opened])
        + "\n\n"
        + table(
            ["update by", "bytes on the wire", "bytes of text"],
            [list(row.values()) for row in updates],
        )
    )


def _row(epoch: int, names: int) -> dict[str, Any]:
    return {"epoch": epoch} | {
        f"metric_{n}": 100 / (1 + epoch) ** 0.5 + ((epoch * 7919 + n * 104729) % 1000) / 1234.5
        for n in range(names)
    }


def _filled(web: Web, epochs: int, names: int) -> str:
    with httpx.Client(base_url=web.api, timeout=120) as client:
        body = {"job_name": "VHF", "external": True, "config": {"epochs": epochs + UPDATES * 3}}
        job_id = str(client.post("/jobs", json=body).raise_for_status().json()["id"])
        step = max(1, ROWS_AT_ONCE // names)
        for first in range(0, epochs, step):
            rows = [_row(epoch, names) for epoch in range(first, min(first + step, epochs))]
            client.post(f"/jobs/{job_id}/metrics", json=rows).raise_for_status()
    return job_id


def _opened(web: Web, job_id: str, epochs: int, names: int) -> Iterator[dict[str, Any]]:
    seen = "&".join(f"metrics=metric_{n}" for n in range(min(names, IN_VIEW)))
    ways = {
        "each metric in view by itself": f"/jobs/{job_id}/series?points={POINTS}&{seen}",
        "all columns, thinned together": f"/jobs/{job_id}/metrics?points=20000",
    }
    for way, path in ways.items():
        cold = _timed(web, path)
        warm = _timed(web, path)
        is_first = way.startswith("each")
        yield {
            "epochs": epochs, "metrics": names, "way": way, "kB": warm[0] / 1000,
            "cold_ms": cold[1] if is_first else None, "warm_ms": warm[1],
        }  # fmt: skip


def _timed(web: Web, path: str) -> tuple[int, float]:
    """Bytes on the wire and milliseconds."""
    began = time.perf_counter()
    headers = {"Accept-Encoding": "gzip"}
    with httpx.stream("GET", web.api + path, timeout=120, headers=headers) as answer:
        answer.raise_for_status()
        for _ in answer.iter_raw():
            pass
        return answer.num_bytes_downloaded, (time.perf_counter() - began) * 1000


def _updates(web: Web, job_id: str, epochs: int, names: int) -> list[dict[str, Any]]:
    metrics = [f"metric_{n}" for n in range(names)]
    with Viewer(web.ws_url, framed=True) as page:
        page.next_of("sync")
        page.send({"watch": {job_id: {"after": f"{epochs - 1}-1", "metrics": metrics}}})
        page.ack(page.next_of("metrics"))
        watched = _bytes(web, page, job_id, range(epochs, epochs + UPDATES), names)
    after = epochs + UPDATES
    with Viewer(f"{web.ws_url}/{job_id}?after={after - 1}-1", framed=True) as page:
        page.next_of("sync")
        single = _bytes(web, page, job_id, range(after, after + UPDATES), names)
    with Viewer(web.ws_url, framed=True) as page:
        page.next_of("sync")
        last = after + UPDATES
        listed = _bytes(web, page, job_id, range(last, last + UPDATES), names, event="jobs")
    return [
        {"update_by": "what a page watches, the list of jobs included", **watched},
        {"update_by": "a socket of the list, to whoever watches nothing", **listed},
        {"update_by": "a socket of the one job", **single},
    ]


def _bytes(
    web: Web, page: Viewer, job_id: str, epochs: range, names: int, event: str = "metrics"
) -> dict[str, float]:
    """Medians of what came for one more epoch: compressed as it came, and as text."""
    sizes, texts = [], []
    with httpx.Client(base_url=web.api, timeout=20) as client:
        for epoch in epochs:
            before, text = page.received_bytes, 0
            client.post(f"/jobs/{job_id}/metrics", json=_row(epoch, names)).raise_for_status()
            while True:
                frame = page.next_of("metrics", "jobs", "job")
                page.ack(frame)
                text += len(json.dumps(frame, separators=(",", ":")))
                if f'"{epoch}-1"' in json.dumps(frame) and frame["event"] == event:
                    break
            sizes.append(page.received_bytes - before)
            texts.append(text)
    return {"wire_bytes": statistics.median(sizes), "text_bytes": statistics.median(texts)}
