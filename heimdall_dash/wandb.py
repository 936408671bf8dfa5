"""`import heimdall_dash.wandb as wandb`: scripts that were written for W&B run with this one line
changed, and their numbers come here.

`init`, `log`, `config`, `summary`, `alert`, `finish`, `sweep` and `agent` mean what they mean
there. Images, tables, artifacts and code have no place here: what a script does with them is
accepted and named once.
"""

import inspect
import logging
import os
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from heimdall_dash.errors import HeimdallError
from heimdall_dash.integrations.run import is_interactive
from heimdall_dash.integrations.wandb_config import as_values
from heimdall_dash.integrations.wandb_media import CLASSES
from heimdall_dash.integrations.wandb_run import WandbRun
from heimdall_dash.integrations.wandb_sweep import Sweep, Values, count_of
from heimdall_dash.publisher import Job

_log = logging.getLogger(__name__)
_START = frozenset(inspect.signature(Job.start).parameters)
_QUIET = frozenset({"dir", "settings", "anonymous", "force", "save_code", "mode", "magic"})
_IDS = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")  # the namespace of addresses

_FAILED_FIRST = 3  # runs of an agent that end it: a mistake of the script, not of the values

run: WandbRun | None = None
_sweeps: dict[str, Sweep] = {}
_trial: "_Trial | None" = None


class Error(HeimdallError):
    """wandb was called in an order that cannot be meant."""


UsageError = CommError = Error


class AlertLevel(Enum):
    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"


class Settings(dict[str, Any]):
    """Any; none has a meaning here."""


@dataclass(frozen=True)
class _Trial:
    """What an agent begins a run with."""

    sweep: Sweep
    number: int
    values: Values


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
    if _trial is not None:
        sweep = _trial.sweep
        project, group = sweep.project or project, group or sweep.name
        name = name or f"{sweep.name} {_trial.number}"
        config = {**as_values({} if config is None else config), **_trial.values}
        more = {**more, "facts": {"sweep": sweep.id, **(more.get("facts") or {})}}
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
        "sweep_id": None if _trial is None else _trial.sweep.id,
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
    for unknown in more.keys() - _START - _QUIET:
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


def sweep(
    sweep: Any, entity: str | None = None, project: str | None = None, prior_runs: Any = None
) -> str:
    """Describe a sweep; its id is for `agent`, in this program. Raises SweepRefused, a ValueError,
    where the configuration cannot be meant."""
    made = Sweep(sweep() if callable(sweep) else sweep, project)
    _sweeps[made.id] = made
    for what in made.left_out:
        why = "values are drawn at random" if "bayes" in what else "each run goes to its end"
        _log.warning("wandb.sweep(%s) is left out: %s", what, why)
    return made.id


def agent(
    sweep_id: str,
    function: Callable[[], Any] | None = None,
    entity: str | None = None,
    project: str | None = None,
    count: int | None = None,
) -> None:
    """Call function once for each set of values, which `init` then puts into `config`: until the
    grid is through, or count of them. A run whose function raises is failed, and the next begins;
    when the first three fail, the exception goes on to the caller."""
    global _trial
    found = _sweeps.get(str(sweep_id).rpartition("/")[2])
    if found is None:
        raise Error(f"no sweep {sweep_id!r} was made in this program: wandb.sweep gives the id")
    if not callable(function):
        raise Error("wandb.agent needs function=, which trains once; no command lines are run here")
    most, tried, failed = count_of(count, "count"), 0, 0
    finish()
    try:
        while (most is None or tried < most) and (values := found.next()) is not None:
            tried += 1
            _trial = _Trial(found, found.begun, values)
            try:
                _tried(function)
            except Exception:
                failed += 1
                if failed == tried == _FAILED_FIRST:
                    raise
                _log.exception("run %d of sweep %s failed", found.begun, found.name)
    finally:
        _trial = None


def _tried(function: Callable[[], Any]) -> None:
    """Call it, and end the run that it has begun as it ends."""
    try:
        function()
    except BaseException as error:
        if run is not None:
            run.__exit__(type(error), error, None)
        raise
    finish()


def controller(*_: Any, **__: Any) -> None:
    raise Error("wandb.controller is not here: wandb.agent(sweep_id, function=…) runs a sweep")


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
