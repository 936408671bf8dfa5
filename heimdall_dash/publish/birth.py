"""What a run is created with, checked: by whoever starts it, and by a server that is told of it."""

import json
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import orjson

from heimdall_dash.errors import InvalidMetric
from heimdall_dash.metrics import clean_epoch, name_problem, shown
from heimdall_dash.own_charts import checked_charts
from heimdall_dash.publish.config import MAX_BYTES
from heimdall_dash.publish.journal import JOB_ID
from heimdall_dash.records import Status, check_json, parse_time, utc_now
from heimdall_dash.store.jobs import new_fields

MAX_NAME = 120  # characters of a job's name
MAX_WORD = 200  # characters of a tag, group, project, step name
MAX_TAGS = 100
BIRTH_FIELDS = frozenset({
    "id", "job_name", "status", "created_at", "started_at", "config", "total_epochs", "external",
    "tags", "group", "project", "step_name", "key_metrics", "charts", "first_epoch",
})  # fmt: skip


def check_start(name: object, total_epochs: object, job_id: object) -> None:
    """Raises InvalidMetric."""
    is_text = isinstance(name, str) and name.strip() and name.isprintable()
    if not is_text or len(str(name)) > MAX_NAME:
        raise InvalidMetric(
            f"a job's name is 1 to {MAX_NAME} printable characters, got {shown(name)}"
        )
    if total_epochs is not None:
        _total(total_epochs)
    if job_id is not None and not (isinstance(job_id, str) and JOB_ID.match(job_id)):
        raise InvalidMetric(f"job_id must be a UUID in lower case, got {shown(job_id)}")


def birth_fields(
    job_id: str,
    name: str,
    config: Mapping[str, Any],
    total_epochs: int | None,
    *,
    tags: Sequence[str] = (),
    group: str | None = None,
    project: str | None = None,
    step_name: str | None = None,
    key_metrics: Mapping[str, str] | None = None,
    charts: Sequence[Mapping[str, Any]] = (),
    first_epoch: int | None = None,
    created_at: str | None = None,
) -> dict[str, Any]:
    """The fields of a run that begins now; raises InvalidMetric for what cannot be meant."""
    more: dict[str, Any] = {"started_at": created_at or utc_now()}
    if words := _tags(tags):
        more["tags"] = json.dumps(words)
    for what, value in (("group", group), ("project", project), ("step_name", step_name)):
        if value is not None:
            more[what] = _word(what, value)
    if key_metrics:
        more["key_metrics"] = _key_metrics(key_metrics)
    if charts:
        more["charts"] = json.dumps(checked_charts(charts))
    if first_epoch is not None:
        if type(first_epoch) is not int or first_epoch not in (0, 1):
            raise InvalidMetric(f"first_epoch is 0 or 1, got {shown(first_epoch)}")
        more["first_epoch"] = first_epoch
    return (
        new_fields(
            job_id, name, Status.RUNNING, stream="", config=config, external=True,
            total_epochs=None if total_epochs is None else _total(total_epochs),
            created_at=created_at,
        )
        | more
    )  # fmt: skip


def checked_birth(birth: Any) -> dict[str, Any]:
    """Fields that came over the network, made anew from their parts; raises InvalidMetric."""
    if not isinstance(birth, dict):
        raise InvalidMetric("a run's birth is an object")
    try:
        names = ("tags", "key_metrics", "charts", "config")
        texts = {name: json.loads(birth[name]) for name in names if birth.get(name)}
        total, first = birth.get("total_epochs"), birth.get("first_epoch")
        total = int(total) if total is not None else None
        first = int(first) if first is not None else None
        created_at = str(birth["created_at"])
        if parse_time(created_at).tzinfo is None:
            raise InvalidMetric(f"created_at has no time zone: {created_at:.40}")
        config = texts.get("config", {})
        check_start(birth["job_name"], total, str(birth["id"]))
        check_json(config, "config")
        if not isinstance(config, dict):
            raise InvalidMetric("config is an object")
        if len(orjson.dumps(config)) > MAX_BYTES:
            raise InvalidMetric(f"config has at most {MAX_BYTES} bytes of JSON")
        return birth_fields(
            birth["id"], birth["job_name"], config, total, tags=texts.get("tags", ()),
            group=birth.get("group"), project=birth.get("project"),
            step_name=birth.get("step_name"), key_metrics=texts.get("key_metrics"),
            charts=texts.get("charts", ()), first_epoch=first, created_at=created_at,
        )  # fmt: skip
    except InvalidMetric:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as no:
        raise InvalidMetric(f"not a run's birth: {shown(no)}") from no


def _total(total_epochs: object) -> int:
    try:
        total = clean_epoch(total_epochs)
    except InvalidMetric:
        total = 0
    if total < 1:
        raise InvalidMetric(f"total_epochs is an integer ≥ 1 or None, got {shown(total_epochs)}")
    return total


def _tags(tags: Any) -> list[str]:
    problem = f"tags are a list of at most {MAX_TAGS} words, got {shown(tags)}"
    if isinstance(tags, (str, bytes)):
        raise InvalidMetric(problem)
    try:
        words = list(islice(tags, MAX_TAGS + 1))
    except TypeError as error:
        raise InvalidMetric(problem) from error
    if len(words) > MAX_TAGS:
        raise InvalidMetric(problem)
    return [_word("a tag", word) for word in words]


def _key_metrics(key_metrics: Any) -> str:
    problem = f'key_metrics are such as {{"val/mIoU": "max"}}: min or max, got {shown(key_metrics)}'
    if not isinstance(key_metrics, Mapping) or len(key_metrics) > MAX_TAGS:
        raise InvalidMetric(problem)
    for name, way in key_metrics.items():
        if name_problem(name) or way not in ("min", "max"):
            raise InvalidMetric(problem)
    return json.dumps(dict(key_metrics))


def _word(what: str, value: object) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_WORD or not value.isprintable():
        raise InvalidMetric(f"{what} is 1 to {MAX_WORD} printable characters, got {shown(value)}")
    return value
