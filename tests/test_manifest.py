"""What the product makes of a trainer's manifest, and of there being none."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from heimdall_dash.manifest import NO_TRAINER
from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.ui import texts
from heimdall_dash.ui.create_form import form_fields
from heimdall_dash.ui.page import page_config
from tests import small_trainer
from tests.conftest import Web, wait_for, web_settings
from tests.processes import Child
from tests.servers import free_port

ROOT = Path(__file__).resolve().parents[1]
OURS = re.compile(
    r"metre|gdop|rmse|p68|percentile|\bscene|emitter|receiver|\bVHF\b|oracle|cramér|_m\b", re.I
)


@pytest.fixture
def alone(valkey: EmbeddedStore, tmp_path: Path) -> Iterator[Web]:
    """A web server of which no trainer is told."""
    with Web(web_settings(valkey.url, tmp_path), NO_TRAINER) as server:
        yield server


def test_queued_job_has_the_key_metrics_of_its_trainer(client: httpx.Client) -> None:
    job = client.post("/jobs", json={"job_name": "x", "config": {"epochs": 2}}).json()
    client.post(f"/jobs/{job['id']}/cancel")
    assert (job["key_metrics"], job["total_epochs"]) == ({"top1": "max"}, 2)


def test_schema_and_config_leave_out_what_names_a_file_of_the_trainer(client: httpx.Client) -> None:
    schema = client.get("/config-schema").json()
    assert schema["properties"].keys() == small_trainer.Config.model_fields.keys() - {"dataset"}
    refused = client.post("/jobs", json={"job_name": "x", "config": {"dataset": "/etc/passwd"}})
    assert (refused.status_code, "dataset" in refused.json()["detail"]) == (422, True)


def test_page_is_told_what_the_manifest_says() -> None:
    told = page_config(small_trainer.MANIFEST)
    assert [chart["id"] for chart in told["charts"]] == ["loss-chart"]
    assert [figure["metric"] for figure in told["key_figures"]] == ["top1"]
    assert told["metrics"]["top5"]["unit"] == "%"
    assert (told["card"]["metric"], told["card"]["label"]) == ("top1", "Last top-1")
    assert form_fields(small_trainer.MANIFEST)[0].name == "epochs"
    assert "dataset" not in {field.name for field in form_fields(small_trainer.MANIFEST)}


def test_without_a_trainer_no_job_is_queued_and_others_are_welcome(alone: Web) -> None:
    with httpx.Client(base_url=alone.api) as client:
        for config in ({}, {"epochs": 3}):
            refused = client.post("/jobs", json={"job_name": "x", "config": config})
            assert refused.status_code == 409
            assert "external" in refused.json()["detail"]
        assert client.get("/config-schema").json()["properties"] == {}
        assert client.post("/jobs", json={"job_name": "x", "external": True}).status_code == 201


def test_without_a_trainer_the_page_does_not_speak_of_what_only_ours_knows(alone: Web) -> None:
    told = page_config()
    for name in ("charts", "key_figures", "metrics", "directions"):
        assert not told[name]
    layout = httpx.get(alone.url + "/_dash-layout").text
    units = json.dumps(told["texts"]["units"], ensure_ascii=False, separators=(",", ":"))
    assert units in layout
    assert OURS.findall(layout.replace(units, "")) == []
    assert texts.FORM_NO_TRAINER in layout
    assert "new-job" not in layout


@pytest.mark.parametrize("command", [["app.py"], ["-P", "-m", "heimdall_dash"]])
@pytest.mark.slow
def test_dashboard_starts_from_a_clone_without_the_trainer(
    valkey: EmbeddedStore, tmp_path: Path, command: list[str]
) -> None:
    clone, port = tmp_path / "clone", free_port()
    shutil.copytree(ROOT / "heimdall_dash", clone / "heimdall_dash")
    shutil.copy(ROOT / "app.py", clone)
    environment = {"PORT": str(port), "REDIS_URL": valkey.url, "HEIMDALL_DATA": str(tmp_path)}
    arguments = [str(clone / word) if word == "app.py" else word for word in command]
    with Child(tmp_path, *arguments, PYTHONPATH=str(clone), **environment) as child:

        def config() -> dict[str, object] | None:
            try:
                url = f"http://127.0.0.1:{port}/api/v1/training/config-schema"
                return dict(httpx.get(url).json())
            except httpx.TransportError:
                return None

        found = wait_for(lambda: config() or child.has_ended(), 40)
        assert not child.has_ended(), child.output
        assert found["properties"] == {}
        assert child.stop() in {0, -15}, child.output
