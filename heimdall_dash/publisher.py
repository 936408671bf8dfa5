"""Publish a training run: the only part that a trainer needs. Imports neither Dash nor torch.

with Job.start("VHF", total_epochs=500, config={"learning_rate": 1e-3}) as job:
    for epoch in range(1, 501):
        job.log(epoch, train_loss=0.1, val_loss=0.2)
"""

import atexit
import logging
import os
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from heimdall_dash.errors import HeimdallError, InvalidMetric, StaleAttempt
from heimdall_dash.log import Rarely
from heimdall_dash.publish.journal import JOB_ID, Journal, prune
from heimdall_dash.publish.line import decode, encode
from heimdall_dash.publish.sender import Sender
from heimdall_dash.records import FINAL, MAX_EPOCH, Status, check_json, storable, utc_now
from heimdall_dash.settings import Settings
from heimdall_dash.store.jobs import Fields, new_fields
from heimdall_dash.store.store import Store, new_stream_id

log = logging.getLogger(__name__)

CLOSE_TIMEOUT_S = 15.0
BIRTH_FIELDS = (
    "id", "job_name", "status", "created_at", "started_at", "config", "total_epochs", "external",
)  # fmt: skip


class Job:
    """A run that is being published.

    Guarantees: an epoch that `log` returned for is in a local file, and reaches the store once
    and in order, through any outage, as long as this process or a later one of the same job
    lives. `log` waits for no network. Does not: keep epochs that were never logged.
    """

    def __init__(
        self,
        journal: Journal,
        birth: dict[str, Any],
        attempt: int,
        open_store: Callable[[], Store],
        *,
        revives: bool = False,
    ) -> None:
        """Use `start` or `attach`."""
        self.id: str = birth["id"]
        self.attempt = attempt
        self._journal, self._birth = journal, birth
        self._sender = Sender(journal, birth, attempt, open_store, revives=revives)
        self._end: dict[str, Any] | None = None  # what `finish` has said
        self._was_delivered: bool | None = None  # None: still open
        self._disk_full = Rarely(log)

    @classmethod
    def start(
        cls,
        name: str,
        *,
        total_epochs: int | None = None,
        config: Mapping[str, Any] | None = None,
        facts: Mapping[str, Any] | None = None,
        url: str | None = None,
        data_dir: Path | None = None,
        job_id: str | None = None,
        attempt: int | None = None,
    ) -> Self:
        """Announce a new run; returns at once, also while the store is away.

        url: of the store; default REDIS_URL, else the store of a `make run` in HEIMDALL_DATA.
        data_dir: where the local log goes; default HEIMDALL_DATA, `./data`.
        job_id: goes on with the run whose local log is in data_dir, also when it was paused or
        had ended; its attempt is one higher then, so that the earlier process can no longer write.
        Raises InvalidMetric for a config that JSON cannot carry, OSError when the log cannot be
        written.
        """
        _check_start(name, total_epochs, job_id)
        data = data_dir or _settings().heimdall_data
        prune(data)
        journal = Journal(data, job_id or str(uuid.uuid4()))
        birth = new_fields(
            journal.folder.name,
            name,
            Status.RUNNING,
            stream=new_stream_id(),
            config=_plain(config or {}),
            total_epochs=total_epochs,
            external=True,
        ) | {"started_at": utc_now()}
        kept = journal.birth()
        if kept is not None:
            birth, facts = kept["fields"], facts or kept["facts"]
        if attempt is None:
            attempt = 0 if kept is None else int(kept.get("attempt", 0)) + 1
        journal.save_birth({"fields": birth, "facts": None, "attempt": attempt})
        job = cls(journal, birth, attempt, _opener(url, data), revives=kept is not None)
        if facts:
            job.describe(facts)
        job._begin()
        return job

    @classmethod
    def attach(cls, fields: Fields, *, store: Store, url: str | None, data_dir: Path) -> Self:
        """Publish a job that a worker has taken: `fields` is its state in the store.

        Epochs that only the store has are copied to the local log first, so that this machine
        could rebuild them. Raises StoreUnavailable, OSError.
        """
        prune(data_dir)
        journal = Journal(data_dir, fields["id"])
        for raw in store.rows(fields["id"], after=journal.last_epoch):
            journal.append(orjson.loads(raw)["epoch"], raw + b"\n")
        birth = {name: fields[name] for name in BIRTH_FIELDS if name in fields}
        facts = store.facts(fields["id"])
        attempt = int(fields["attempt"])
        journal.save_birth({"fields": birth, "facts": facts or None, "attempt": attempt})
        job = cls(journal, birth, attempt, _opener(url, data_dir))
        job._begin()
        return job

    # -- while it runs ---------------------------------------------------------------------

    def log(self, epoch: int, /, **metrics: Any) -> None:
        """Log one epoch's metrics: finite scalars, or lists of up to 256 of them.

        epoch: integer ≥ 0; one that is not newer than the last is taken for a repeat and left
        out. NaN and infinities become null and are named in a warning. Raises InvalidMetric
        (nothing is logged then); never because of the network.
        """
        if self._was_delivered is not None:
            raise HeimdallError(f"job {self.id} was closed: epoch {epoch} comes too late")
        number, line, not_finite = encode(epoch, metrics, time.time())
        if number <= self._journal.last_epoch or self.refused is not None:
            return
        try:
            self._journal.append(number, line)
        except StaleAttempt as error:
            self._sender.refuse(error)
            return
        except OSError as error:
            self._disk_full.info("full", "The local log cannot be written (%s)", error)
            self._sender.unwritten.append(decode(line))
            self._journal.last_epoch = number
        if not_finite:
            self.warn(
                f"epoch {number}: not finite, stored as null: {', '.join(not_finite)}",
                epoch=number,
            )
        self._sender.wake()

    def describe(self, facts: Mapping[str, Any]) -> None:
        """Static facts of the run, for the page: floors, sizes, versions."""
        plain = _plain(facts)
        self._journal.save_birth({"fields": self._birth, "facts": plain, "attempt": self.attempt})
        self._sender.state_facts(plain)

    def warn(self, message: str, *, epoch: int | None = None, kind: str = "warning") -> None:
        """Put a note on the page, at `epoch` where there is one."""
        text = storable(str(message))
        note = {"kind": kind, "epoch": epoch, "message": text, "timestamp": utc_now()}
        self._sender.tell({"event": "training:warning", "note": note})

    @property
    def desired(self) -> str:
        """What is wanted of the trainer: `running`, `paused` or `cancelled`. Never waits."""
        return self._sender.desired

    @property
    def refused(self) -> HeimdallError | None:
        """Why the store takes no more of this run: taken over, cancelled or deleted."""
        return self._sender.refused

    def check_owner(self) -> None:
        """Raises StaleAttempt when another process on this machine goes on with the job: what
        lies in its folder is no longer this one's to write."""
        try:
            self._journal.check_owner()
        except StaleAttempt as error:
            self._sender.refuse(error)
            raise

    @property
    def last_epoch(self) -> int:
        """The last epoch in the local log, -1 before the first."""
        return self._journal.last_epoch

    # -- its end ---------------------------------------------------------------------------

    def finish(self, status: str, reason: str | None = None, **fields: Any) -> None:
        """Say how the run ended: completed, failed, cancelled, paused. The first word counts."""
        change: dict[str, Any] = {"status": status, **fields}
        if status in {Status.COMPLETED, Status.FAILED, Status.CANCELLED}:
            change["completed_at"] = utc_now()
        if reason is not None:
            change["error_message" if status == Status.FAILED else "ended_because"] = reason
        self.end_as(change)

    def end_as(self, change: dict[str, Any]) -> None:
        """`finish`, with the fields as they go into the store."""
        if self._end is not None:
            return
        self._end = change
        status = change["status"]
        if status in FINAL:
            self._mark_ended()
        self._sender.tell(
            {
                "event": f"training:{status}",
                "action": f"mark as {status}",
                "allowed": [Status.PENDING, Status.RUNNING, Status.PAUSED],
                "fields": change,
                "remove": ["desired"],
            }
        )

    def _mark_ended(self) -> None:
        try:
            self._journal.mark_ended()
        except OSError as error:  # only a later pruning needs it; the disk may be full
            log.warning("Job %s: its log is not marked as ended: %s", self.id, error)

    def close(self, timeout_s: float = CLOSE_TIMEOUT_S) -> bool:
        """Wait until all is delivered, at most `timeout_s`; says so and returns False if not."""
        if self._was_delivered is not None:
            return self._was_delivered
        atexit.unregister(self.close)
        delivered = self._was_delivered = self._sender.wait_until_delivered(timeout_s)
        self._sender.stop()
        self._journal.close()
        if not delivered and self._sender.refused is None:
            log.warning(
                "Job %s: not all epochs reached the store within %.0f s. They are kept in %s; the "
                "next `make run` there sends them, and so does the next run of this job",
                self.id, timeout_s, self._journal.folder,
            )  # fmt: skip
        self._note_left(is_left=not delivered and self._sender.refused is None)
        return delivered

    def _note_left(self, *, is_left: bool) -> None:
        """For `left_behind.bring`; a queued job needs no note, its next worker sends the rest."""
        if self._birth.get("external") != "1":
            return
        try:
            if is_left:
                self._journal.leave(self._end)
            else:
                self._journal.forget_left()
        except OSError as error:
            log.warning("Job %s: no note could be left in its folder: %s", self.id, error)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.finish(Status.COMPLETED)
        elif isinstance(error, (KeyboardInterrupt, SystemExit, GeneratorExit)):
            self.finish(Status.CANCELLED, f"stopped by {type(error).__name__}")
        else:
            self.finish(Status.FAILED, f"{type(error).__name__}: {error}"[:2000])
        self.close()

    def _begin(self) -> None:
        atexit.register(self.close)  # for a program that ends without closing
        self._sender.start()
        self._sender.wake()


