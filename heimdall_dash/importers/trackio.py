"""trackio's databases: an SQLite file for each project, a run for each name in it.

Opened read-only: a training may be writing to it.
"""

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from heimdall_dash.errors import HeimdallError
from heimdall_dash.importers.run import ForeignRun, files_below, unix_time
from heimdall_dash.importers.values import add_values

WORDS = {"Infinity": float("inf"), "-Infinity": float("-inf"), "NaN": float("nan")}
SYSTEM = "system/"


def usual_folder() -> Path:
    """Where trackio keeps its databases."""
    told = os.environ.get("TRACKIO_DIR")
    home = os.environ.get("HF_HOME") or Path.home() / ".cache/huggingface"
    return Path(told) if told else Path(home) / "trackio"


def runs(paths: list[Path]) -> list["TrackioRun"]:
    """Every run in every database below the paths. Raises OSError, HeimdallError."""
    found = []
    for file, _ in files_below(paths, lambda name: name.endswith(".db")):
        try:
            with closing(_opened(file)) as database:
                column = _run_column(database)
                if column is None:
                    continue  # another program's
                for run_id, name in _names(database, column):
                    key = f"trackio:{file.absolute()}:{run_id}"
                    found.append(TrackioRun(key, name, file, column, run_id))
        except sqlite3.Error as error:
            raise HeimdallError(f"{file} is no database that can be read: {error}") from error
    return found


class TrackioRun(ForeignRun):
    tool = "trackio"

    def __init__(self, key: str, name: str, file: Path, column: str, run_id: str) -> None:
        super().__init__(key, name, [file])
        self.project = file.stem
        self._column, self._run_id = column, run_id
        self._newest = {"metrics": 0, "system_metrics": 0}  # ids that were read
        self._step = 0  # the newest

    @property
    def changed_s(self) -> float:
        wal = self.files[0].with_name(self.files[0].name + "-wal")
        return max(path.stat().st_mtime for path in (self.files[0], wal) if path.exists())

    def read(self) -> None:
        try:
            with closing(_opened(self.files[0])) as database:
                self._read_config(database)
                self._read_metrics(database)
                self._read_system(database)
        except sqlite3.Error as error:
            self.trouble = f"{self.files[0].name}: {error}"

    def _read_config(self, database: sqlite3.Connection) -> None:
        if _columns(database, "configs") and not self.config:
            rows = database.execute(
                f"SELECT config, created_at FROM configs WHERE {self._column} = ?", (self._run_id,)
            )
            for text, created_at in rows:
                config = _json(text)
                self.group = self.group or _text(config.pop("_Group", None))
                self.created_s = self.created_s or unix_time(created_at)
                self.config |= {k: v for k, v in config.items() if not k.startswith("_")}

    def _read_metrics(self, database: sqlite3.Connection) -> None:
        for row_id, stamp, step, text in self._rows(database, "metrics", "step"):
            self._newest["metrics"] = row_id
            self._step = max(self._step, step)
            add_values(self, step, unix_time(stamp) or 0.0, _json(text))

    def _read_system(self, database: sqlite3.Connection) -> None:
        """They have no step: each joins the one that was logged last."""
        for row_id, stamp, text in self._rows(database, "system_metrics", None):
            self._newest["system_metrics"] = row_id
            values = {f"{SYSTEM}{name}": value for name, value in _json(text).items()}
            add_values(self, self._step, unix_time(stamp) or 0.0, values)

    def _rows(
        self, database: sqlite3.Connection, table: str, step: str | None
    ) -> Iterator[tuple[Any, ...]]:
        if not _columns(database, table):
            return
        wanted = f"id, timestamp, {step + ', ' if step else ''}metrics"
        yield from database.execute(
            f"SELECT {wanted} FROM {table} WHERE {self._column} = ? AND id > ? ORDER BY id",
            (self._run_id, self._newest[table]),
        )


def _opened(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=5)


def _run_column(database: sqlite3.Connection) -> str | None:
    """`run_id`, or `run_name` in older versions; None in a database of another program."""
    columns = _columns(database, "metrics")
    if not {"run_name", "step", "metrics", "timestamp"} <= columns:
        return None
    return "run_id" if "run_id" in columns else "run_name"


def _columns(database: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in database.execute(f"PRAGMA table_info({table})")}


def _names(database: sqlite3.Connection, column: str) -> list[tuple[str, str]]:
    return list(
        database.execute(
            f"SELECT {column}, MAX(run_name) FROM metrics GROUP BY {column} ORDER BY MIN(id)"
        )
    )


def _json(text: Any) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (TypeError, ValueError):
        return {}
    if not isinstance(value, dict):
        return {}
    return {k: WORDS.get(v, v) if isinstance(v, str) else v for k, v in value.items()}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
