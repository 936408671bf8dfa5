"""TensorBoard's event files: scalars as cells, hparams as config. All that write them: TensorFlow,
torch's SummaryWriter, tensorboardX, Lightning, Keras.

A folder with event files is a run, as TensorBoard has it. torch's `add_hparams` makes a folder of
its own, named by the time: what it holds joins the run around it.
"""

import re
from pathlib import Path
from struct import Struct
from typing import Any

from heimdall_dash.importers import protobuf
from heimdall_dash.importers.hparams import HPARAMS, end_of, values_of
from heimdall_dash.importers.run import ForeignRun, files_below, run_name
from heimdall_dash.importers.table import Column
from heimdall_dash.importers.tensor import scalar_of
from heimdall_dash.importers.tfrecord import RecordFile
from heimdall_dash.records import MAX_EPOCH

# fields of Event
WALL_TIME, STEP, GRAPH, SUMMARY, SESSION, RUN_METADATA, META_GRAPH = 1, 2, 4, 5, 7, 8, 9
# fields of Summary.Value
TAG, SIMPLE_VALUE, TENSOR, METADATA = 1, 2, 8, 9
KINDS = {3: "histogram", 4: "image", 5: "histogram", 6: "audio"}
PLUGINS = {"images": "image", "histograms": "histogram", "audio": "audio", "text": "text",
           "pr_curves": "PR curve", "mesh": "mesh"}  # fmt: skip
SESSION_START = 1

_NAMED_BY_TIME = re.compile(r"\d{9,10}(\.\d+)?\Z")  # as torch's add_hparams names its folder
_TIME_AND_FLOAT = Struct("<d"), Struct("<f")


def runs(paths: list[Path]) -> list["TensorboardRun"]:
    """Every run below the paths. Raises OSError."""
    found: dict[Path, tuple[Path, list[Path]]] = {}
    for file, root in files_below(paths, lambda name: "tfevents" in name):
        found.setdefault(file.parent, (root, []))[1].append(file)
    folders = {folder: list(files) for folder, (_, files) in found.items()}
    for folder in list(folders):
        if _NAMED_BY_TIME.match(folder.name) and folder.parent in folders:
            folders[folder.parent] += folders.pop(folder)
    return [
        TensorboardRun(
            f"tensorboard:{folder.absolute()}", run_name(folder, found[folder][0]), files
        )
        for folder, files in folders.items()
    ]


class TensorboardRun(ForeignRun):
    tool = "TensorBoard"

    def __init__(self, key: str, name: str, files: list[Path]) -> None:
        super().__init__(key, name, files)
        self._records: dict[Path, RecordFile] = {}
        self._plugins: dict[str, str] = {}  # tag → plugin: said once, with the tag's first value
        # the bytes around a value, which are the same for each value of a tag → its column
        self._known: dict[bytes, Column] = {}

    def read(self) -> None:
        folder = self.files[0].parent
        here = {path for path in folder.iterdir() if "tfevents" in path.name}
        self.files = [*sorted(here | {path for path in self.files if path.parent == folder}),
                      *(path for path in self.files if path.parent != folder)]  # fmt: skip
        self._known.clear()  # the table gave its columns away
        for path in self.files:
            records = self._records.setdefault(path, RecordFile(path))
            self._read(records)
            if records.is_damaged:
                self.trouble = f"{path.name} is damaged after byte {records.place}"

    def _read(self, records: RecordFile) -> None:
        """The ordinary event (one scalar of a tag that was seen before) takes the short way."""
        known, (time, number) = self._known, _TIME_AND_FLOAT
        varint, unpack_time, unpack_number = protobuf.varint, time.unpack_from, number.unpack_from
        for data in records.records():
            try:
                if data[0] == 0x09 and data[9] == 0x10:  # wall_time, step
                    step = data[10]
                    place = 11
                    if step > 0x7F:
                        step, place = varint(data, 10)
                    column = known.get(data[place:-4])
                    if column is not None and step <= MAX_EPOCH:
                        column.steps.append(step)
                        column.times.append(unpack_time(data, 1)[0])
                        column.values.append(unpack_number(data, len(data) - 4)[0])
                        continue
                    self._event(data, place)
                else:
                    self._event(data, None)
            except (ValueError, IndexError) as error:
                self.left_out.add("unreadable event", f"{records.path.name}: {error}"[:100])

    def _event(self, data: bytes, head: int | None) -> None:
        """Any event. head: where the part ends that differs between values of a tag."""
        event = protobuf.parse(data)
        unix_s = protobuf.double(event[WALL_TIME][-1]) if WALL_TIME in event else 0.0
        step = protobuf.signed(event.get(STEP, [0])[-1])
        for number, kind in ((GRAPH, "graph"), (META_GRAPH, "graph"), (RUN_METADATA, "profile")):
            if number in event:
                self.left_out.add(kind, kind)
        for session in event.get(SESSION, []):
            if protobuf.parse(session).get(1, [0])[-1] == SESSION_START and step > 0:
                self._known.clear()
                self.table.take_back(step)  # torch's purge_step: what came later does not count
        for summary in event.get(SUMMARY, []):
            values = protobuf.parse(summary).get(1, [])
            for value in values:
                column = self._value(protobuf.parse(value), step, unix_s)
                is_plain = len(values) == 1 and value[-5:-4] == b"\x15" and data.endswith(value)
                if column is not None and head is not None and is_plain:
                    self._known[data[head:-4]] = column

    def _value(self, value: protobuf.Message, step: int, unix_s: float) -> Column | None:
        """Puts it in its column; None for what is no scalar."""
        tag = protobuf.text(value, TAG)
        if METADATA in value:
            self._metadata(tag, protobuf.parse(value[METADATA][-1]))
        plugin = self._plugins.get(tag, "")
        number: float | None = None
        if plugin == HPARAMS:
            return None
        if SIMPLE_VALUE in value:
            number = protobuf.single(value[SIMPLE_VALUE][-1])
        elif TENSOR in value and plugin not in PLUGINS:
            number = scalar_of(value[TENSOR][-1])
        if number is None:
            kinds = [kind for number, kind in KINDS.items() if number in value]
            self.left_out.add(PLUGINS.get(plugin) or (kinds[0] if kinds else "tensor"), tag)
            return None
        if not self.table.add(tag, step, unix_s, number):
            self.left_out.add("value at a step that is none", tag)
            return None
        return self.table.column(tag)

    def _metadata(self, tag: str, metadata: protobuf.Message) -> None:
        for plugin_data in metadata.get(1, []):
            plugin = protobuf.parse(plugin_data)
            self._plugins[tag] = protobuf.text(plugin, 1)
            if self._plugins[tag] == HPARAMS:
                content: Any = plugin.get(2, [b""])[-1]
                self.config |= values_of(content)
                if (end := end_of(content)) is not None:
                    self.status = end
