"""Several runs on the same charts: picked, live, in the link; grouped; read at one epoch."""

from collections.abc import Callable
from typing import Any

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from heimdall_dash import Job
from tests.browser.conftest import Page, log_epochs

pytestmark = pytest.mark.browser

StartJob = Callable[..., Job]

PICKS = (
    "return [...document.querySelectorAll('#run-picks .run-pick')].map((pick) => ({"
    "  id: pick.dataset.run, name: pick.querySelector('.pick-name').textContent,"
    "  state: pick.querySelector('.pick-state').textContent,"
    "  value: pick.querySelector('.pick-value').textContent,"
    "  color: pick.querySelector('line').getAttribute('stroke'),"
    "  isShown: pick.querySelector('.pick-eye').ariaPressed === 'true',"
    "  isFront: pick.classList.contains('is-front')}))"
)
LINES = (
    "return (document.querySelector(`#${arguments[0]} .js-plotly-plot`)?.data ?? [])"
    ".filter((line) => line.run)"
    ".map((line) => ({run: line.run, metric: line.meta, last: line.x.at(-1),"
    "  color: line.line?.color, dash: line.line?.dash, isOut: line.visible === 'legendonly'}))"
)
READ = (
    "const box = document.getElementById('epoch-readout');"
    "return {isShown: !box.hidden, where: box.querySelector('.readout-where').textContent,"
    "  rows: [...box.querySelectorAll('li')].map((row) => [row.closest('section').dataset.chart,"
    "    row.dataset.run, row.dataset.metric, row.querySelector('.readout-value').textContent])}"
)
CROSSHAIRS = "return document.querySelectorAll('.chart .crosshair').length"


