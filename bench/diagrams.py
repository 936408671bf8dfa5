"""The pictures of docs/calibration.md, from runs that are trained here: `python -m bench.diagrams`.

A dashboard of its own, in a temporary folder; each chart stands alone in a headless Chromium.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from bench import diagram_runs as runs
from heimdall_dash import Job
from heimdall_dash.store.embedded import EmbeddedStore
from tests.browser.conftest import Page, WebProcess, open_browser

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
COLORS = 48  # of a picture: lines and words need no more
SMALL, LARGE = (560, 440), (900, 620)

PICTURES = {  # file → run, chart, its size
    "reliability-calibrated": ("calibrated", "reliability-chart", SMALL),
    "reliability-too-sure": ("too sure", "reliability-chart", SMALL),
    "coverage-too-sure": ("too sure", "diagram:coverage:", SMALL),
    "pit-calibrated": ("calibrated", "diagram:pit:", SMALL),
    "pit-too-sure": ("too sure", "diagram:pit:", SMALL),
    "sharpness-too-sure": ("too sure", "diagram:sharpness:_cm", SMALL),
    "sharpness-demonstration": ("demonstration", "diagram:sharpness:_m", SMALL),
    "confidence": ("classifier", "diagram:confidence:", SMALL),
    "reliability-knows-nothing": ("knows nothing", "reliability-chart", SMALL),
    "predictions-knows-nothing": ("knows nothing", "predictions-chart", LARGE),
    "predictions-line": ("calibrated", "predictions-chart", LARGE),
    "predictions-plane": ("demonstration", "predictions-chart", LARGE),
}


def main(only: list[str]) -> None:
    """only: names of pictures, all when there are none."""
    wanted = {name: PICTURES[name] for name in only or PICTURES}
    with tempfile.TemporaryDirectory() as temporary, contextlib.ExitStack() as stack:
        folder = Path(temporary)
        store = EmbeddedStore(folder / "store")
        store.start()
        stack.callback(store.stop)
        web = WebProcess(store.url, folder / "data", folder / "web.log").start()
        stack.callback(web.stop)
        ids = {
            run: trained(run, store.url, folder) for run in {run for run, _, _ in wanted.values()}
        }
        page = Page(stack.enter_context(open_browser(folder)), web)
        for name, (run, chart, size) in wanted.items():
            draw(page, f"?job={ids[run]}&embed={chart}", chart, size, IMAGES / f"{name}.png")


def trained(run: str, url: str, folder: Path) -> str:
    train: dict[str, Callable[[Job], None]] = {
        "calibrated": lambda job: runs.regression(job, samples=4_000, bumps=8),
        "too sure": lambda job: runs.regression(job, samples=60, bumps=24),
        "knows nothing": runs.spread_of_all,
        "classifier": runs.classifier,
        "demonstration": lambda job: runs.demonstration(job, folder / "checkpoints"),
    }
    where = {"url": url, "data_dir": folder / "runs", "with_origin": False}
    with Job.start(run, total_epochs=runs.EPOCHS, **where) as job:
        train[run](job)
    return job.id


def draw(page: Page, query: str, chart: str, size: tuple[int, int], file: Path) -> None:
    page.screen()
    metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1.5, "mobile": False}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    page.open(query)
    is_there = "return document.getElementById(arguments[0]) !== null"
    page.wait(lambda: page.run(is_there, chart) and page.drawn(chart), f"{chart} of {query}", 60)
    page.show(chart)
    page.driver.save_screenshot(str(file))
    with Image.open(file) as picture:  # a screenshot has four times the bytes that it needs
        picture.convert("RGB").quantize(COLORS).save(file, optimize=True)
    print(f"{file}: {file.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
