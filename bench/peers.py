"""Other trackers, measured beside ours: each in an environment that only the benchmarks make."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv-peers"
PACKAGES = ["trackio==0.43.0"]

TRACKIO = """
import json, os, sys, tempfile, time
os.environ["TRACKIO_DIR"] = tempfile.mkdtemp()
import trackio
row, calls = json.loads(sys.argv[1]), int(sys.argv[2])
trackio.init(project="bench", embed=False)
costs = []
for step in range(calls):
    start = time.perf_counter()
    trackio.log(row, step=step)
    costs.append(1e6 * (time.perf_counter() - start))
print("COSTS " + json.dumps(costs), flush=True)
os._exit(0)
"""


def trackio_costs(row: dict[str, Any], calls: int) -> list[float]:
    """Microseconds of `trackio.log(row)`, call by call, one after another."""
    done = subprocess.run(
        [str(_python()), "-c", TRACKIO, json.dumps(row), str(calls)],
        capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    line = next(line for line in done.stdout.splitlines() if line.startswith("COSTS "))
    costs: list[float] = json.loads(line.removeprefix("COSTS "))
    return costs


def _python() -> Path:
    python = ENVIRONMENT / "bin" / "python"
    made = ENVIRONMENT / "made.txt"
    if not made.exists() or made.read_text() != "\n".join(PACKAGES):
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        made.write_text("\n".join(PACKAGES))
    return python
