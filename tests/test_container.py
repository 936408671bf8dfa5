"""The container files: what a linter says, and that they start what the Procfile starts."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from heimdall_dash.store.embedded import EmbeddedStore
from tests.conftest import Web, web_settings

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent


def procfile() -> dict[str, str]:
    lines = (ROOT / "Procfile").read_text().splitlines()
    return {name: command.strip() for name, _, command in (line.partition(":") for line in lines)}


def test_container_file_passes_its_linter() -> None:
    done = subprocess.run(
        [BIN / "hadolint", "--no-color", "--failure-threshold", "warning", ROOT / "Dockerfile"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_compose_file_is_one() -> None:
    check = [BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*check, ROOT / "compose.yaml"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_containers_start_what_the_procfile_starts() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    text = (ROOT / "Dockerfile").read_text()
    for name, command in procfile().items():
        assert services[name]["command"] == command
        assert services[name]["build"]["target"] == name
        assert f"AS {name}\n" in text
        words = ", ".join(f'"{word}"' for word in command.split())
        assert f"CMD [{words}]\n" in text


def test_container_copies_what_there_is() -> None:
    for line in (ROOT / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY "):
            for name in line.split()[1:-1]:
                assert (ROOT / name).exists(), name


def test_kubernetes_recipe_fits_together_and_its_probe_asks_with_the_token(
    valkey: EmbeddedStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its form is checked by hand, with kubernetes-validate: 108 MB of schemas."""
    (text,) = re.findall(
        r"```yaml\n(apiVersion: v1\nkind: Secret.*?)```",
        (ROOT / "docs" / "deploy.md").read_text(),
        re.DOTALL,
    )
    secret, deployment, service, ingress = yaml.safe_load_all(text)
    pod = deployment["spec"]["template"]
    assert pod["metadata"]["labels"] == service["spec"]["selector"]
    assert deployment["spec"]["selector"]["matchLabels"] == service["spec"]["selector"]
    (container,) = pod["spec"]["containers"]
    (source,) = container["envFrom"]
    assert source["secretRef"]["name"] == secret["metadata"]["name"]
    (path,) = ingress["spec"]["rules"][0]["http"]["paths"]
    assert path["backend"]["service"]["name"] == service["metadata"]["name"]
    port = path["backend"]["service"]["port"]["number"]
    assert {port} == {one["targetPort"] for one in service["spec"]["ports"]}
    assert {port} == {one["containerPort"] for one in container["ports"]}

    given = {one["name"].lower(): one["value"] for one in container["env"]}
    assert (given.pop("port"), given["heimdall_prefix"]) == (str(port), path["path"])
    token = "0123456789abcdef"
    settings = web_settings(valkey.url, tmp_path, heimdall_token=token, **given)
    program, *rest = container["livenessProbe"]["exec"]["command"]
    assert program == "python"
    command = [sys.executable, *(one.replace(f":{port}/", f":{settings.port}/") for one in rest)]
    with Web(settings):
        for shown, code in ((token, 0), ("another", 1)):
            monkeypatch.setenv("HEIMDALL_TOKEN", shown)
            assert subprocess.run(command, capture_output=True).returncode == code
