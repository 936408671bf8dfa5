"""What all benchmarks share: Markdown tables and JSON files of figures."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A Markdown table; None is a dash, a float has four significant digits."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_shown(cell) for cell in line) + " |" for line in lines)


def keep(results: Path, name: str, figures: Any) -> None:
    """Writes `<results>/<name>.json`: the figures, when and on what they were measured."""
    results.mkdir(parents=True, exist_ok=True)
    content = {"measured": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine()}
    text = json.dumps(content | {"figures": figures}, indent=1, allow_nan=False)
    (results / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def machine() -> dict[str, Any]:
    """The computer, and how busy it was with other things."""
    return {
        "cores": os.cpu_count(),
        "load_1_min": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _shown(cell: Any) -> str:
    if cell is None:
        return "–"
    if not isinstance(cell, float):
        return str(cell)
    return f"{cell:,.0f}" if abs(cell) >= 1000 else f"{cell:.4g}"
