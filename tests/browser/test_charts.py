"""Charts as pictures: names of lines that can be read, files to take away, sizes, a calm screen."""

import base64
import io
import json
import time
import urllib.request
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image, ImageChops
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from websockets.sync.client import connect

from heimdall_dash import Job
from tests.browser.conftest import Page, log_epochs, metrics

pytestmark = pytest.mark.browser

StartJob = Callable[..., Job]
SUBTITLE_PX = 18  # with the name of the run
FACTS = {
    "crlb_p50_m": 12.7,
    "crlb_p68_m": 21.0,
    "crlb_p95_m": 118.0,
    "crlb_rmse_m": 72.9,
    "oracle_nll": -6.19,
    "calibration_error_floor_m": 2.1,
}


# Rectangles of the names of reference lines, of the ticks and of the plot, as they are drawn.
RECTANGLES = """
const rect = (e) => { const r = e.getBoundingClientRect();
  return {text: e.textContent, left: r.left, right: r.right, top: r.top, bottom: r.bottom} };
const plot = document.getElementById(arguments[0]).querySelector('.js-plotly-plot');
const marks = plot.layout.annotations;
return {
  names: [...plot.querySelectorAll('.annotation')]
    .filter((e) => marks[Number(e.dataset.index)].name === 'reference')
    .map((e) => rect(e.querySelector('.bg'))).map((r, i) => ({...r, text: i})),
  ticks: [...plot.querySelectorAll('.ytick text, .y2tick text, .xtick text')].map(rect),
  area: rect(plot.querySelector('.nsewdrag')),
}
"""


def overlap(a: dict[str, float], b: dict[str, float]) -> bool:
    return (
        a["left"] < b["right"]
        and b["left"] < a["right"]
        and a["top"] < b["bottom"]
        and b["top"] < a["bottom"]
    )


@pytest.mark.parametrize("width", [1440, 390])
def test_names_of_reference_lines_overlap_nothing(
    reader: Page, train: StartJob, width: int
) -> None:
    job = train(facts=FACTS)
    log_epochs(job, 0, 300)
    reader.screen(width)
    reader.open(f"?job={job.id}")
    reader.wait(lambda: len(reader.epochs()) == 301, "the history")
    expected = {
        "loss-chart": 1,
        "uncertainty-chart": 1,
        "rmse-chart": 1,
        "distance-error-chart": 2,
        "percentiles-chart": 1,
        "gdop-chart": 1,
    }
    for scale in ("log", "linear"):
        reader.choose_segment("scale-all", scale)
        for chart, count in expected.items():
            if (chart, scale) == ("loss-chart", "log"):
                continue  # a bound below zero is not on a log axis
            reader.show(chart)
            reader.wait(lambda: reader.layout(chart, "yaxis.type") == scale, scale)  # noqa: B023
            found = reader.run(RECTANGLES, chart)
            names = found["names"]
            assert len(names) == count, (chart, scale)
            area = found["area"]
            for i, name in enumerate(names):
                where = (chart, scale, name)
                assert area["left"] <= name["left"] < name["right"] <= area["right"], where
                assert area["top"] <= name["top"] < name["bottom"] <= area["bottom"], where
                assert not any(overlap(name, other) for other in names[i + 1 :]), where
                assert not any(overlap(name, tick) for tick in found["ticks"]), where


def test_png_and_svg_buttons_give_files_of_the_chart(reader: Page, train: StartJob) -> None:
    job = train("my run/1", facts=FACTS)
    for epoch in range(61):  # a straight line would be two points in the file
        wave = 1 + 0.3 * (epoch % 2)
        row = metrics(epoch)
        job.log(epoch, **row | {n: v * wave for n, v in row.items() if n.startswith("val_")})
    reader.open(f"?job={job.id}")
    reader.wait(
        lambda: len(reader.drawn("distance-error-chart")) or reader.show("distance-error-chart")
    )
    downloads = reader.browser.downloads
    box = reader.run(
        "const b = document.getElementById('distance-error-chart');"
        "return [b.offsetWidth, b.offsetHeight]"
    )
    for entry in ("save_png", "save_svg"):
        reader.from_menu("distance-error-chart", entry)
    png = downloads / "my_run_1-Distance_Error.png"
    svg = downloads / "my_run_1-Distance_Error.svg"
    reader.wait(lambda: png.exists() and svg.exists(), "both files")
    image = Image.open(io.BytesIO(png.read_bytes()))
    assert image.format == "PNG"
    assert image.size == (2 * box[0], 2 * (box[1] + SUBTITLE_PX))
    blue = (0, 0x72, 0xB2)
    pixels = image.convert("RGB").getcolors(1 << 24) or []
    assert sum(count for count, color in pixels if color == blue) > 500
    root = ET.fromstring(svg.read_text())
    said = "".join(root.itertext())
    for words in (
        "Distance Error",
        "my run/1",
        "Distance (m) - Log Scale",
        "Target 30 m",
        "Cramér–Rao bound p68: 21.0 m",
        "68 % of positions within",
        "RMSE, good geometry (GDOP < 5)",
    ):
        assert words in said
    lines = [path.get("d", "") for path in root.iter() if path.get("class") == "js-line"]
    assert sum(len(line) > 50 for line in lines) == 2