def _check_start(name: object, total_epochs: object, job_id: str | None) -> None:
    if not isinstance(name, str) or not name.strip() or not name.isprintable() or len(name) > 120:
        raise InvalidMetric(f"a job's name is 1 to 120 printable characters, got {name!r:.140}")
    if total_epochs is not None and (
        type(total_epochs) is not int or not 1 <= total_epochs <= MAX_EPOCH
    ):
        raise InvalidMetric(
            f"total_epochs must be an integer ≥ 1 or None, got {total_epochs!r:.60}"
        )
    if job_id is not None and not JOB_ID.match(job_id):
        raise InvalidMetric(f"job_id must be a UUID in lower case, got {job_id!r:.80}")


def _settings() -> Settings:
    return Settings()


def _opener(url: str | None, data: Path) -> Callable[[], Store]:
    """Opens the store anew: the embedded one may have moved to another port."""

    def open_store() -> Store:
        if url:
            return Store(url)
        return Store(_settings().model_copy(update={"heimdall_data": data}).store_url)

    return open_store


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """What JSON can carry; not-finite numbers become None. Raises InvalidMetric."""
    try:
        text = orjson.dumps(dict(values), option=orjson.OPT_SERIALIZE_NUMPY, default=os.fspath)
    except TypeError as error:
        raise InvalidMetric(f"config and facts must be JSON: {error}") from error
    plain: dict[str, Any] = orjson.loads(text)
    check_json(plain, "config")
    return plain
