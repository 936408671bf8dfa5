"""CSV files of any tool: Lightning's metrics.csv, Keras's CSVLogger, Ultralytics' results.csv, our
own export. A row is a step, a column a metric; an empty cell was not measured.

Which column counts the steps and which tells the time is found by its name; where none does, rows
are counted. Several rows of one step join.
"""

import csv
import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from heimdall_dash.importers.run import ForeignRun, files_below, run_name, unix_time
from heimdall_dash.records import MAX_EPOCH

STEPS = ("step", "global_step", "_step", "trainer/global_step", "iteration", "iter", "epoch")
TIMES = ("timestamp", "wall time", "wall_time", "_timestamp", "datetime", "date", "time")
PLAIN_NAMES = frozenset({"metrics", "results", "progress", "log", "history", "training", "train"})
DELIMITERS = ",;\t|"
MOST_CELL = 10_000_000  # characters


def runs(paths: list[Path]) -> list["CsvRun"]:
    """Every CSV file below the paths. Raises OSError."""
    return [
        CsvRun(f"csv:{file.absolute()}", _name(file, root), [file])
        for file, root in files_below(paths, lambda name: name.lower().endswith((".csv", ".tsv")))
    ]


def _name(file: Path, root: Path) -> str:
    """`lightning_logs/version_0/metrics.csv` is named by its folder, `mine.csv` by itself."""
    folder = run_name(file.parent, root)
    if file.stem.lower() in PLAIN_NAMES:
        return folder
    is_below = file.parent.absolute() != root.absolute()
    return f"{folder}/{file.stem}" if is_below else file.stem


class CsvRun(ForeignRun):
    tool = "CSV"

    def __init__(self, key: str, name: str, files: list[Path]) -> None:
        super().__init__(key, name, files)
        self._place = 0  # bytes of whole lines that were read
        self._rows = 0
        self._names: list[str] = []
        self._delimiter = ","
        self._step: int | None = None  # which column
        self._time: int | None = None

    def read(self) -> None:
        path = self.files[0]
        if path.stat().st_size < self._place:  # it was written anew
            self._place, self._rows, self._names = 0, 0, []
        with path.open("rb") as file:
            file.seek(self._place)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1] if self.is_followed else data
        self._place += len(whole)
        lines = _decoded(whole).splitlines(keepends=True)
        if not self._names and lines:
            self._delimiter = _delimiter(lines[0])
        csv.field_size_limit(MOST_CELL)
        now_s = path.stat().st_mtime
        try:
            for cells in csv.reader(lines, delimiter=self._delimiter):
                if not any(cell.strip() for cell in cells):
                    continue
                if self._names:
                    self._row(cells, now_s)
                else:
                    self._header(cells)
        except csv.Error as error:
            self.trouble = f"{path.name}: {error}"
        if not self.config:
            self.config = _settings_beside(path)

    def _header(self, cells: list[str]) -> None:
        self._names = [cell.strip().lstrip("\ufeff") for cell in cells]
        places = {name.lower(): place for place, name in reversed(list(enumerate(self._names)))}
        self._step = next((places[name] for name in STEPS if name in places), None)
        self._time = next((places[name] for name in TIMES if name in places), None)
        is_epoch = self._step is not None and self._names[self._step].lower() == "epoch"
        self.step_name = None if is_epoch else "step" if self._step is not None else "row"

    def _row(self, cells: list[str], now_s: float) -> None:
        self._rows += 1
        step = self._rows
        if self._step is not None:
            told = _number(cells[self._step]) if self._step < len(cells) else None
            if told is None or told != told or not 0 <= told <= MAX_EPOCH or told % 1:
                self.left_out.add("row without a whole step", f"row {self._rows}")
                return
            step = int(told)
        unix_s = None
        if self._time is not None and self._time < len(cells):
            unix_s = unix_time(cells[self._time].strip())
            if unix_s is None and cells[self._time].strip():
                # `time` may as well be a duration: then it is a metric like others
                self._time = None
        for place, text in enumerate(cells):
            text = text.strip()
            if place in (self._step, self._time) or not text or place >= len(self._names):
                continue
            value = _number(text)
            name = self._names[place] or f"column {place + 1}"
            if value is None:
                self.left_out.add("text", name)
            else:
                self.table.add(name, step, now_s if unix_s is None else unix_s, value)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        pass
    if text.lower() in {"true", "false"}:
        return float(text.lower() == "true")
    if re.fullmatch(r"[-+]?\d+,\d+([eE][-+]?\d+)?", text.strip()):  # a decimal comma
        return float(text.replace(",", "."))
    return None


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _delimiter(header: str) -> str:
    return max(DELIMITERS, key=lambda sign: (header.count(sign), -DELIMITERS.index(sign)))


def _settings_beside(path: Path) -> dict[str, Any]:
    """Lightning's hparams.yaml or Ultralytics' args.yaml: its plain lines `name: value`."""
    found: dict[str, Any] = {}
    for name in ("hparams.yaml", "args.yaml"):
        with suppress(OSError):
            for line in (path.parent / name).read_text(errors="replace").splitlines():
                key, colon, value = line.partition(": ")
                if colon and key and not key[0].isspace() and key[0] not in "#-":
                    found[key.strip()] = _yaml_scalar(value.strip())
    return found


def _yaml_scalar(text: str) -> Any:
    if text in {"true", "false"}:
        return text == "true"
    if text in {"null", "~", ""}:
        return None
    with suppress(ValueError):
        return json.loads(text)
    with suppress(ValueError):
        return float(text)
    return text.strip("'\"")
