"""The table of all runs by hand: 40 of a sweep and odd names, in one session."""

import csv
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser.conftest import Page
from tests.browser.test_accessibility import violations

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TABLE = "const table = dash_clientside.heimdall?.page?.table;"
ODD = '<a href="javascript:alert(1)">=cmd</a>'


@pytest.fixture
def rest(reader: Page) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=reader.server.url + "/api/v1/training", timeout=20) as client:
        yield client


def add(rest: httpx.Client, name: str, config: dict[str, Any], loss: float) -> str:
    body = {"job_name": name, "external": True, "config": config, "key_metrics": {"val/f": "max"}}
    job_id = str(rest.post("/jobs", json=body).json()["id"])
    rows = [{"epoch": i, "val/f": loss * i, "other": i} for i in (1, 2)]
    rest.post(f"/jobs/{job_id}/metrics", json=rows).raise_for_status()
    rest.post(f"/jobs/{job_id}/status", json={"status": "completed"}).raise_for_status()
    return job_id


def shown(page: Page) -> list[str]:
    found: list[str] = page.run(
        TABLE + "return table?.api && table.names['val/f'] ? table.shown() : []"
    )
    return found


def picked(page: Page) -> list[str]:
    found: list[str] = page.run(TABLE + "return table?.api ? table.picked() : []")
    return found


def names(page: Page) -> list[str]:
    found: list[str] = page.run(
        "return [...document.querySelectorAll('#runs-table [col-id=job_name] .ag-cell-value')]"
        ".map((cell) => cell.textContent)"
    )
    return found


def test_sweep_is_filtered_chosen_from_organised_and_deleted_with_a_way_back(
    reader: Page, rest: httpx.Client
) -> None:
    ids = [
        add(rest, f"sweep {i}", {"lr": 0.002 * i, "same": 1, "kind": "ab"[i % 2]}, float(i))
        for i in range(40)
    ]
    odd = add(rest, ODD, {"lr": 5, "=x": "<b>", "same": 1}, 1.0)
    reader.open("?tab=jobs&search=lr < 0.01")
    reader.wait(lambda: len(shown(reader)) == 5, "those with a small rate")
    assert set(shown(reader)) == set(ids[:5])
    columns = reader.run(TABLE + "return table.columns()")
    assert columns[-4:-2] == ["config:kind", "config:lr"]  # and not what all share

    reader.run(TABLE + "table.api.applyColumnState({state: [{colId: 'best:val/f', sort: 'desc'}]})")
    reader.wait(lambda: shown(reader)[0] == ids[4], "the best first")
    reader.wait(lambda: "sort=best" in reader.driver.current_url, "the order in the link")
    for box in reader.driver.find_elements(
        By.CSS_SELECTOR, "#runs-table .ag-pinned-left-cols-container .ag-selection-checkbox input"
    )[:2]:
        box.click()
    href = reader.driver.find_element(By.ID, "show-selected").get_attribute("href")
    assert href.endswith(f"?runs={ids[4]},{ids[3]}") or href.endswith(f"?runs={ids[3]},{ids[4]}")

    reader.click("#runs-csv")
    file = reader.browser.downloads / "runs.csv"
    reader.wait(file.exists, "the download")
    header, *lines = csv.reader(file.read_text("utf-8-sig").splitlines())
    assert [*header[:3], header[-1]] == ["id", "job_name", "status", "duration"]
    assert [line[0] for line in lines] == [ids[4], ids[3]]

    word = reader.driver.find_element(By.ID, "runs-word")
    word.send_keys("a group")
    reader.click("#runs-group")
    group = lambda job_id: rest.get(f"/jobs/{job_id}").json()["job"]["group"]  # noqa: E731
    reader.wait(lambda: group(ids[4]) == group(ids[3]) == "a group", "both to be grouped")
    word.send_keys("best")
    reader.click("#runs-tag")
    tags = lambda job_id: rest.get(f"/jobs/{job_id}").json()["job"]["tags"]  # noqa: E731
    reader.wait(lambda: tags(ids[4]) == tags(ids[3]) == ["best"], "both to be tagged")

    link = reader.driver.current_url
    reader.driver.get(link)
    reader.wait(lambda: shown(reader)[:1] == [ids[4]], "the same order")
    reader.wait(lambda: len(picked(reader)) == 2, "the same selection")

    reader.click("#runs-delete")
    reader.click("#runs-delete-yes")
    reader.wait(lambda: len(shown(reader)) == 3, "two to be gone")
    assert rest.get(f"/jobs/{ids[4]}").json()["job"]["delete_at"]
    reader.driver.get(link)  # the way back survives a closed page
    reader.wait(lambda: shown(reader), "the table")
    reader.wait(lambda: "2 runs are deleted" in reader.text("runs-undo"), "the way back")
    reader.click("#runs-undo-yes")
    reader.wait(lambda: len(shown(reader)) == 5, "both to be back")

    reader.click("#runs-hide")
    reader.wait(lambda: len(shown(reader)) == 3, "two to be hidden")
    reader.click("label[for=runs-hidden]")
    reader.wait(lambda: len(shown(reader)) == 5, "them among the others")
    reader.wait(lambda: "hidden=1" in reader.driver.current_url, "that in the link")
    reader.wait(lambda: len(picked(reader)) == 2, "the same selection")
    reader.click("#runs-hide")
    reader.wait(lambda: not rest.get(f"/jobs/{ids[4]}").json()["job"]["is_hidden"], "back again")

    reader.click("#runs-columns-details summary")
    reader.click("#runs-columns")
    reader.driver.find_element(By.ID, "runs-columns").send_keys(
        "other, last", Keys.ARROW_DOWN, Keys.ENTER, Keys.ESCAPE
    )
    reader.wait(lambda: "last:other" in reader.run(TABLE + "return table.columns()"), "its column")
    cell = TABLE + "return table.rows.get(arguments[0])['last:other']"
    reader.wait(lambda: reader.run(cell, ids[4]) == 2, "its number")

    reader.click("#show-selected")
    on_charts = "return dash_clientside.heimdall.page.picked.ids()"
    reader.wait(lambda: reader.run(on_charts) == [ids[4], ids[3]], "both on the charts")
    reader.wait(lambda: "tab=" not in reader.driver.current_url, "the tab Metrics")
    reader.wait(
        lambda: reader.driver.find_element(By.CSS_SELECTOR, "#run-picks").is_displayed(), "them"
    )

    reader.open("?tab=jobs&search=lr=5")
    reader.wait(lambda: shown(reader) == [odd], "the odd one")
    reader.wait(lambda: names(reader) == [ODD], "its name as text")
    assert reader.run("return document.querySelectorAll('#runs-table a').length") == 0

    reader.click("#runs-table [col-id=job_name] .ag-cell-value")
    reader.wait(lambda: reader.run(on_charts) == [odd], "its charts, by its name in the table")

    reader.open("?tab=jobs&search=sweep")
    reader.wait(lambda: len(shown(reader)) == 40, "the sweep")
    reader.click("#parameters-details summary")
    reader.wait(lambda: "lr: rank correlation 1.00" in reader.text("parameters"), "parameters")
    for scheme in ("light", "dark"):
        reader.screen(scheme=scheme)
        assert violations(reader) == []


