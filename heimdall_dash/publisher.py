"""Publish a training run: the only part that a trainer needs. Imports neither Dash nor torch.

with Job.start("VHF", total_epochs=500, config={"learning_rate": 1e-3}) as job:
    for epoch in range(1, 501):
        job.log(epoch, train_loss=0.1, val_loss=0.2)
"""

import contextlib
import json
import logging
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from heimdall_dash.errors import HeimdallError, InvalidMetric, StaleAttempt
from heimdall_dash.log import Rarely
from heimdall_dash.metrics import clean_epoch, is_mapping, shown, shown_name
from heimdall_dash.predictions import Sampler, kept
from heimdall_dash.publish import ending
from heimdall_dash.publish.birth import BIRTH_FIELDS, birth_fields, check_start
from heimdall_dash.publish.config import plain_config
from heimdall_dash.publish.destination import Destination, find
from heimdall_dash.publish.ends import end_of, reason_text
from heimdall_dash.publish.journal import Journal, prune
from heimdall_dash.publish.leaving import Progress, mark_done, say_undelivered
from heimdall_dash.publish.line import encode_other, encode_row
from heimdall_dash.publish.notes import Notes, text_of
from heimdall_dash.publish.origin import origin
from heimdall_dash.publish.sender import Sender
from heimdall_dash.publish.stored import copied
from heimdall_dash.publish.transport import Claim, Standing
from heimdall_dash.records import FINAL, Status, utc_now
from heimdall_dash.store.jobs import Fields
from heimdall_dash.store.log_write import ENDS
from heimdall_dash.store.replies import MAX_NAMES
from heimdall_dash.store.store import Store

log = logging.getLogger(__name__)

SYSTEM_INTERVAL_S = 10.0  # between two looks at the machine
CLOSE_PATIENCE_S = 15.0  # while nothing is delivered any more
MOST_PREDICTIONS_BYTES = 128 * 2**20  # of predictions in one process's log


