"""`import heimdall_dash.wandb as wandb`: scripts that were written for W&B run with this one line
changed, and their numbers come here.

`init`, `log`, `config`, `summary`, `alert` and `finish` mean what they mean there. Images, tables,
artifacts, code and sweeps have no place here: what a script does with them is accepted and named
once, except for sweeps, which would train nothing.
"""

import inspect
import logging
import os
import uuid
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from heimdall_dash.errors import HeimdallError
from heimdall_dash.integrations.run import is_interactive
from heimdall_dash.integrations.wandb_media import CLASSES
from heimdall_dash.integrations.wandb_run import WandbRun
from heimdall_dash.publisher import Job

_log = logging.getLogger(__name__)
_START = frozenset(inspect.signature(Job.start).parameters)
_QUIET = frozenset({"dir", "settings", "anonymous", "force", "save_code", "mode", "magic"})
_IDS = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")  # the namespace of addresses

run: WandbRun | None = None


class Error(HeimdallError):
    """wandb was called in an order that cannot be meant."""


UsageError = CommError = Error


class AlertLevel(Enum):
    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"


class Settings(dict[str, Any]):
    """Any; none has a meaning here."""


def init(
    project: str | None = None,
    name: str | None = None,
    config: Any = None,
    group: str | None = None,
    tags: Sequence[str] | str | None = None,
    notes: str | None = None,
    id: str | None = None,
    resume: bool | str | None = None,
    *,
    entity: str | None = None,
    job_type: str | None = None,
    mode: str | None = None,
    reinit: bool | str | None = None,
    **more: Any,
) -> WandbRun:
    """Begin a run. id: any text; the same project and id are the same run, which goes on.
    mode: "disabled" publishes nothing. more: also arguments of `Job.start`."""
    global run
    if run is not None:
        if reinit in (True, "finish_previous") or is_interactive():
            run.finish()
        elif reinit != "create_new":
            _log.warning("wandb.init: run %s goes on; wandb.finish() ends it", run.name)
            return run
    environment = os.environ.get
    project = project or environment("WANDB_PROJECT")
    id = id or environment("WANDB_RUN_ID")
    name = _word(name or environment("WANDB_NAME") or id or project or "run", 120)
    tags = [tags] if isinstance(tags, str) else list(tags or _list(environment("WANDB_TAGS")))
    group = group or environment("WANDB_RUN_GROUP")
    notes = notes or environment("WANDB_NOTES")
    job_id = str(uuid.uuid4()) if id is None else _job_id(project, id)
    told = {
        "id": id or job_id, "name": name, "project": project, "group": group, "notes": notes,
        "tags": tags, "entity": entity, "job_type": job_type,
    }  # fmt: skip
    ours = {name: value for name, value in more.items() if name in _START}
    job = None
    if (mode or environment("WANDB_MODE")) != "disabled":
        facts = {"notes": notes, "job_type": job_type, **(ours.pop("facts", None) or {})}
        job = Job.start(
            name, config=config, job_id=ours.pop("job_id", job_id),
            project=_word(project, 200) if project else None,
            group=_word(group, 200) if group else None,
            tags=[_word(tag, 200) for tag in tags],
            facts={name: value for name, value in facts.items() if value is not None},
            **{"step_name": "step", **ours},
        )  # fmt: skip
    run = WandbRun(job, told, config, _forget)
    for unknown in more.keys() - ours.keys() - _QUIET:
        run.leave_out(f"init({unknown}=)")
    if resume is not None and id is None and resume != "never":
        run.leave_out("init(resume=)", "without an id it is a new run")
    return run


def log(
    data: Mapping[str, Any],
    step: int | None = None,
    commit: bool | None = None,
    sync: bool | None = None,
) -> None:
    _current("log").log(data, step, commit, sync)


def alert(title: str, text: str = "", level: Any = None, wait_duration: Any = None) -> None:
    _current("alert").alert(title, text, level, wait_duration)


def finish(exit_code: int | None = None, quiet: bool | None = None) -> None:
    if run is not None:
        run.finish(exit_code)


def login(*_: Any, **__: Any) -> bool:
    return True


def setup(*_: Any, **__: Any) -> None:
    """Nothing is to be set up."""


def sweep(*_: Any, **__: Any) -> str:
    raise NotImplementedError(
        "sweeps are not run here: heimdall_dash.integrations.optuna publishes Optuna's studies"
    )


agent = controller = sweep


def __getattr__(name: str) -> Any:
    """`config`, `summary`, and whatever else W&B has."""
    if name in ("config", "summary"):
        return getattr(_current(name), name)
    if name in CLASSES:
        return CLASSES[name]
    if name.startswith("_") or name in ("sdk", "Api", "apis"):
        raise AttributeError(f"heimdall_dash.wandb has no {name}")

    def accepted(*arguments: Any, **more: Any) -> Any:
        return getattr(_current(name), name)(*arguments, **more)

    return accepted


def _current(what: str) -> WandbRun:
    if run is None:
        raise Error(f"You must call wandb.init() before wandb.{what}")
    return run


def _forget(ended: WandbRun) -> None:
    global run
    if run is ended:
        run = None


def _job_id(project: str | None, id: str) -> str:
    """A job's id is a UUID: one that is made of the project and W&B's id, always the same."""
    try:
        return str(uuid.UUID(id))
    except ValueError:
        return str(uuid.uuid5(_IDS, f"wandb:{project or ''}/{id}"))


def _word(text: object, most: int) -> str:
    return "".join(c if c.isprintable() else " " for c in str(text)).strip()[:most] or "run"


def _list(text: str | None) -> list[str]:
    return [one.strip() for one in (text or "").split(",") if one.strip()]
