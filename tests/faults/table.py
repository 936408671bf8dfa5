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
    delays_ms: list[float] = field(default_factory=list)  # from an epoch's time stamp to a viewer


def shown(rows: Sequence[Row]) -> str:
    """As Markdown."""
    lines = [
        "| fault | all caught up after | trained so far | lost | twice | delay meanwhile | badge |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.fault} | {_seconds(row.recovery_s)} | {row.trained} "
        f"| {row.lost} | {row.twice} | {_delays(row.delays_ms)} | {row.badge or '–'} |"
        for row in rows
    ]
    return "\n".join(lines)


def _seconds(time_s: float | None) -> str:
    return "–" if time_s is None else f"{time_s:.1f} s"


def _delays(delays_ms: Sequence[float]) -> str:
    """Of half, of nine in ten, and the longest."""
    if not delays_ms:
        return "–"
    ranked = sorted(delays_ms)
    half, most = ranked[len(ranked) // 2], ranked[len(ranked) * 9 // 10]
    return f"{half:.0f}, {most:.0f}, {ranked[-1]:.0f} ms"


def keep(path: Path, rows: Sequence[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