class Job:
    """A run that is being published.

    Guarantees: what `log` returned for is in a local file, and reaches the dashboard once and in
    order, through any outage, by this process or by whoever brings the file later. After `start`
    nothing that it is given raises, waits for the network or ends the run: what cannot be stored
    is left out alone and named once. Does not: keep what was never logged.
    """

    def __init__(
        self,
        journal: Journal,
        birth: dict[str, Any],
        attempt: int,
        destination: Destination,
        *,
        takes_over: bool,
        strict: bool = False,
    ) -> None:
        """Use `start` or `attach`. Raises OSError when the local log cannot be written."""
        self.id: str = birth["id"]
        self.name: str = birth["job_name"]
        self.url: str | None = None  # of the run's page, once a dashboard was found
        self._journal, self._birth, self._destination = journal, birth, destination
        self._strict = strict
        self._ends_itself = takes_over
        self._own = journal.take()
        claim = Claim(self.id, self._own.token, attempt, takes_over, birth)
        self._sender = Sender(journal, claim, destination.open, self._begun)
        self._last_epoch = journal.last_epoch()
        self._facts: dict[str, Any] = {}
        self._names: set[str] = set()  # of this run's cells
        self._usual_names: set[str] = set()  # keyword names that were looked at before
        self._notes = Notes(self.id, self._keep, strict=strict)
        self._sampler, self._predictions_bytes = Sampler(), 0
        self._end: str | None = None  # the status that `finish` has said
        self._was_delivered: bool | None = None  # None: still open
        self._is_forked = False
        self._watching: Any = None  # of the machine, where it was asked for
        self._disk_full = Rarely(log)

    @classmethod
    def start(
        cls,
        name: str,
        *,
        total_epochs: int | None = None,
        config: Any = None,
        facts: Mapping[str, Any] | None = None,
        tags: Sequence[str] = (),
        group: str | None = None,
        project: str | None = None,
        step_name: str | None = None,
        key_metrics: Mapping[str, str] | None = None,
        charts: Sequence[Mapping[str, Any]] = (),
        first_epoch: int | None = None,
        url: str | None = None,
        data_dir: Path | str | None = None,
        job_id: str | None = None,
        resume_from: int | None = None,
        with_origin: bool = True,
        system_metrics: bool = False,
        system_interval_s: float = SYSTEM_INTERVAL_S,
        strict: bool = False,
    ) -> Self:
        """Announce a run; returns at once, also while nobody is there to hear it.

        config: a mapping, dataclass, Namespace, pydantic or OmegaConf object.
        step_name: what `log` counts, when it is not epochs, such as "step".
        key_metrics: `{"val/mIoU": "max"}`: what to look at first, and which way is better.
        first_epoch: 1 says that an epoch 0 is the untrained model, and no epoch done.
        url: redis://, rediss://, http:// or https://; default HEIMDALL_URL, REDIS_URL, the store
        under HEIMDALL_DATA, the dashboard that this user runs on this machine.
        data_dir: where the local log goes; default HEIMDALL_DATA, else beside that dashboard.
        job_id: goes on with that run, from any machine; what it logs again replaces what was
        there. resume_from: takes back everything after that epoch first.
        with_origin: tell host, command, git commit and Python as facts.
        system_metrics: how busy processors, memory, disk, network and GPUs are, read every
        `system_interval_s` and averaged, as `system/…` beside the epoch that was logged last.
        strict: raise InvalidMetric for what cannot be stored, instead of leaving it out.
        Raises InvalidMetric for arguments that cannot be meant, StartupRefused for an address that
        is none, OSError when the local log cannot be written.
        """
        check_start(name, total_epochs, job_id)
        destination = find(url, data_dir)
        prune(destination.data)
        journal = Journal(destination.data, job_id or str(uuid.uuid4()))
        plain, troubles = plain_config(config)
        birth = birth_fields(
            journal.folder.name, name, plain, total_epochs, tags=tags, group=group,
            project=project, step_name=step_name, key_metrics=key_metrics, charts=charts,
            first_epoch=first_epoch,
        )  # fmt: skip
        kept = journal.saved()
        if kept is not None:
            birth, facts = kept["fields"], facts or kept.get("facts")
        journal.save({"fields": birth, "url": destination.url})
        job = cls(journal, birth, 0, destination, takes_over=True, strict=strict)
        job._open(troubles, resume_from, (origin() if with_origin else {}) | dict(facts or {}))
        if system_metrics:
            job._watch_machine(system_interval_s)
        return job

    @classmethod
    def attach(cls, fields: Fields, *, store: Store, url: str | None, data_dir: Path) -> Self:
        """Publish a job that a worker has taken: `fields` is its state in the store.

        What other machines stored is copied to the local log first, so that this one could
        rebuild it. Raises StoreUnavailable, OSError.
        """
        prune(data_dir)
        journal = Journal(data_dir, fields["id"])
        copied(journal, store)
        birth = {name: value for name, value in fields.items() if name in BIRTH_FIELDS}
        journal.save({"fields": birth, "url": url})
        destination = Destination(url, data_dir.absolute(), None)
        if url is None:
            destination.home = destination.data
        job = cls(journal, birth, int(fields["attempt"]), destination, takes_over=False)
        job._facts = store.facts(job.id)
        job._open([], None, {})
        return job

    # -- while it runs ---------------------------------------------------------------------

    def log(self, epoch: int, metrics: Mapping[str, Any] | None = None, /, **more: Any) -> None:
        """Log metrics of an epoch (or step): an integer ≥ 0, in any order, as often as wanted.

        Further calls for an epoch join; another value for a cell replaces the earlier one. A
        metric is one finite number or a list of up to 256; nested mappings are flattened with
        `/`. NaN and infinities become null and are named.
        """
        if self._is_deaf():
            return
        if metrics is not None:
            more = self._joined(metrics, more)
        try:
            number, line, not_finite, left_out = encode_row(epoch, more, time.time())
        except InvalidMetric as error:
            self._notes.trouble("epoch", str(error))
            return
        if not more.keys() <= self._usual_names:
            line = self._with_room(more, line)
        self._last_epoch = number
        self._keep(line)
        if not_finite:
            self._notes.not_finite(number, not_finite)
        for name, why in left_out.items():
            self._notes.trouble(f"metric {name}", why, number)

    def predictions(
        self,
        epoch: int,
        *,
        truth: Any,
        mean: Any,
        sigma: Any = None,
        covariance: Any = None,
        labels: Any = None,
        unit: str = "",
        axes: Sequence[str] = (),
        places: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep some of an epoch's predictions beside their truths, to look at on the page.

        truth, mean: [N] or [N, 2], anything like an array; sigma: the same shape, or [N] for both
        axes; or covariance: [N, 2, 2]. labels: [N] names of the points. Of more than 256 points the
        same ones are kept each time: by label, or by place where there are no labels. Of a run up
        to 50 epochs are kept, spread evenly, the first and the newest among them.
        unit: of all numbers. axes: names of the dimensions. places: what else stands on the plane,
        name → where.
        """
        if self._is_deaf():
            return
        try:
            line = encode_other("predictions", kept(
                epoch, truth, mean, sigma=sigma, covariance=covariance, labels=labels, unit=unit,
                axes=axes, places=places, sampler=self._sampler,
            ))  # fmt: skip
        except (HeimdallError, MemoryError) as error:
            self._notes.trouble("predictions", str(error))
            return
        except Exception as error:  # of somebody's own arrays: may be anything
            self._notes.trouble("predictions", f"they cannot be read: {shown(error)}")
            return
        self._predictions_bytes += len(line)
        if self._predictions_bytes > MOST_PREDICTIONS_BYTES:
            most = MOST_PREDICTIONS_BYTES >> 20
            why = f"a process keeps {most} MB at most; log them every few epochs"
            self._notes.trouble("predictions", why)
            return
        self._keep(line)

    def describe(self, facts: Mapping[str, Any]) -> None:
        """Static facts of the run, for the page: floors, sizes, versions; earlier ones stay."""
        if self._is_deaf():
            return
        plain, troubles = plain_config(facts)
        self._facts = self._facts | plain
        self._keep(encode_other("facts", self._facts))
        for trouble in troubles:
            self._notes.trouble("facts", trouble)

    def configure(self, config: Any) -> None:
        """Add to the config what became known only now, or has changed; the rest of it stays."""
        if self._is_deaf():
            return
        plain, troubles = plain_config(config)
        merged, too_large = plain_config(orjson.loads(self._birth.get("config") or "{}") | plain)
        if merged:
            self._birth = self._birth | {"config": json.dumps(merged)}
            self._keep(encode_other("config", merged))
            with contextlib.suppress(OSError):  # the line is the record; this is for who goes on
                self._journal.save({"fields": self._birth, "url": self._destination.url})
        for trouble in troubles + too_large:
            self._notes.trouble("config", trouble)

    def warn(self, message: object, *, epoch: Any = None, kind: str = "warning") -> None:
        """Put a note on the page, at `epoch` where there is one."""
        if not self._is_deaf():
            self._notes.put(message, epoch, kind)

    @property
    def desired(self) -> str:
        """What is wanted of the trainer: `running`, `paused` or `cancelled`. Never waits."""
        return self._sender.desired

    @property
    def refused(self) -> HeimdallError | None:
        """Why the store takes no more of this run: taken over, or deleted."""
        return self._sender.refused

    @property
    def attempt(self) -> int:
        """How many processes had gone on with this run before, as far as the store has said."""
        return self._sender.attempt

    def check_owner(self) -> None:
        """Raises StaleAttempt when another process on this machine goes on with the job: what
        lies in its folder is no longer this one's to write."""
        try:
            self._journal.check_owner()
        except StaleAttempt as error:
            self._sender.refuse(error)
            raise

    @property
    def folder(self) -> Path:
        """Where the run's local log lies, absolute."""
        return self._journal.folder

    @property
    def last_epoch(self) -> int:
        """The epoch that was logged last, -1 before the first."""
        return self._last_epoch

    def __repr__(self) -> str:
        where = self.url or self._destination.looked_at()
        return f"<Job {self.name!r} {self.id} {self._state()}, epoch {self._last_epoch}, {where}>"

    def _state(self) -> str:
        return self._end or ("closed" if self._was_delivered is not None else self.desired)

    def _repr_html_(self) -> str:
        """In a notebook: the link, and the live page."""
        from heimdall_dash.notebook import job_html  # only there: a training needs none of it

        return job_html(self.name, self._state(), self.url)

    def chart(self, chart: str) -> Any:
        """One chart of the run's page, live, for a notebook's cell; its `url` is for any frame.

        chart: the chart's id, such as `loss-chart` or `predictions-chart`, or a metric's name
        """
        from heimdall_dash.notebook import live_chart

        return live_chart(self.name, self.url, chart)

    # -- its end ---------------------------------------------------------------------------

    def finish(self, status: str = "completed", reason: object = None, **others: Any) -> None:
        """Say how the run ended: completed, failed, cancelled, paused. The first word counts."""
        if self._is_deaf() or self._end is not None:
            return
        status = text_of(status)
        if status not in ENDS:
            expected = f"expected one of {', '.join(sorted(ENDS))}, got {status!r:.60}"
            self._notes.trouble("finish", expected)
            if reason is None:
                reason = f"finish({status!r:.60})"
            status = str(Status.COMPLETED)
        for name in others:
            self._notes.trouble("finish", f"{name!r:.60} is no part of an end and is left out")
        if self._watching is not None:
            self._watching.stop()  # what it measured last comes before the end
        self._end = status
        change: dict[str, Any] = {"status": status}
        if status in FINAL:
            change["completed_at"] = utc_now()
        if reason is not None:
            word = "error_message" if status == Status.FAILED else "ended_because"
            change[word] = reason_text(reason)
        self._keep(encode_other("end", change))

    def close(self, timeout_s: float = CLOSE_PATIENCE_S) -> bool:
        """Wait until all is delivered: as long as it goes on, and `timeout_s` when it does not.
        A run that has not said how it ended is completed, unless a worker attached to it.

        Returns whether everything is there; says what is not, and who will bring it.
        """
        if self._was_delivered is not None:
            return self._was_delivered
        if self._is_forked:
            return False
        ending.forget(self)
        if self._end is None and self._ends_itself:
            self.finish(Status.COMPLETED)
        if not self._sender.was_there and not self._destination.is_anywhere:
            timeout_s = 0.0  # there is nothing to wait for
        with Progress(self.name, self._sender, self._own) as progress:
            delivered = self._sender.wait_until_delivered(timeout_s, progress.show)
        self._sender.stop()
        self._was_delivered = delivered
        if delivered:
            mark_done(self.id, self._journal)
        elif self._sender.refused is None:
            say_undelivered(self.id, self._sender, self._own, self._journal)
        self._journal.close()
        return delivered

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end_with(error)

    def end_with(self, error: BaseException | None, *, patience_s: float | None = None) -> None:
        """Finish as an error says (None: completed), and close."""
        if self._is_forked or self._was_delivered is not None:
            return
        status, reason = end_of(error)
        self.finish(status, reason)
        self.close(CLOSE_PATIENCE_S if patience_s is None else patience_s)

    def forget_process(self) -> None:
        """In a forked child: it is not the trainer, whatever it calls."""
        self._is_forked = True
        self._own.close()

    # -- inside ----------------------------------------------------------------------------

    def _open(self, troubles: list[str], resume_from: int | None, facts: Mapping[str, Any]) -> None:
        ending.watch(self)
        if resume_from is not None:
            self._keep(encode_other("back", clean_epoch(resume_from), time.time()))
            self._notes.put(f"goes on after epoch {resume_from}", resume_from, "resumed")
        if facts:
            self.describe(facts)
        for trouble in troubles:
            self._notes.trouble("config", trouble)
        self._sender.start()
        self._sender.wake()

    def _watch_machine(self, interval_s: float) -> None:
        from heimdall_dash.publish.machine import Machine  # only where it was asked for
        from heimdall_dash.publish.system import Watching

        self._watching = Watching(
            Machine(self._journal.folder), lambda: self._last_epoch, self._log_beside, interval_s
        )

    def _log_beside(self, epoch: int, cells: Mapping[str, float]) -> None:
        """Cells that join an epoch of the training, which goes on meanwhile."""
        if not self._is_deaf():
            self._keep(self._with_room(cells, encode_row(epoch, cells, time.time())[1]))

    def _begun(self, standing: Standing) -> None:
        if standing.url is not None and self.url is None:
            self.url = standing.url
            log.info("Job %s: %s", self.id, self.url)

    def _is_deaf(self) -> bool:
        """Whether nothing more is kept: closed, taken over, or this is not the trainer."""
        if self._was_delivered is None and not self._is_forked and self.refused is None:
            return False
        if self._is_forked:
            self._notes.say("fork", f"Job {self.id}: a forked child is not the trainer; not logged")
        elif self._was_delivered is not None:
            problem = f"Job {self.id} was closed: what is logged now comes too late"
            if self._strict:
                raise HeimdallError(problem)
            self._notes.say("closed", problem)
        return True

    def _keep(self, line: bytes) -> None:
        try:
            with self._own.turn:
                refusal = self._journal.append(line)
        except StaleAttempt as error:
            self._sender.refuse(error)
            return
        except OSError as error:
            self._notes.say(
                "lost", f"Job {self.id}: no room is left for its log: {error}", logging.ERROR
            )
            return
        if refusal is not None:
            self._disk_full.info("full", "The local log cannot be written (%s)", refusal)
        self._sender.wake()

    def _with_room(self, metrics: Mapping[str, Any], line: bytes) -> bytes:
        """The line without names beyond those that a job may have."""
        parts = orjson.loads(line)
        fresh = [name for name in parts[2] if name not in self._names]
        room = MAX_NAMES - len(self._names)
        self._names.update(fresh[:room])
        if len(fresh) <= room:
            flat = {name for name, value in metrics.items() if not is_mapping(value)}
            self._usual_names |= flat
            return line
        for name in fresh[room:]:
            for cells in parts[2:]:
                cells.pop(name, None)
        self._notes.trouble(
            "names", f"a job has at most {MAX_NAMES} distinct metrics; {shown_name(fresh[room])!r} "
            f"and what comes after it are too many", parts[0],
        )  # fmt: skip
        return orjson.dumps(parts) + b"\n"

    def _joined(self, metrics: object, more: dict[str, Any]) -> dict[str, Any]:
        """Both as one mapping; what cannot be read is left out and named."""
        try:
            if isinstance(metrics, Mapping):
                return {**metrics, **more}
            why = f"metrics are a mapping of names to numbers, got {shown(metrics)}"
        except Exception as error:  # a mapping of somebody's own may raise anything
            why = f"the metrics cannot be read: {shown(error)}"
        self._notes.trouble("log", why)
        return more