def test_enlarged_chart_takes_the_width_and_escape_returns_it(
    reader: Page, train: StartJob
) -> None:
    job = train()
    log_epochs(job, 0, 60)
    reader.open(f"?job={job.id}")
    reader.show("rmse-chart")
    reader.wait(lambda: len(reader.drawn("rmse-chart")) == 61, "the history")
    button = reader.driver.find_element(By.CSS_SELECTOR, "button[aria-label='Enlarge RMSE']")
    before = reader.layout("rmse-chart", "width")
    button.send_keys(Keys.ENTER)
    reader.wait(lambda: reader.layout("rmse-chart", "width") > 2 * before, "the wide chart")
    assert button.get_attribute("aria-pressed") == "true"
    reader.wait(lambda: "wide=rmse-chart" in reader.driver.current_url, "it in the address")
    reader.driver.find_element(By.ID, "rmse-chart").send_keys(Keys.ESCAPE)
    reader.wait(lambda: reader.layout("rmse-chart", "width") == before, "its own size")
    assert button.get_attribute("aria-pressed") == "false"
    reader.wait(lambda: "wide" not in reader.driver.current_url, "nothing in the address")
    button.send_keys(Keys.ENTER)
    reader.wait(lambda: reader.layout("rmse-chart", "width") > 2 * before, "the wide chart again")
    button.send_keys(Keys.ENTER)
    reader.wait(lambda: reader.layout("rmse-chart", "width") == before, "its own size again")


def test_search_and_folded_groups_of_other_metrics(reader: Page, train: StartJob) -> None:
    job = train()
    for epoch in range(20):
        more = {
            "speed/a": epoch / 20,
            "speed/b": epoch / 10,
            "queue_wait_seconds": 1000 * 0.5**epoch,
            "sharpness_m": 90.0,
        }
        job.log(epoch, **metrics(epoch), **more)
    reader.open(f"?job={job.id}")
    reader.wait(
        lambda: reader.run("return !!document.getElementById('other:speed/a')"), "the charts"
    )
    shown = (
        "return [...document.querySelectorAll('#content .chart-card[data-chart]')]"
        ".filter((c) => c.checkVisibility())"
        ".map((c) => c.dataset.chart)"
    )
    reader.show("other:queue_wait_seconds")
    assert reader.layout("other:queue_wait_seconds", "title.text") == "queue_wait_seconds"
    label = reader.layout("other:queue_wait_seconds", "yaxis.title.text")
    assert label == "Seconds (s) - Log Scale"
    reader.show("other:sharpness_m")
    assert reader.layout("other:sharpness_m", "title.text") == "Sharpness"
    assert reader.layout("other:sharpness_m", "yaxis.title.text") == "Metres (m)"

    summary = reader.driver.find_element(By.CSS_SELECTOR, "details[data-group=speed] > summary")
    summary.send_keys(Keys.ENTER)
    reader.wait(lambda: "other:speed/a" not in reader.run(shown), "the folded group")
    search = reader.driver.find_element(By.ID, "chart-search")
    search.send_keys("SPEED/B")
    reader.wait(lambda: reader.run(shown) == ["other:speed/b"], "one chart, its group open")
    assert "1 of 14 charts" in reader.text("chart-filter")
    search.send_keys(Keys.BACKSPACE * 7 + "learning")
    reader.wait(lambda: reader.run(shown) == ["learning-rate-chart"], "a chart of the nine")
    search.send_keys(Keys.BACKSPACE * 8)
    reader.wait(lambda: len(reader.run(shown)) == 12, "all but the folded group")

    # a metric that comes late gets its chart; those that are there keep theirs
    reader.run("document.getElementById('other:sharpness_m').dataset.kept = 'yes'")
    job.log(20, **metrics(20), sharpness_m=91.0, sharpness_p10_m=5.0)
    reader.wait(lambda: "other:sharpness_p10_m" in reader.run(shown), "the late metric")
    kept = "return document.getElementById('other:sharpness_m').dataset.kept"
    assert reader.run(kept) == "yes"
    reader.show("other:queue_wait_seconds")
    assert reader.layout("other:queue_wait_seconds", "yaxis.type") == "log"

    # a link shows the same: the search, the folded group, the wide chart among those that come late
    search.send_keys("sharp")
    reader.click("button[aria-label='Enlarge Sharpness']")
    query = ("wide=other%3Asharpness_m", "find=sharp&fold=speed")
    reader.wait(lambda: all(part in reader.driver.current_url for part in query), "the address")
    reader.driver.refresh()
    both = ["other:sharpness_m", "other:sharpness_p10_m"]
    reader.wait(lambda: reader.run("return !!window.dash_clientside?.heimdall?.page"), "the page")
    reader.wait(lambda: reader.run(shown) == both, "the same charts")
    wide = "return document.querySelector('.chart-card.is-wide')?.dataset.chart"
    reader.wait(lambda: reader.run(wide) == both[0], "the wide chart")
    search = reader.driver.find_element(By.ID, "chart-search")
    search.send_keys(Keys.BACKSPACE * 5)
    reader.wait(lambda: len(reader.run(shown)) == 13, "all but the folded group again")

    # what no job's chart is called cannot be wide
    reader.open(f"?job={job.id}&wide=other:nothing")
    reader.wait(lambda: len(reader.epochs()) == 21, "the history")
    reader.wait(lambda: "wide" not in reader.driver.current_url, "no such chart")


