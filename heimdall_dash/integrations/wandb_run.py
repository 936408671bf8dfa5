"""A run as scripts know it that were written for W&B. `heimdall_dash.wandb` hands it out."""

import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from heimdall_dash.integrations.wandb_config import Told
from heimdall_dash.integrations.wandb_media import CLASSES, media_kind
from heimdall_dash.publisher import Job

log = logging.getLogger(__name__)


class WandbRun:
    """Steps as W&B counts them: a `log` without one closes a row and begins the next, unless
    `commit=False`; one with a step joins that row. Other than there, an older step is taken, too.
    Does not: keep anything but numbers, notes, config and facts; what is left out is named once.
    """

    def __init__(
        self,
        job: Job | None,
        told: Mapping[str, Any],
        config: Any,
        ended: Callable[["WandbRun"], None],
    ) -> None:
        """job: None for a run that is switched off. told: id, name, project, group, … as the
        script gave them. ended: told when the run ends."""
        self._job, self._told, self._ended = job, dict(told), ended
        self._turn = threading.Lock()
        self._said: set[str] = set()
        self.starting_step = self._step = 0 if job is None else job.last_epoch + 1
        self.config = Told(config, self._configure)
        self.summary = Told({}, self._describe)

    # -- who it is -------------------------------------------------------------------------

    id = property(lambda self: self._told["id"])
    name = property(lambda self: self._told["name"])
    project = property(lambda self: self._told["project"])
    group = property(lambda self: self._told["group"])
    notes = property(lambda self: self._told["notes"])
    tags = property(lambda self: tuple(self._told["tags"]))
    entity = property(lambda self: self._told["entity"])
    sweep_id = property(lambda self: self._told["sweep_id"])
    job_type = property(lambda self: self._told["job_type"])
    disabled = property(lambda self: self._job is None)
    offline = property(lambda self: False)
    resumed = property(lambda self: self.starting_step > 0)
    step = property(lambda self: self._step)

    @property
    def url(self) -> str | None:
        """The run's page; None until a dashboard was reached."""
        return None if self._job is None else self._job.url

    def get_url(self) -> str | None:
        return self.url

    @property
    def job(self) -> Job | None:
        """The same run as this product knows it."""
        return self._job

    @property
    def dir(self) -> str:
        """A folder for the script's own files; they stay on this machine."""
        folder = Path("wandb") if self._job is None else self._job.folder / "files"
        folder.mkdir(parents=True, exist_ok=True)
        return str(folder)

    # -- what it says ----------------------------------------------------------------------

    def log(
        self,
        data: Mapping[str, Any],
        step: int | None = None,
        commit: bool | None = None,
        sync: bool | None = None,
    ) -> None:
        cells = self._numbers(data)
        with self._turn:
            at = self._step if step is None else step
            if self._job is not None and cells:
                self._job.log(at, cells)
            if not isinstance(at, int):
                return
            self._step = max(self._step, at)
            if commit is True or (commit is None and step is None):
                self._step = max(self._step, at + 1)
        self.summary.learn(cells)

    def alert(
        self, title: str, text: str = "", level: Any = None, wait_duration: Any = None
    ) -> None:
        if self._job is not None:
            message = f"{title}: {text}" if text else title
            word = str(getattr(level, "value", level) or "INFO").lower()
            self._job.warn(message, epoch=self._step, kind="alert" if word == "info" else word)

    def define_metric(self, name: Any, *_: Any, **more: Any) -> None:
        left = {k: v for k, v in more.items() if v is not None}
        if left:
            self.leave_out("define_metric", "charts are chosen on the page")

    def finish(self, exit_code: int | None = None, quiet: bool | None = None) -> None:
        self._ended(self)
        if self._job is None:
            return
        if exit_code:
            self._job.finish("failed", f"exit code {exit_code}")
        self._job.end_with(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._job is not None:
            self._job.end_with(error)
        self.finish()

    # -- what has no place here ------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)

        def accepted(*_: Any, **__: Any) -> Any:
            self.leave_out(name)
            return CLASSES["Artifact"]() if "artifact" in name else None

        return accepted

    def leave_out(self, what: str, why: str = "it has no place here") -> None:
        """Name it once, in the log and on the page."""
        if what in self._said:
            return
        self._said.add(what)
        log.warning("wandb.%s is accepted and left out: %s", what, why)
        if self._job is not None:
            self._job.warn(f"wandb.{what} is left out: {why}")

    # -- inside ----------------------------------------------------------------------------

    def _numbers(self, data: Mapping[str, Any]) -> dict[str, Any]:
        if not isinstance(data, Mapping):
            raise TypeError(f"wandb.log takes a mapping, got {type(data).__name__}")
        kinds = {name: media_kind(value) for name, value in data.items()}
        for kind in filter(None, kinds.values()):
            self.leave_out(kind, "only numbers are kept")
        return {name: value for name, value in data.items() if kinds[name] is None}

    def _configure(self, values: dict[str, Any]) -> None:
        if self._job is not None:
            self._job.configure(values)

    def _describe(self, values: dict[str, Any]) -> None:
        if self._job is not None:
            self._job.describe(values)
