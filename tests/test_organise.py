"""Runs put in order from a script, over real HTTP."""

import httpx
import pytest

from heimdall_dash import organise, read
from heimdall_dash.errors import DashboardRefused
from tests.conftest import Web
from tests.test_jobs_api import new_external


@pytest.fixture(autouse=True)
def _home(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEIMDALL_URL", web.url)


def test_job_is_renamed_tagged_grouped_noted_and_hidden(client: httpx.Client) -> None:
    job_id = new_external(client)
    organise.change(job_id[:8], name="σ ablation", tags=["a, b", "c"], notes="**well**")
    organise.change(read.jobs().loc[job_id], group="g", is_hidden=True)
    told = client.get(f"/jobs/{job_id}").json()["job"]
    assert (told["job_name"], told["tags"], told["group"], told["notes"], told["is_hidden"]) == (
        "σ ablation", ["a, b", "c"], "g", "**well**", True,
    )  # fmt: skip
    changed = organise.change(job_id, tags=None, group=None, notes=None, is_hidden=False)
    assert (changed["tags"], changed["group"], changed["notes"]) == ([], None, None)
    assert (changed["job_name"], changed["is_hidden"]) == ("σ ablation", False)


def test_what_cannot_be_is_refused_and_changes_nothing(client: httpx.Client) -> None:
    job_id = new_external(client)
    with pytest.raises(DashboardRefused, match="tags"):
        organise.change(job_id, name="other", tags=["x" * 500])
    assert client.get(f"/jobs/{job_id}").json()["job"]["job_name"] == "VHF"
    with pytest.raises(DashboardRefused, match="no job"):
        organise.change("nobody", name="x")