def frames_while(reader: Page, act: Callable[[], None]) -> list[Image.Image]:
    """What the browser put on the screen meanwhile, frame by frame."""
    address = reader.driver.capabilities["goog:chromeOptions"]["debuggerAddress"]
    with urllib.request.urlopen(f"http://{address}/json", timeout=10) as answer:
        targets = json.load(answer)
    url = next(t["webSocketDebuggerUrl"] for t in targets if t["type"] == "page")
    pictures: list[bytes] = []
    with connect(url, max_size=None, origin=None) as socket:
        number = 0

        def send(method: str, **parameters: Any) -> None:
            nonlocal number
            number += 1
            socket.send(json.dumps({"id": number, "method": method, "params": parameters}))

        def take(until: float) -> None:
            while (left := until - time.monotonic()) > 0:
                try:
                    message = json.loads(socket.recv(timeout=left))
                except TimeoutError:
                    return
                if message.get("method") == "Page.screencastFrame":
                    pictures.append(base64.b64decode(message["params"]["data"]))
                    send("Page.screencastFrameAck", sessionId=message["params"]["sessionId"])

        send("Page.startScreencast", format="png", everyNthFrame=1)
        take(time.monotonic() + 0.3)
        for _ in range(15):
            act()
            take(time.monotonic() + 0.1)
        take(time.monotonic() + 0.5)
        send("Page.stopScreencast")
    return [Image.open(io.BytesIO(picture)).convert("RGB") for picture in pictures]


def test_no_frame_on_the_screen_is_blank_or_moved(reader: Page, train: StartJob) -> None:
    job = train(total_epochs=400, facts=FACTS)
    log_epochs(job, 0, 99)
    reader.open(f"?job={job.id}")
    reader.wait_badge("CONNECTED")
    reader.show("loss-chart")
    reader.wait(lambda: len(reader.drawn()) == 100, "the history")
    reader.wait(lambda: reader.run("return dash_clientside.heimdall.page.painter._next() === null"))
    reader.run(
        "window.shift = 0; new PerformanceObserver((list) => list.getEntries()"
        ".forEach((entry) => { shift += entry.value })).observe({entryTypes: ['layout-shift']})"
    )
    boxes = reader.run(
        "return ['loss-chart', 'uncertainty-chart', 'rmse-chart'].map((id) => {"
        "  const r = document.getElementById(id).getBoundingClientRect();"
        "  return [r.left, r.top, r.right, r.bottom].map(Math.round) })"
    )
    tools = reader.run(
        "return [...document.querySelectorAll('.bar-part > .control, .chart-tools')]"
        "  .slice(0, 6).map((e) =>"
        "  { const r = e.getBoundingClientRect();"
        "    return [r.left, r.top, r.right, r.bottom].map(Math.round) })"
    )
    scale = reader.run("return innerWidth")
    epoch = [99]

    def log_one() -> None:
        epoch[0] += 1
        job.log(epoch[0], **metrics(epoch[0]))

    frames = frames_while(reader, log_one)
    assert len(frames) > 1, "nothing was drawn meanwhile"
    assert len({frame.size for frame in frames}) == 1
    factor = frames[0].width / scale
    for box in boxes:
        cut = tuple(round(end * factor) for end in box)
        if cut[3] > frames[0].height:
            continue
        inks = [ink(frame.crop(cut)) for frame in frames]  # type: ignore[arg-type]
        assert min(inks) > 0.6 * max(inks), "a chart was blank, or half drawn, for a frame"
    for box in tools:
        cut = tuple(round(end * factor) for end in box)
        still = [frame.crop(cut) for frame in frames]  # type: ignore[arg-type]
        changed = [ink(ImageChops.invert(ImageChops.difference(still[0], p))) for p in still]
        assert max(changed) < 20, "something that stands still moved"
    assert reader.run("return shift") == 0
    reader.wait(lambda: reader.drawn()[-1] == epoch[0], "all epochs")


def ink(picture: Image.Image) -> int:
    """Pixels that are clearly not paper."""
    histogram = picture.convert("L").histogram()
    return sum(histogram[:160])
