"""The embedded store's append-only files, when something happened to them: what can be kept is
kept; what is missing is said, and since when, so that the trainers' local logs can fill it in.

A file is kept up to its first damage and no further: what follows would rest on what is gone.
"""

import json
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

FOLDER = "appendonlydir"
MANIFEST = "appendonly.aof.manifest"
_PART = re.compile(r"appendonly\.aof\.(\d+)\.(base|incr)\.(rdb|aof)\Z")
_LISTED = re.compile(r"file (\S+) seq \d+ type [bih](?: startoffset \d+)?(?: endoffset \d+)?\Z")
_TIME = re.compile(rb"#TS:(\d{9,11})\r\n")
BLOCK = 1 << 20
EVER = 0.0


@dataclass(frozen=True)
class Loss:
    """said: one line; since: Unix seconds after which something may be missing."""

    said: str
    since: float


class Seen:
    """How long the files were when they were last looked at: one that has become shorter lost its
    end, which its own format does not tell."""

    def __init__(self, store: Path) -> None:
        self._folder, self._file = store / FOLDER, store / "seen.json"
        self._noted = ""

    def note(self) -> None:
        """Raises OSError."""
        sizes = {path.name: path.stat().st_size for path in sorted(self._folder.iterdir())}
        text = json.dumps(sizes)
        if text != self._noted:
            temporary = self._file.with_suffix(".new")
            temporary.write_text(text)
            os.replace(temporary, self._file)
            self._noted = text

    def losses(self) -> list[Loss]:
        """What is missing of what was there."""
        try:
            sizes = json.loads(self._file.read_text())
            sizes = {name: size for name, size in sizes.items() if type(size) is int}
        except (OSError, ValueError, AttributeError):
            return []
        found = []
        if not self._folder.is_dir():
            return [Loss(f"{self._folder} is gone, and all that was stored with it", EVER)]
        for name, size in sizes.items():
            path = self._folder / name
            if not _PART.match(name) or not path.exists():
                continue  # replaced by a rewrite, or the manifest will tell
            if (there := path.stat().st_size) < size:
                said = f"{path.name} lost {size - there} of {size} bytes since it was last seen"
                found.append(Loss(said, last_time(path) or EVER))
        return found


def mend_manifest(store: Path) -> list[Loss]:
    """Before a start: write the list of files anew where it is missing or cannot be read, and leave
    out what it names and is not there."""
    folder = store / FOLDER
    if not folder.is_dir():
        return []
    parts = _parts(folder)
    manifest = folder / MANIFEST
    if not parts:
        if not manifest.exists():
            return []
        manifest.unlink()
        return [Loss(f"all files of {folder} are missing, and all that was stored in them", EVER)]
    if not manifest.exists():
        _write_manifest(folder, _newest(folder, parts))
        return [Loss(f"{MANIFEST} was missing and is made anew from the files beside it", EVER)]
    lines = manifest.read_text(errors="replace").splitlines()
    named = [found[1] for line in lines if (found := _LISTED.match(line))]
    if not named or len(named) < len(lines):
        _write_manifest(folder, _newest(folder, parts))
        return [Loss(f"{MANIFEST} could not be read and is made anew from the files", EVER)]
    missing = sorted(set(named) - {part.name for part in parts})
    if not missing:
        return []
    there = [part for part in _newest(folder, parts) if part.name in named]
    _write_manifest(folder, there or _newest(folder, parts))
    return [Loss(f"{name} is missing, and what was stored in it", EVER) for name in missing]


def set_baseless_aside(store: Path) -> Path | None:
    """Before a start without a base file: keep what there is beside it, since all of it is about to
    be written anew; where. None: there is a base file, or nothing at all."""
    folder = store / FOLDER
    if not folder.is_dir() or not (parts := _parts(folder)):
        return None
    if any(".base." in path.name for path in parts):
        return None
    kept = store / f"{FOLDER}.without-base-{int(time.time())}"
    kept.mkdir(mode=0o700, exist_ok=True)
    for path in parts:
        if not (there := kept / path.name).exists():
            os.link(path, there)
    return kept