def picks(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.run(PICKS)
    return found


def lines(page: Page, chart: str = "loss-chart") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.run(LINES, chart)
    return found


def runs_on(page: Page, chart: str = "loss-chart") -> set[str]:
    return {line["run"] for line in lines(page, chart)}


def read(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.run(READ)
    return found


def value_of(page: Page, run: str, metric: str) -> str | None:
    rows = read(page)["rows"]
    return next((row[3].split()[0] for row in rows if row[1:3] == [run, metric]), None)


def number_of(page: Page, run: str) -> float | None:
    text = value_of(page, run, "val_loss")
    return float(text) if text and text[0].isdigit() else None


def go_to(page: Page, epoch: int) -> None:
    page.run("dash_clientside.heimdall.page.crosshair.goTo(arguments[0])", epoch)
    page.wait(lambda: read(page)["where"] == f"Epoch {epoch}", f"epoch {epoch}")


def texts_in_picture(page: Page, chart: str) -> list[str]:
    """Of the file that the chart's menu saves."""
    page.run(
        "window.saved = null; const made = URL.createObjectURL;"
        "URL.createObjectURL = (file) => { file.text().then((text) => { window.saved = text; });"
        "  URL.createObjectURL = made; return made.call(URL, file); };"
        "const card = document.querySelector(`[data-chart=${arguments[0]}]`);"
        "card.querySelector('.chart-buttons [aria-haspopup]').click();"
        "document.querySelector('#chart-menu [data-do=save_svg]').click()",
        chart,
    )
    page.wait(lambda: page.run("return window.saved"), "the picture")
    return page.run(  # type: ignore[no-any-return]
        "const picture = new DOMParser().parseFromString(window.saved, 'image/svg+xml');"
        "return [...picture.querySelectorAll('text, tspan')].map((one) => one.textContent)"
    )


def pick_by_hand(page: Page, name: str) -> None:
    field = page.driver.find_element(By.ID, "run-add")
    field.click()
    field.send_keys(name)
    options = (
        "return [...document.querySelectorAll('[role=option]')].filter((o) => o.checkVisibility())"
    )
    page.wait(
        lambda: [o.text for o in page.run(options) if o.text.startswith(name)],
        f"{name} in the list",
    )
    next(o for o in page.run(options) if o.text.startswith(name)).click()
    field.send_keys(Keys.ESCAPE)


@pytest.fixture
def three(reader: Page, train: StartJob) -> tuple[Job, Job, Job]:
    """Two runs that are over, and one that goes on; the first is chosen."""
    runs = (
        train("alpha", config={"seed": 1, "depth": 3}),
        train("beta", config={"seed": 2, "depth": 3}),
        train("gamma", config={"seed": 3, "depth": 5}),
    )
    for run, last in zip(runs, (20, 30, 10), strict=True):
        log_epochs(run, 1, last)
    for run in runs[:2]:
        run.finish("completed")
    reader.open(f"?job={runs[0].id}")
    reader.wait(lambda: len(reader.epochs()) == 20, "the chosen run")
    return runs


def test_runs_are_picked_by_hand_and_stand_on_every_chart_live(
    reader: Page, three: tuple[Job, Job, Job]
) -> None:
    alpha, beta, gamma = three
    assert [pick["name"] for pick in picks(reader)] == ["alpha"]
    for epoch, name in ((11, "beta"), (12, "gamma")):
        log_epochs(gamma, epoch, epoch)  # a live job among them takes no pick away
        pick_by_hand(reader, name)
    reader.wait(lambda: len(picks(reader)) == 3, "three picks")
    for epoch in range(13, 19):
        log_epochs(gamma, epoch, epoch)
    ids = [run.id for run in three]
    for chart in ("loss-chart", "rmse-chart", "gradient-chart"):
        reader.show(chart)
        reader.wait(lambda: runs_on(reader, chart) == set(ids), f"all runs on {chart}")  # noqa: B023
    reader.show("loss-chart")
    reader.wait(
        lambda: {line["last"] for line in lines(reader) if line["run"] == gamma.id} == {18}, "live"
    )
    shown = picks(reader)
    assert [pick["id"] for pick in shown] == ids
    assert [pick["state"] for pick in shown] == ["completed", "completed", "running"]
    assert all(pick["value"] for pick in shown)
    assert len({pick["color"] for pick in shown}) == 3
    for line in lines(reader):
        assert line["color"] == next(p["color"] for p in shown if p["id"] == line["run"])
        assert line["dash"] == ("dot" if line["metric"] == "train_loss" else "solid")

    reader.run("scrollTo(0, 0)")
    colors = {pick["id"]: pick["color"] for pick in shown}
    reader.driver.find_element(By.CSS_SELECTOR, f"[data-run='{beta.id}'] .pick-eye").click()
    reader.wait(lambda: runs_on(reader) == {alpha.id, gamma.id}, "beta out of sight")
    reader.wait(lambda: f"hide={beta.id}" in reader.driver.current_url, "in the link")
    reader.driver.find_element(By.CSS_SELECTOR, f"[data-run='{alpha.id}'] .pick-remove").click()
    reader.wait(lambda: runs_on(reader) == {gamma.id}, "alpha gone")
    assert reader.text("job-status") == "completed", "the next one is chosen"
    address = reader.driver.current_url
    reader.driver.get("about:blank")
    reader.open(address.split("/", 3)[3])
    reader.wait(lambda: len(picks(reader)) == 2, "the same picks")
    again = picks(reader)
    assert [(p["id"], p["isShown"]) for p in again] == [(beta.id, False), (gamma.id, True)]
    assert {p["id"]: p["color"] for p in again} == {i: colors[i] for i in (beta.id, gamma.id)}
    reader.driver.find_element(By.CSS_SELECTOR, f"[data-run='{gamma.id}'] .pick-eye").click()
    card = "return document.querySelector('.chart-card:has(#loss-chart)').innerText"
    reader.wait(lambda: "Every run is hidden" in reader.run(card), "not: published nothing")


def test_a_link_with_an_unknown_run_shows_the_others_and_asks_for_each_once(
    reader: Page, three: tuple[Job, Job, Job]
) -> None:
    reader.expected_errors = ("404",)
    gone = "00000000-0000-4000-8000-000000000001"
    ids = [run.id for run in three]
    reader.open("?runs=" + ",".join([*ids, gone]))
    reader.wait(lambda: runs_on(reader) == set(ids), "the three that there are")
    reader.wait(lambda: picks(reader)[3]["state"] == "not there", "what is said of the fourth")
    for epoch in (11, 12, 13):
        log_epochs(three[2], epoch, epoch)
        reader.wait(lambda: epoch in {line["last"] for line in lines(reader)}, "live")  # noqa: B023
    asked: list[str] = reader.run(
        "return performance.getEntriesByType('resource').map((entry) => entry.name)"
        ".filter((name) => name.includes('/metrics?'))"
    )
    assert sorted(url.split("/jobs/")[1].split("/")[0] for url in asked) == sorted([*ids, gone])


def test_a_line_and_its_entry_come_forward_together(
    reader: Page, three: tuple[Job, Job, Job]
) -> None:
    reader.open("?runs=" + ",".join(run.id for run in three))
    reader.wait(lambda: len(runs_on(reader)) == 3, "three runs")
    entry = reader.driver.find_element(By.CSS_SELECTOR, f"[data-run='{three[1].id}'] .pick-name")
    reader.run("scrollTo(0, 0)")
    ActionChains(reader.driver).move_to_element(entry).perform()
    drawn = "return document.querySelectorAll('#loss-chart .trace.is-front').length"
    reader.wait(lambda: reader.run(drawn) == 2, "its two lines forward")
    assert reader.run("return document.querySelectorAll('#loss-chart .trace.is-back').length") >= 4
    reader.show("loss-chart")
    plot = reader.driver.find_element(By.CSS_SELECTOR, "#loss-chart .nsewdrag")
    ActionChains(reader.driver).move_to_element_with_offset(plot, 60, 40).perform()
    reader.wait(lambda: any(pick["isFront"] for pick in picks(reader)), "the entry of a line")


def test_every_digit_is_read_in_all_charts_by_mouse_keys_and_number(
    reader: Page, train: StartJob
) -> None:
    first, second = train("exact"), train("other")
    for epoch in range(1, 41):
        first.log(
            epoch,
            val_loss=1 / (epoch + 2),
            train_loss=(epoch + 0.5) / 7,
            learning_rate=1e-3 / epoch,
        )
        second.log(epoch, val_loss=2 / (epoch + 2), learning_rate=1e-7)
    reader.open(f"?runs={first.id},{second.id}")
    reader.wait(lambda: len(runs_on(reader)) == 2, "both runs")
    reader.show("loss-chart")
    box = reader.driver.find_element(By.ID, "loss-chart")
    plot = reader.driver.find_element(By.CSS_SELECTOR, "#loss-chart .nsewdrag")
    ActionChains(reader.driver).move_to_element(plot).perform()
    reader.wait(lambda: read(reader)["isShown"], "the readout")
    epoch = int(read(reader)["where"].removeprefix("Epoch "))
    assert value_of(reader, first.id, "val_loss") == f"{1 / (epoch + 2)!r}"
    assert value_of(reader, second.id, "val_loss") == f"{2 / (epoch + 2)!r}"
    assert value_of(reader, second.id, "train_loss") is None
    seen = reader.run(
        "return [...dash_clientside.heimdall.page.painter.cards.values()]"
        ".filter((c) => c.inView && !c.isEmpty && c.hasPlot).length"
    )
    assert reader.run(CROSSHAIRS) == seen >= 2
    covered = reader.run(
        "const a = document.getElementById('epoch-readout').getBoundingClientRect();"
        "const b = document.querySelector('#loss-chart .nsewdrag').getBoundingClientRect();"
        "return a.top < b.bottom && b.top < a.bottom"
    )
    assert not covered, "the readout lies over the chart that is read"

    box.send_keys(Keys.ARROW_RIGHT)
    reader.wait(lambda: read(reader)["where"] == f"Epoch {epoch + 1}", "the next epoch")
    assert value_of(reader, first.id, "train_loss") == f"{(epoch + 1.5) / 7!r}"
    box.send_keys(Keys.ESCAPE)
    reader.wait(lambda: not read(reader)["isShown"], "nothing read")

    box.send_keys("+")
    box.send_keys("+")
    reader.wait(lambda: reader.layout("loss-chart", "xaxis.range")[1] < 40, "a zoom")
    heights = reader.layout("loss-chart", "yaxis.range")
    go = reader.driver.find_element(By.ID, "goto-epoch")
    go.send_keys("40", Keys.ENTER)
    reader.wait(lambda: read(reader)["where"] == "Epoch 40", "epoch 40")
    low, high = reader.layout("loss-chart", "xaxis.range")
    assert low < 40 < high, "the zoom moved to it"
    reader.wait(lambda: reader.layout("loss-chart", "yaxis.range") != heights, "heights follow")
    reader.click("#epoch-readout [data-order=value]")
    reader.wait(lambda: "readout=value" in reader.driver.current_url, "the order in the link")
    ordered = [row[3].split()[0] for row in read(reader)["rows"] if row[2] == "val_loss"]
    assert ordered == sorted(ordered, key=float, reverse=True)
    reader.run("dash_clientside.heimdall.page.crosshair.clear()")


def test_groups_show_mean_and_band_and_how_many_runs(
    reader: Page, three: tuple[Job, Job, Job]
) -> None:
    reader.open("?runs=" + ",".join(run.id for run in three))
    reader.wait(lambda: len(runs_on(reader)) == 3, "three runs")
    reader.click("#group-by")
    option = (
        "return [...document.querySelectorAll('[role=option]')]"
        ".find((o) => o.textContent === 'Config: depth' && o.checkVisibility())"
    )
    reader.wait(lambda: reader.run(option), "what they differ in")
    reader.run(option).click()
    reader.wait(lambda: runs_on(reader) == {"group:3", "group:5"}, "two groups")
    reader.wait(lambda: "group=config%3Adepth" in reader.driver.current_url, "in the link")
    key = (
        "return [...document.querySelectorAll('#group-key li')]"
        ".map((one) => [one.textContent, one.querySelector('line').getAttribute('stroke')])"
    )
    drawn = {line["run"]: line["color"] for line in lines(reader) if line["metric"] == "val_loss"}
    assert reader.run(key) == [["3 (2)", drawn["group:3"]], ["5 (1)", drawn["group:5"]]]
    colors = [pick["color"] for pick in picks(reader)]
    assert colors == [drawn["group:3"], drawn["group:3"], drawn["group:5"]]
    reader.show("loss-chart")
    assert {"3 (2)", "5 (1)"} <= set(texts_in_picture(reader, "loss-chart"))
    bands = (
        "return document.querySelector('#loss-chart .js-plotly-plot')"
        ".data.filter((line) => line.fill).length"
    )
    assert reader.run(bands) == 4
    assert "min–max" in reader.run(
        "return document.querySelector('[data-note=loss-chart]').textContent"
    )
    hover = (
        "return document.querySelector('#loss-chart .js-plotly-plot').data"
        ".find((line) => line.run === 'group:3' && line.meta === 'val_loss' && !line.fill).text"
    )
    texts = reader.run(hover)
    assert texts[0].endswith("2 runs"), texts[0]
    assert texts[29].endswith("1 run"), texts[29]


def test_group_of_long_runs_is_the_mean_of_all_that_they_logged(
    reader: Page, train: StartJob
) -> None:
    runs = [train(f"long {seed}", config={"lr": 0.1, "seed": seed}) for seed in range(3)]
    for seed, run in enumerate(runs):
        for epoch in range(1, 3001):  # of the runs laid over the first, two in three are not here
            run.log(epoch, val_loss=2.0 + (epoch * (seed + 3) % 7) / 7)
    # a value of no group: there is one group of three
    reader.open("?runs=" + ",".join(run.id for run in runs) + "&group=config%3Alr")
    group = (
        "const line = document.querySelector('#loss-chart .js-plotly-plot')?.data"
        ".find((one) => one.run === 'group:0.1' && !one.fill);"
        "return line ? {x: line.x, y: line.y, text: line.text} : null"
    )
    reader.wait(lambda: reader.run(group), "the group's mean")
    reader.show("loss-chart")

    def truth(epoch: int) -> float:
        return sum(2.0 + (epoch * (seed + 3) % 7) / 7 for seed in range(3)) / 3

    line = reader.run(group)
    assert (line["x"][0], line["x"][-1]) == (1, 3000)
    assert line["y"] == pytest.approx([truth(epoch) for epoch in line["x"]])
    assert all(text.endswith("3 runs") for text in line["text"])
    for run in runs[:2]:
        run.log(3001, val_loss=5.0)
    reader.wait(lambda: reader.run(group)["x"][-1] == 3001, "the newest epoch")
    reader.wait(lambda: reader.run(group)["text"][-1].endswith("2 runs"), "of those that have it")
    go_to(reader, 1001)
    exact = pytest.approx(truth(1001))
    reader.wait(lambda: number_of(reader, "group:0.1") == exact, "the mean there")
    reader.run("dash_clientside.heimdall.page.zoomed('loss-chart', {x: [1000, 1040], y: null})")
    near = "the stretch as it was logged"
    reader.wait(lambda: set(range(1000, 1041)) <= set(reader.run(group)["x"]), near)
    line = reader.run(group)
    assert line["y"] == pytest.approx([truth(epoch) for epoch in line["x"]])
    reader.run("dash_clientside.heimdall.page.zoomed('loss-chart', null)")
    reader.choose_segment("x-axis", "relative")
    reader.wait(
        lambda: (line := reader.run(group)) and line["x"][-1] != 3001,
        "seconds since each run's beginning",
    )
    assert reader.run(group)["y"][0] == pytest.approx(2.5, abs=0.6)
    assert "Epoch" not in reader.run(group)["text"][0]


def test_epoch_that_was_left_out_of_long_runs_is_read_as_it_was_logged(
    reader: Page, train: StartJob
) -> None:
    runs = [train(f"long {seed}", config={"seed": seed}) for seed in range(2)]
    for seed, run in enumerate(runs):
        for epoch in range(1, 25_001):
            if epoch != 12_346:
                run.log(epoch, val_loss=1 + (epoch * (seed + 3) % 1013) / 1013)
        run.finish("completed")
    reader.open("?runs=" + ",".join(run.id for run in runs))
    reader.wait(lambda: len(runs_on(reader)) == 2, "both runs")
    reader.show("loss-chart")
    for epoch in (12_345, 4_321):
        go_to(reader, epoch)
        for seed, run in enumerate(runs):
            logged = 1 + (epoch * (seed + 3) % 1013) / 1013
            reader.wait(lambda run=run, logged=logged: number_of(reader, run.id) == logged, "it")
    reader.run("dash_clientside.heimdall.page.crosshair.goTo(12346)")
    reader.wait(lambda: "nearest to 12346" in read(reader)["where"], "nobody logged that one")


def test_an_old_link_to_the_comparison_opens_its_runs(
    reader: Page, three: tuple[Job, Job, Job]
) -> None:
    alpha, beta, _ = three
    reader.open(f"?tab=compare&compare={beta.id},{alpha.id}&metric=val_rmse_m&cx=relative")
    reader.wait(lambda: runs_on(reader) == {alpha.id, beta.id}, "both runs")
    assert [pick["id"] for pick in picks(reader)] == [beta.id, alpha.id]
    tab = "return document.querySelector('[role=tab][aria-selected=true]').textContent"
    assert reader.run(tab) == "Metrics"


def test_a_line_put_out_in_the_legend_stays_out(reader: Page, three: tuple[Job, Job, Job]) -> None:
    gamma = three[2]
    reader.open(f"?job={gamma.id}")
    reader.wait_badge("CONNECTED")
    reader.show("loss-chart")
    reader.wait(lambda: len(lines(reader)) == 2, "two lines")
    reader.driver.find_element(By.CSS_SELECTOR, "#loss-chart .legendtoggle").click()

    def out() -> list[str]:
        return [line["metric"] for line in lines(reader) if line["isOut"]]

    reader.wait(lambda: len(out()) == 1, "one line out")
    gone = out()
    log_epochs(gamma, 11, 14)
    reader.wait(lambda: lines(reader)[0]["last"] == 14, "live")
    assert out() == gone
    reader.choose_segment("scale-loss-chart", "log")
    reader.wait(lambda: reader.layout("loss-chart", "yaxis.type") == "log", "the other scale")
    assert out() == gone
    reader.wait(lambda: f"off.loss-chart={gone[0]}" in reader.driver.current_url, "in the link")


def test_paused_updates_hold_news_and_nothing_else(
    reader: Page, three: tuple[Job, Job, Job]
) -> None:
    gamma = three[2]
    reader.open(f"?job={gamma.id}&rate=paused")
    reader.wait(lambda: len(reader.drawn()) == 10, "a link with updates paused draws")
    reader.show("loss-chart")  # a first drawing measures itself and is drawn once more
    log_epochs(gamma, 11, 12)
    reader.wait(lambda: len(reader.epochs()) == 12, "news")
    assert len(reader.drawn()) == 10
    reader.choose_segment("x-axis", "relative")
    reader.wait(lambda: reader.layout("loss-chart", "xaxis.title.text").startswith("Time"), "axis")
    reader.choose_segment("update-rate", "live")
    reader.wait(lambda: len(reader.drawn()) == 12, "what was held")


def test_a_finger_scrolls_a_tap_reads_two_fingers_zoom(
    reader: Page, three: tuple[Job, Job, Job]
) -> None:
    alpha = three[0]
    reader.screen(390)
    command = reader.driver.execute_cdp_cmd
    command("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 2})
    try:
        reader.open(f"?job={alpha.id}")
        reader.show("loss-chart")
        reader.wait(lambda: len(reader.drawn()) == 20, "the chart")
        place = (
            "const r = document.querySelector('#loss-chart .nsewdrag').getBoundingClientRect();"
            "return [r.left, r.top, r.width, r.height]"
        )

        def touch(kind: str, *points: tuple[float, float]) -> None:
            where = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
            command("Input.dispatchTouchEvent", {"type": kind, "touchPoints": where})

        left, top, width, height = reader.run(place)
        middle = top + height / 2
        touch("touchStart", (left + width / 2, middle))
        touch("touchEnd")
        reader.wait(lambda: read(reader)["isShown"], "the readout after a tap")
        reader.run("dash_clientside.heimdall.page.crosshair.clear()")

        before = reader.run("return scrollY")
        touch("touchStart", (left + width / 2, middle))
        for step in range(1, 15):
            touch("touchMove", (left + width / 2, middle - 15 * step))
        touch("touchEnd")
        reader.wait(lambda: reader.run("return scrollY") > before + 100, "the page scrolls")
        assert reader.run("return Object.keys(dash_clientside.heimdall.page.view.zooms)") == []

        reader.show("loss-chart")
        left, top, width, height = reader.run(place)
        middle = top + height / 2
        whole = reader.layout("loss-chart", "xaxis.range")
        touch("touchStart", (left + width * 0.4, middle), (left + width * 0.6, middle))
        for step in range(1, 5):
            spread = 0.1 + 0.05 * step
            touch(
                "touchMove",
                (left + width * (0.5 - spread), middle),
                (left + width * (0.5 + spread), middle),
            )
        touch("touchEnd")
        reader.wait(
            lambda: (
                (now := reader.layout("loss-chart", "xaxis.range"))
                and now[1] - now[0] < 0.6 * (whole[1] - whole[0])
            ),
            "two fingers zoom",
        )
    finally:
        command("Emulation.setTouchEmulationEnabled", {"enabled": False})
        reader.screen()
