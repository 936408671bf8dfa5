"""W&B's offline runs: what `wandb.init(mode="offline")` left on the disk, read without W&B.

`offline-run-…/run-….wandb` holds the history, config, summary and end. Where that file is missing
or damaged, the last values in wandb-summary.json are what there is.
"""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from heimdall_dash.importers import protobuf
from heimdall_dash.importers.leveldb import LogReader
from heimdall_dash.importers.run import ForeignRun, files_below, run_name
from heimdall_dash.importers.values import add_values

# fields of Record
HISTORY, SUMMARY, CONFIG, STATS = 2, 3, 5, 7
ARTIFACT, ALERT, RUN, EXIT = 8, 10, 17, 18
KINDS = {ARTIFACT: "artifact", ALERT: "alert"}
# fields of an item: of history, config, summary
KEY, NESTED_KEY, VALUE_JSON = 1, 2, 16
OWN_KEYS = frozenset({"_step", "_timestamp", "_runtime", "_wandb"})


def runs(paths: list[Path]) -> list["WandbRun"]:
    """Every `run-*.wandb` below the paths. Raises OSError."""
    return [
        WandbRun(f"wandb:{file.parent.absolute()}", run_name(file.parent, root), [file])
        for file, root in files_below(paths, lambda name: name.endswith(".wandb"))
    ]


class WandbRun(ForeignRun):
    tool = "W&B"

    def __init__(self, key: str, name: str, files: list[Path]) -> None:
        super().__init__(key, name, files)
        self._reader = LogReader(files[0])
        self._step = 0
        self._began_s: float | None = None
        self._summary: dict[str, Any] = {}
        self.facts = {"wandb_run": files[0].stem.removeprefix("run-")}

    def read(self) -> None:
        try:
            for data in self._reader.records():
                self._record(protobuf.parse(data))
        except ValueError as error:
            self.trouble = f"{self.files[0].name}: {error}"
        if self._reader.is_damaged:
            self.trouble = f"{self.files[0].name} is damaged after byte {self._reader.place}"
        if self._summary:
            self.facts["summary"] = self._summary
        if self.trouble and not self._step:
            self._read_summary()

    def _record(self, record: protobuf.Message) -> None:
        for number, kind in KINDS.items():
            if number in record:
                self.left_out.add(kind, kind, len(record[number]))
        for run in record.get(RUN, []):
            self._run(protobuf.parse(run))
        for config in record.get(CONFIG, []):
            self.config |= _public(_items(protobuf.parse(config).get(1, [])))
        for history in record.get(HISTORY, []):
            self._history(protobuf.parse(history))
        for summary in record.get(SUMMARY, []):
            values = _public(_items(protobuf.parse(summary).get(1, [])))
            self._summary |= {k: v for k, v in values.items() if isinstance(v, (int, float, str))}
        for stats in record.get(STATS, []):
            self._system(protobuf.parse(stats))
        for end in record.get(EXIT, []):
            self._exit(protobuf.parse(end))

    def _run(self, run: protobuf.Message) -> None:
        self.name = protobuf.text(run, 8) or protobuf.text(run, 1) or self.name
        self.project = protobuf.text(run, 3) or self.project
        self.group = protobuf.text(run, 6) or self.group
        self.tags = [tag.decode("utf-8", "replace") for tag in run.get(10, [])] or self.tags
        for config in run.get(4, []):
            self.config |= _public(_items(protobuf.parse(config).get(1, [])))
        for number, name in ((9, "notes"), (7, "job_type"), (13, "host")):
            if text := protobuf.text(run, number):
                self.facts[name] = text
        for stamp in run.get(17, []):
            moment = protobuf.parse(stamp)
            self._began_s = moment.get(1, [0])[-1] + moment.get(2, [0])[-1] / 1e9
            self.created_s = self.created_s or self._began_s

    def _history(self, history: protobuf.Message) -> None:
        values = _items(history.get(1, []))
        numbers = [protobuf.parse(step).get(1, [0])[-1] for step in history.get(2, [])]
        step = values.get("_step", numbers[-1] if numbers else self._step)
        if not isinstance(step, int):
            step = self._step
        self._step = max(self._step, step)
        stamp = values.get("_timestamp")
        unix_s = float(stamp) if isinstance(stamp, (int, float)) else self._began_s or 0.0
        add_values(self, step, unix_s, _public(values))

    def _system(self, stats: protobuf.Message) -> None:
        """Its metrics have no step: they join the one that was logged last."""
        moment = protobuf.parse(stats.get(2, [b""])[-1])
        unix_s = moment.get(1, [0])[-1] + moment.get(2, [0])[-1] / 1e9
        values = {f"system/{name}": value for name, value in _items(stats.get(3, [])).items()}
        add_values(self, self._step, unix_s, values)

    def _exit(self, end: protobuf.Message) -> None:
        code = protobuf.signed(end.get(1, [0])[-1])
        if code:
            self.status, self.reason = "failed", f"it ended with the exit code {code}"
        if self._began_s is not None and 2 in end:
            self.ended_s = self._began_s + protobuf.signed(end[2][-1])

    def _read_summary(self) -> None:
        """The last values, where the history cannot be read."""
        path = self.files[0].parent / "files" / "wandb-summary.json"
        with suppress(OSError, ValueError):
            values = json.loads(path.read_text())
            step = values.get("_step", 0)
            add_values(
                self, step if isinstance(step, int) else 0,
                float(values.get("_timestamp") or path.stat().st_mtime), _public(values),
            )  # fmt: skip


def _items(items: list[bytes]) -> dict[str, Any]:
    """Names to values; what was logged nested is nested again."""
    found: dict[str, Any] = {}
    for data in items:
        item = protobuf.parse(data)
        path = [key.decode("utf-8", "replace") for key in item.get(NESTED_KEY, [])]
        *folders, name = path or [protobuf.text(item, KEY)]
        place = found
        for folder in folders:
            inner = place.setdefault(folder, {})
            place = inner if isinstance(inner, dict) else {}
        with suppress(ValueError):
            place[name] = json.loads(protobuf.text(item, VALUE_JSON))
    return found


def _public(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name.split("/", 1)[0] not in OWN_KEYS}
