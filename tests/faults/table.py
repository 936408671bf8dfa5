"""The table of faults that the README quotes: one line per fault, written only when asked for."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class Row:
    """One line: what was done, how long the way back took, what everybody has."""

    fault: str
    recovery_s: float | None
    trained: int
    stored: int
    seen: dict[str, int] = field(default_factory=dict)
    drawn: int | None = None
    lost: int = 0
    twice: int = 0
    wrong: int = 0
    badge: str = ""


def shown(rows: Sequence[Row]) -> str:
    """As Markdown."""
    lines = [
        "| fault | all caught up after | trained so far | lost | twice | badge |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.fault} | {_seconds(row.recovery_s)} | {row.trained} "
        f"| {row.lost} | {row.twice} | {row.badge or '–'} |"
        for row in rows
    ]
    return "\n".join(lines)


def _seconds(time_s: float | None) -> str:
    return "–" if time_s is None else f"{time_s:.1f} s"


def keep(path: Path, rows: Sequence[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