def set_base_aside(store: Path) -> Loss | None:
    """After a start that failed since the base file cannot be read: keep it beside, and go on as
    without one. None where there is none."""
    folder = store / FOLDER
    bases = [path for path in _parts(folder) if ".base." in path.name] if folder.is_dir() else []
    if not bases:
        return None
    for path in bases:
        path.rename(path.with_name(f"{path.name}.damaged-{int(time.time())}"))
    rest = _parts(folder)
    _write_manifest(folder, rest) if rest else (folder / MANIFEST).unlink(missing_ok=True)
    return Loss(f"{bases[-1].name} cannot be read; it is kept beside it, as damaged", EVER)


def mend_damage(store: Path) -> Loss | None:
    """After a start that failed: cut the newest file at its first damage, keeping a copy. None
    where no file is damaged."""
    folder = store / FOLDER
    for path in reversed(_parts(folder) if folder.is_dir() else []):
        if path.suffix != ".aof":
            continue
        size = path.stat().st_size
        good = readable_bytes(path)
        if good == size:
            continue
        copy = path.with_name(f"{path.name}.damaged-{int(time.time())}")
        with path.open("rb") as whole, copy.open("wb") as kept:
            while block := whole.read(BLOCK):
                kept.write(block)
        os.truncate(path, good)
        said = f"{path.name} was damaged {good} bytes from its beginning and is cut there; "
        said += f"the {size - good} bytes behind it are kept in {copy.name}"
        return Loss(said, last_time(path) or EVER)
    return None


def readable_bytes(path: Path) -> int:
    """Up to where the file consists of whole commands, and of whole transactions."""
    good = 0
    in_transaction = False
    with path.open("rb") as file:
        while True:
            try:
                command = _command(file)
            except ValueError:
                return good
            if command is None:
                return good
            name = command.upper()
            in_transaction = name == b"MULTI" or (in_transaction and name != b"EXEC")
            if not in_transaction:
                good = file.tell()


def _command(file: IO[bytes]) -> bytes | None:
    """Its first word; b"" for an annotation, None at the end. Raises ValueError."""
    head = file.readline(64)
    if not head:
        return None
    if head.startswith(b"#") and head.endswith(b"\r\n"):
        return b""
    first = b""
    for number in range(_count(head, b"*")):
        size = _count(file.readline(64), b"$")
        text = file.read(size + 2)
        if len(text) != size + 2 or not text.endswith(b"\r\n"):
            raise ValueError("a word that is not whole")
        first = text[:-2] if number == 0 else first
    return first


def _count(line: bytes, mark: bytes) -> int:
    if not line.startswith(mark) or not line.endswith(b"\r\n") or not line[1:-2].isdigit():
        raise ValueError("not a command")
    return int(line[1:-2])


def last_time(path: Path) -> float | None:
    """The newest time that the file tells of, in Unix seconds."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end > 0:
            start = max(0, end - BLOCK)
            file.seek(start)
            found = _TIME.findall(file.read(min(BLOCK + 32, path.stat().st_size - start)))
            if found:
                return float(found[-1])
            end = start
    return None


def _parts(folder: Path) -> list[Path]:
    """In the order in which they are read: the base, then what came after. An empty base is none:
    the server would begin with it without a word."""
    found = [path for path in folder.iterdir() if _PART.match(path.name) and not _is_void(path)]
    return sorted(found, key=lambda path: (".incr." in path.name, _sequence(path)))


def _newest(folder: Path, parts: list[Path]) -> list[Path]:
    """The newest base and what came after it: older ones may be left by a rewrite."""
    bases = [path for path in parts if ".base." in path.name]
    base = bases[-1:]
    since = base[0].stat().st_mtime if len(bases) > 1 else 0.0
    return base + [
        path for path in parts if ".incr." in path.name and path.stat().st_mtime >= since
    ]


def _write_manifest(folder: Path, parts: list[Path]) -> None:
    lines = []
    for path in parts:
        kind = "b" if ".base." in path.name else "i"
        lines.append(f"file {path.name} seq {_sequence(path)} type {kind}\n")
    temporary = folder / f"temp-{MANIFEST}"
    temporary.write_text("".join(lines))
    os.replace(temporary, folder / MANIFEST)


def _is_void(path: Path) -> bool:
    return ".base." in path.name and path.stat().st_size == 0


def _sequence(path: Path) -> int:
    match = _PART.match(path.name)
    return int(match[1]) if match else 0
