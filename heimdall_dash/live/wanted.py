"""What a page wants to hear: `{"watch": {job id: {"after", "stream", "metrics"}}}`, checked."""

from dataclasses import dataclass, field
from typing import Any

from heimdall_dash.frames import Start, start_of
from heimdall_dash.metrics import MAX_NAME
from heimdall_dash.records import MOST_RUNS

MOST_NAMES = 10_000  # as many as a job may have
MAX_ID = 100  # characters
MAX_STREAM = 64
KNOWN = frozenset({"after", "stream", "metrics"})


class WatchRefused(ValueError):
    """A watch that cannot be understood; says what was expected and what came."""


@dataclass(frozen=True)
class Wanted:
    """Of one job: everything behind `start`, of these metrics (None: of all)."""

    start: Start = field(default_factory=Start)
    metrics: frozenset[str] | None = None


def wanted_jobs(watch: object) -> dict[str, Wanted]:
    """By job id; raises WatchRefused."""
    if not isinstance(watch, dict):
        raise WatchRefused(f"watch: expected an object by job id, got {_shown(watch)}")
    if len(watch) > MOST_RUNS:
        raise WatchRefused(f"watch: at most {MOST_RUNS} jobs, got {len(watch)}")
    return {_job_id(job_id): _wanted(job_id, said) for job_id, said in watch.items()}


def _job_id(job_id: str) -> str:
    if not 0 < len(job_id) <= MAX_ID or not job_id.isprintable():
        raise WatchRefused(f"watch: not a job's id: {_shown(job_id)}")
    return job_id


def _wanted(job_id: str, said: object) -> Wanted:
    if not isinstance(said, dict):
        raise WatchRefused(
            f'watch: job {job_id}: expected {{"after", "stream", "metrics"}}, got {_shown(said)}'
        )
    if unknown := sorted(said.keys() - KNOWN):
        raise WatchRefused(f"watch: job {job_id}: unknown {_shown(unknown[0])}")
    return Wanted(_start(job_id, said.get("after"), said.get("stream")), _names(job_id, said))


def _start(job_id: str, after: object, stream: object) -> Start:
    if stream is not None and (not isinstance(stream, str) or len(stream) > MAX_STREAM):
        raise WatchRefused(f"watch: job {job_id}: stream: not a stream's id: {_shown(stream)}")
    is_epoch = isinstance(after, int) and not isinstance(after, bool)
    if after is None or isinstance(after, str) or is_epoch:
        try:
            return start_of(None if after is None else str(after), stream)
        except ValueError:
            pass
    raise WatchRefused(
        f"watch: job {job_id}: after: must be a cursor such as 412-1, or an epoch ≥ -1, "
        f"got {_shown(after)}"
    )


def _names(job_id: str, said: dict[str, Any]) -> frozenset[str] | None:
    names = said.get("metrics")
    if names is None:
        return None
    if not isinstance(names, list) or len(names) > MOST_NAMES:
        raise WatchRefused(
            f"watch: job {job_id}: metrics: expected a list of at most {MOST_NAMES} names, or null"
        )
    for name in names:
        if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME:
            raise WatchRefused(f"watch: job {job_id}: metrics: not a name: {_shown(name)}")
    return frozenset(names)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:60] + "…"
