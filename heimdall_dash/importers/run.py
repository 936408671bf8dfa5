"""A run of another tool: what every reader hands over, and what all of them need."""

import os
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from heimdall_dash.importers.table import Table

MOST_NAMED = 20  # tags of one kind that are left out


@dataclass
class LeftOut:
    """What has no place in a job: counted by kind, and named."""

    counts: Counter[str] = field(default_factory=Counter)
    tags: dict[str, dict[str, None]] = field(default_factory=dict)

    def add(self, kind: str, tag: str, count: int = 1) -> None:
        self.counts[kind] += count
        named = self.tags.setdefault(kind, {})
        if len(named) < MOST_NAMED:
            named[tag] = None

    def as_facts(self) -> dict[str, str]:
        """`{"image": "12 (samples/0, samples/1)"}`, kinds in the order of the alphabet."""
        return {
            kind: f"{count} ({', '.join(self.tags[kind])})"
            for kind, count in sorted(self.counts.items())
        }


class ForeignRun(ABC):
    """One run in another tool's files.

    key: names it for ever: with it, a second import finds the job of the first.
    """

    tool = ""

    def __init__(self, key: str, name: str, files: list[Path]) -> None:
        self.key, self.name, self.files = key, name, files
        self.table = Table()
        self.left_out = LeftOut()
        self.config: dict[str, Any] = {}
        self.facts: dict[str, Any] = {}
        self.tags: list[str] = []
        self.group: str | None = None
        self.project: str | None = None
        self.step_name: str | None = "step"
        self.created_s: float | None = None  # Unix seconds, where the tool says it
        self.ended_s: float | None = None
        self.status = "completed"
        self.reason: str | None = None  # of a failure
        self.trouble: str | None = None  # why not all could be read
        self.is_followed = False  # somebody may still write: a last line may be half a line

    @abstractmethod
    def read(self) -> None:
        """Read what is new since the last call into `table`. Raises OSError."""

    @property
    def source_bytes(self) -> int:
        return sum(path.stat().st_size for path in self.files if path.exists())

    @property
    def changed_s(self) -> float:
        """When its files were last written, in Unix seconds."""
        return max((path.stat().st_mtime for path in self.files if path.exists()), default=0.0)


def files_below(paths: list[Path], fits: Any) -> Iterator[tuple[Path, Path]]:
    """Files that fit, and the path they were found below; in the order of their names."""
    for path in paths:
        if path.is_file():
            yield path, path.parent
            continue
        for folder, folders, names in os.walk(path):
            folders.sort()
            for name in sorted(names):
                if fits(name):
                    yield Path(folder, name), path


def run_name(folder: Path, root: Path) -> str:
    """The folder below the one that was given, or that one's own name."""
    relative = folder.absolute().relative_to(root.absolute()).as_posix()
    return root.absolute().name or "run" if relative == "." else relative


def unix_time(text: Any) -> float | None:
    """Unix seconds of a time as tools write them: ISO 8601 (UTC where it does not say), seconds,
    milliseconds; None for what is none."""
    if isinstance(text, (int, float)) or str(text).replace(".", "", 1).isdecimal():
        number = float(text)
        return number / 1000 if number > 1e11 else number if number > 0 else None
    try:
        moment = datetime.fromisoformat(str(text).strip().replace("Z", "+00:00"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
