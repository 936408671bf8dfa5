"""A training's state on disk: written whole or not at all, read back exactly or refused.

A damaged file is an error that names it, and an older one takes its place. Nothing starts anew
without saying so.
"""

from __future__ import annotations

import io
import json
import logging
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import torch

from heimdall_dash.records import Row
from trainer.config import TrainingConfig
from trainer.errors import AllDamaged, CheckpointError, DamagedCheckpoint

log = logging.getLogger(__name__)

FORMAT = 2
MAY_CHANGE = frozenset({"threads", "device", "epoch_delay_s", "checkpoint_every"})
"""Config fields that may differ on resumption: they do not change what is learned."""
KEPT_NUMBERED = 3


@dataclass
class TrainingState:
    """Everything a training needs to go on bit for bit, and a row to publish again.

    It holds no random state: the scenes and the order of epoch e come from (seed, e).
    `running` holds the sums of an epoch broken off; `finished` is None until the end, then the
    reason, "" for the ordinary one.
    """

    config: dict[str, Any]
    fingerprint: str
    model: dict[str, Any]
    optimizer: dict[str, Any]
    epoch: int = 0
    batches_done: int = 0
    global_step: int = 0
    row: Row = field(default_factory=dict)
    running: dict[str, float] = field(default_factory=dict)
    best_val_loss: float | None = None
    best_epoch: int | None = None
    reference_val_loss: float | None = None
    epochs_without_gain: int = 0
    train_seconds_total: float = 0.0
    finished: str | None = None
    threads: int = 1
    world_size: int = 1
    torch_version: str = torch.__version__.split("+")[0]
    cpu: str = field(default_factory=lambda: cpu())


class CheckpointFolder:
    """`last.pt`, `best.pt` and every so often `epoch-00050.pt`, in one job's own folder.

    A file that can be seen is whole: it was written aside, flushed to disk, then renamed.
    """

    def __init__(
        self, path: Path | str, on_saved: Callable[[TrainingState, bytes], None] | None = None
    ) -> None:
        """on_saved: called with each state and its bytes once `last.pt` is written."""
        self.path = Path(path)
        self.on_saved = on_saved
        self.check_owner: Callable[[], None] = _anybody
        self._kept_config: dict[str, Any] | None = None

    @property
    def last(self) -> Path:
        return self.path / "last.pt"

    @property
    def best(self) -> Path:
        return self.path / "best.pt"

    def save(self, state: TrainingState, *, is_best: bool = False, numbered: bool = False) -> None:
        """Writes `last.pt`, after the others that are asked for; of numbered ones three stay.

        First `check_owner` may raise: a process that was frozen while another went on must not
        put its old state in the place of the newer one.
        """
        self.check_owner()
        content = serialised(state)
        if is_best:
            write(self.best, content)
        if numbered:
            write(self.path / f"epoch-{state.epoch:05d}.pt", content)
            for old in sorted(self.path.glob("epoch-*.pt"))[:-KEPT_NUMBERED]:
                old.unlink(missing_ok=True)
        write(self.last, content)
        self._keep_config(state.config)
        if self.on_saved is not None:
            self.on_saved(state, content)

    def load_last(self, warn: Callable[[str], None] = log.warning) -> TrainingState | None:
        """The newest state, or None where nothing was ever written.

        Where `last.pt` is damaged: the furthest of the others, and `warn` is told which.
        raises: AllDamaged where there are only damaged ones; CheckpointError for one of another
        format
        """
        if not self.last.exists():
            return None
        try:
            return load(self.last)
        except DamagedCheckpoint as error:
            problems = [str(error)]
        found: tuple[tuple[int, int], TrainingState, Path] | None = None
        for path in filter(Path.exists, [self.best, *self.path.glob("epoch-*.pt")]):
            try:
                state = load(path)
            except DamagedCheckpoint as error:
                problems.append(str(error))
                continue
            position = (state.epoch, state.batches_done)
            if found is None or position > found[0]:
                found = position, state, path
        if found is None:
            raise AllDamaged(
                f"None of the checkpoints in {self.path} can be read: {' '.join(problems)}"
            )
        warn(f"{' '.join(problems)} Going on from {found[2].name}, after epoch {found[1].epoch}.")
        return found[1]

    def set_damaged_aside(self) -> list[str]:
        """Rename every checkpoint to `<name>.damaged`, so that the job can be begun again; their
        names as they were."""
        names = []
        for path in [self.last, self.best, *sorted(self.path.glob("epoch-*.pt"))]:
            if path.exists():
                path.replace(path.with_name(path.name + ".damaged"))
                names.append(path.name)
        return names

    def config(self) -> dict[str, Any] | None:
        """The configuration of the training here, also where its checkpoints are damaged."""
        try:
            found = json.loads((self.path / "config.json").read_text())
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def _keep_config(self, config: dict[str, Any]) -> None:
        if config != self._kept_config:
            write(self.path / "config.json", json.dumps(config, indent=1).encode())
            self._kept_config = dict(config)


def _anybody() -> None:
    """Nobody else writes there."""


def cpu() -> str:
    """What decides the last bits of this machine's results: architecture and vector units."""
    return f"{platform.machine()} {torch.backends.cpu.get_cpu_capability()}"


def serialised(state: TrainingState) -> bytes:
    """A checkpoint's bytes."""
    content = {"format": FORMAT} | {f.name: getattr(state, f.name) for f in fields(state)}
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def write(path: Path, content: bytes) -> None:
    """Writes a file so that a crash or a full disk leaves the old one whole."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with aside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def load(path: Path) -> TrainingState:
    """Reads a checkpoint; numbers and tensors only, never code.

    raises: DamagedCheckpoint, CheckpointError, which name the file and what is wrong with it;
    OSError where it cannot be opened
    """
    advice = "Restore it from a copy, or remove it to start again."
    try:
        with path.open("rb") as file:
            content = torch.load(file, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise CheckpointError(f"There is no checkpoint {path}.") from None
    except (PermissionError, IsADirectoryError, MemoryError):
        raise
    except Exception as error:  # torch raises half a dozen kinds for a damaged file
        short = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise DamagedCheckpoint(f"Checkpoint {path} cannot be read: {short}.") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        found = content.get("format") if isinstance(content, dict) else type(content).__name__
        raise CheckpointError(
            f"Checkpoint {path} has format {found!r}, this trainer reads {FORMAT}. {advice}"
        )
    names = {f.name for f in fields(TrainingState)}
    missing = sorted(names - content.keys())
    if missing:
        raise CheckpointError(f"Checkpoint {path} lacks {', '.join(missing)}. {advice}")
    return TrainingState(**{name: content[name] for name in names})


def check_same_training(state: TrainingState, config: TrainingConfig, fingerprint: str) -> None:
    """Refuses to go on with other settings or other scenes than the checkpoint's.

    raises: CheckpointError naming the first field that differs
    """
    for name, value in config.model_dump().items():
        if name not in MAY_CHANGE and state.config.get(name) != value:
            raise CheckpointError(
                f"The checkpoint was made with {name} {state.config.get(name)!r}, not {value!r}: "
                f"resume with the old value, or start a new job."
            )
    if state.fingerprint != fingerprint:
        raise CheckpointError(
            "The checkpoint was made from other scenes: the data set or the simulation has "
            "changed since. Start a new job."
        )


def config_of(state: TrainingState) -> TrainingConfig:
    """The checked configuration a checkpoint was made with."""
    return TrainingConfig.model_validate(state.config)
