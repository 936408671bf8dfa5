"""`POST /jobs` and the page's form: a job for a worker here, or one that a trainer outside feeds or
a tool imports."""

import json
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from heimdall_dash.api.refusals import ImpossibleConfig, Refused, problems
from heimdall_dash.api.schemas import EXTERNAL_ONLY, ExternalConfig, NewJob
from heimdall_dash.config_errors import every_error
from heimdall_dash.errors import InvalidMetric, NotAllowed, StoreUnavailable, TooManyJobs
from heimdall_dash.manifest import Manifest
from heimdall_dash.queue import JobQueue
from heimdall_dash.records import Status, check_json
from heimdall_dash.store.jobs import Fields
from heimdall_dash.store.store import Store

Model = TypeVar("Model", bound=BaseModel)

MAX_BYTES = 2**20  # of a config or of facts, as JSON


def create_job(store: Store, queue: JobQueue, manifest: Manifest, new: NewJob) -> Fields:
    """Raises Refused, ImpossibleConfig, InvalidMetric before anything is stored."""
    try:
        return _external(store, new) if new.external else _queued(queue, manifest, new)
    except TooManyJobs as error:
        raise Refused(409, str(error)) from error


def attempt_job(
    store: Store, queue: JobQueue, manifest: Manifest, body: dict[str, Any]
) -> tuple[str | None, list[dict[str, Any]]]:
    """As `POST /jobs` does, for the page: the new job's id, or everything that is wrong, each with
    `loc` and `msg` as 422 tells it; `loc` is empty where no field is at fault."""
    try:
        new = NewJob.model_validate(body)
    except ValidationError as error:
        return None, [*problems(error), *_config_problems(manifest, body)]
    try:
        return create_job(store, queue, manifest, new)["id"], []
    except ImpossibleConfig as error:
        return None, problems(error)
    except Refused as error:
        return None, [{"loc": [], "msg": error.detail}]
    except (InvalidMetric, NotAllowed, StoreUnavailable) as error:
        return None, [{"loc": [], "msg": str(error)}]


def _config_problems(manifest: Manifest, body: dict[str, Any]) -> list[dict[str, Any]]:
    """A wrong name must not hide what is wrong with the settings."""
    if manifest.config is None or not isinstance(body.get("config"), dict):
        return []
    return problems(ImpossibleConfig(every_error(manifest.config, body["config"])))


def checked_object(values: dict[str, Any], name: str) -> dict[str, Any]:
    """A config or facts as they may be stored; raises InvalidMetric, Refused."""
    check_json(values, name)
    size = len(json.dumps(values, ensure_ascii=False).encode())
    if size > MAX_BYTES:
        raise Refused(413, f"{name} may have {MAX_BYTES} bytes as JSON at most, this has {size}")
    return values


def _external(store: Store, new: NewJob) -> Fields:
    config, facts = checked_object(new.config, "config"), checked_object(new.facts, "facts")
    total_epochs = _valid(ExternalConfig, {"epochs": config.get("epochs")}).epochs
    times = {"created_at": new.created_at, "started_at": new.started_at}
    more: dict[str, Any] = {
        **{name: text for name, text in times.items() if text is not None},
        **_labels(new),
        "completed_at": new.completed_at,
        "step_name": new.step_name,
        "key_metrics": json.dumps(new.key_metrics) if new.key_metrics else None,
        "charts": json.dumps(new.charts) if new.charts else None,
    }
    fields = store.create_job(
        new.job_name,
        status=Status.PENDING,
        config=config,
        total_epochs=total_epochs,
        external=True,
        more=more,
    )
    if facts:
        store.put_facts(fields["id"], facts)
    return fields


def _queued(queue: JobQueue, manifest: Manifest, new: NewJob) -> Fields:
    if manifest.config is None:
        raise Refused(
            409,
            "no trainer is installed here that could train this job; one that trains elsewhere is "
            "created with external true",
        )
    if foreign := [name for name in EXTERNAL_ONLY if name in new.model_fields_set]:
        raise Refused(422, f"{', '.join(foreign)}: only for a job with external true")
    if local := sorted(manifest.local_fields & new.config.keys()):
        raise Refused(
            422, f"{', '.join(local)}: names a file of the trainer's machine; use its command line"
        )
    config = _valid(manifest.config, new.config).model_dump(mode="json")
    more = _labels(new)
    if manifest.key_metrics:
        more["key_metrics"] = json.dumps(dict(manifest.key_metrics))
    return queue.submit(new.job_name, config, total_epochs=config.get("epochs"), more=more)


def _valid(model: type[Model], config: dict[str, Any]) -> Model:
    try:
        return model.model_validate(config)
    except ValidationError as error:
        raise ImpossibleConfig(every_error(model, config)) from error


def _labels(new: NewJob) -> dict[str, Any]:
    tags = json.dumps(new.tags) if new.tags else None
    return {"tags": tags, "group": new.group, "project": new.project}
