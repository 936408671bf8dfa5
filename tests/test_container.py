"""The container files: what a linter says, and that they start what the Procfile starts."""

import subprocess
import sys
from pathlib import Path

import yaml

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