def test_notes_are_shown_without_scripts_and_a_new_name_is_seen_by_others(
    reader: Page, rest: httpx.Client
) -> None:
    job_id = add(rest, "plain", {}, 1.0)
    reader.open(f"?job={job_id}")
    mine = reader.driver.current_window_handle
    reader.driver.switch_to.new_window("tab")
    theirs = reader.driver.current_window_handle
    reader.open(f"?job={job_id}")
    reader.driver.switch_to.window(mine)
    reader.click("details:has(#job-rename) > summary")
    name = reader.driver.find_element(By.ID, "job-rename")
    reader.wait(lambda: name.get_attribute("value") == "plain", "its name")
    name.send_keys(" and new", Keys.ENTER)
    read = lambda: rest.get(f"/jobs/{job_id}").json()["job"]  # noqa: E731
    reader.wait(lambda: read()["job_name"] == "plain and new", "the new name")
    reader.driver.switch_to.window(theirs)
    reader.wait(lambda: "plain and new" in reader.driver.title, "the new name in another window")
    reader.driver.close()
    reader.driver.switch_to.window(mine)

    notes = (
        "**bold** ![x](http://127.0.0.1:9/x.png) [bad](javascript:alert(1)) <img src=x onerror=1>"
    )
    reader.driver.find_element(By.ID, "job-notes").send_keys("half a thought")
    rest.patch(f"/jobs/{job_id}", json={"notes": notes, "group": "theirs"}).raise_for_status()
    group = "return document.getElementById('job-group').value"
    reader.wait(lambda: reader.run(group) == "theirs", "what another said")
    assert reader.run("return document.getElementById('job-notes').value") == "half a thought"

    reader.open(f"?job={job_id}")
    reader.click("details:has(#job-rename) > summary")
    inside = "const box = document.getElementById('job-notes-shown');"
    reader.wait(lambda: reader.run(inside + "return box.querySelector('strong')"), "Markdown")
    assert reader.run(inside + "return box.querySelectorAll('img, script').length") == 0
    hrefs = reader.run(inside + "return [...box.querySelectorAll('a')].map((a) => a.href)")
    # A picture is a link, not fetched; the second is what dcc.Markdown makes of a script.
    assert hrefs == ["http://127.0.0.1:9/x.png", "javascript:void(0)"]
