"""One stage for all faults: the whole system, a run of its own, viewers and a browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import LOST_LINK, Page, open_browser
from tests.conftest import wait_for
from tests.faults import table
from tests.faults.stage import WATCH_BADGE, Stage
from tests.faults.the_end import everybody_has_what_was_trained


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fault-table", type=Path, help="write the table of faults to this file, as JSON"
    )


@pytest.fixture(scope="session")
def whole_stage(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("stage")
    stage = Stage(folder)
    with open_browser(folder) as browser, stage.up():
        page = stage.page = Page(browser, stage)  # type: ignore[arg-type]
        page.expected_errors = LOST_LINK
        wait_for(lambda: stage.stored()[0], 60, "the first epochs")
        page.open(f"?job={stage.job_id}")
        page.wait_badge("CONNECTED")
        page.run(WATCH_BADGE)
        wait_for(lambda: stage.has_all(50), 60, f"all viewers to follow: {stage.where()}")
        yield stage
        stage.recover()
        everybody_has_what_was_trained(stage)
    print("\n" + table.shown(stage.rows))
    path: Path | None = pytestconfig.getoption("--fault-table", None)
    if path is not None:
        table.keep(path, stage.rows)


@pytest.fixture
def stage(whole_stage: Stage) -> Stage:
    """Everything runs and follows, whatever an earlier fault left behind."""
    whole_stage.recover()
    return whole_stage
