"""Looks after all jobs in the background, and tells what deserves attention: once each.

One web process of several does it (a lock in the store). Without rules and receivers it does
nothing. Only running jobs are read, from where they were read before.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from heimdall_dash.alerts.letters import Letters
from heimdall_dash.alerts.rules import Fired, Rule, RuleState, rule_of
from heimdall_dash.alerts.trouble import Trouble, TroubleState
from heimdall_dash.background import Background
from heimdall_dash.cells import START, Position
from heimdall_dash.errors import HeimdallError, StoreUnavailable, UnknownJob
from heimdall_dash.records import FINAL, Status, parse_time
from heimdall_dash.store.alerts import AlertStore
from heimdall_dash.store.store import Store
from heimdall_dash.store.stored_job import StoredJob

log = logging.getLogger(__name__)

EVERY_S = 1.0
STUCK_AFTER_S = 300.0  # a receiver may take 10 s, and there may be many
BEFORE = 2_000  # writes of a job that are read when it is looked at first
CHUNK = 2_000


@dataclass
class _Watched:
    """What this process knows of one attempt of a job."""

    attempt: int
    rules: RuleState
    trouble: TroubleState = field(default_factory=TroubleState)
    position: Position | None = None  # None: not read yet
    told: set[str] = field(default_factory=set)


class Lookout:
    def __init__(
        self,
        store: Store,
        alerts: AlertStore,
        letters: Letters,
        now: Callable[[], datetime],
        kinds: Collection[str],
        address: str = "",
    ) -> None:
        """now: by the store's clock; kinds: of what is sent without a rule; address: of the page,
        for links."""
        self._store, self._alerts, self._letters, self._now = store, alerts, letters, now
        self._kinds, self._address = frozenset(kinds), address.rstrip("/")
        self._watched: dict[str, _Watched] = {}
        self._rules: list[Rule] = []
        self.background = Background("the lookout", self._run)

    async def _run(self) -> None:
        while True:
            self.background.turn(within_s=STUCK_AFTER_S)
            try:
                await asyncio.to_thread(self.go_round)
            except StoreUnavailable as error:
                log.debug("the lookout waits for the store: %s", error)
            await asyncio.sleep(EVERY_S)

    def go_round(self) -> None:
        """Look at every job once, and send what waits. Raises StoreUnavailable."""
        known = self._alerts.rules().items()
        rules = [rule for name, given in known if (rule := rule_of(name, given))]
        if not (rules or self._letters.has_receivers) or not self._alerts.own():
            self._watched.clear()
            return
        if rules != self._rules:
            self._rules = rules
            self._watched.clear()  # read again, for what holds now
        since_ms = self._alerts.since_ms(int(self._now().timestamp() * 1000))
        since = datetime.fromtimestamp(since_ms / 1000, UTC)
        jobs = self._store.jobs()
        for fields in jobs:
            try:
                self._look_at(StoredJob(fields), since)
            except StoreUnavailable:
                raise
            except (HeimdallError, ValueError, TypeError) as error:
                log.debug("job %s is not looked after: %s", fields.get("id"), error)
        running = {fields.get("id") for fields in jobs if fields.get("status") == Status.RUNNING}
        for job_id in [known for known in self._watched if known not in running]:
            del self._watched[job_id]
        self._letters.send_due(self._now().timestamp())

    # -- one job ---------------------------------------------------------------------------

    def _look_at(self, job: StoredJob, since: datetime) -> None:
        if not job.id or job.status is None:
            return
        if job.status in FINAL:
            self._tell_of_end(job, since)
        elif job.status is Status.RUNNING:
            watched = self._known(job)
            if job.is_stalled(self._now()):
                self._tell(job, watched, "stalled", f"stalled {job.position}", _SILENT)
            self._read_on(job, watched)

    def _known(self, job: StoredJob) -> _Watched:
        watched = self._watched.get(job.id)
        if watched is None or watched.attempt != job.attempt:
            project = job.fields.get("project")
            rules = [rule for rule in self._rules if rule.concerns(job.id, project)]
            watched = self._watched[job.id] = _Watched(job.attempt, RuleState(rules))
        return watched

    def _tell_of_end(self, job: StoredJob, since: datetime) -> None:
        ended = job.time("completed_at")
        kind = str(job.status)
        if kind not in self._kinds or not ended or parse_time(ended) < since:
            return
        said = job.fields.get("error_message") or f"ended after epoch {job.current_epoch}"
        self._tell(job, None, kind, f"{kind} {job.attempt}", said)

    def _read_on(self, job: StoredJob, watched: _Watched) -> None:
        if watched.position is None:
            writes = self._store.newest_writes(job.id, BEFORE)
            watched.rules.observe(writes)
            watched.trouble.observe(writes)
            found: Iterable[Fired | Trouble]
            found = [*watched.rules.holding(), *watched.trouble.holding()]
            watched.position = writes[-1].position if writes else START
            self._tell_all(job, watched, found)
        if job.position <= watched.position:
            return
        newer = self._store.each_write(job.id, after=watched.position)
        while writes := list(islice(newer, CHUNK)):
            watched.position = writes[-1].position
            found = [*watched.rules.observe(writes), *watched.trouble.observe(writes)]
            self._tell_all(job, watched, found)

    # -- telling ---------------------------------------------------------------------------

    def _tell_all(
        self, job: StoredJob, watched: _Watched, found: Iterable[Fired | Trouble]
    ) -> None:
        for one in found:
            if isinstance(one, Trouble):
                mark = f"{one.kind} {job.attempt} {one.metric}"
                self._tell(job, watched, one.kind, mark, one.message, one.epoch, one.metric)
            else:
                mark = f"rule {job.attempt} {one.rule.name} {one.metric}"
                self._tell(job, watched, "rule", mark, one.message, one.epoch, one.metric)

    def _tell(
        self,
        job: StoredJob,
        watched: _Watched | None,
        kind: str,
        mark: str,
        message: str,
        epoch: int | None = None,
        metric: str | None = None,
    ) -> None:
        is_known = watched is not None and mark in watched.told
        if is_known or (kind != "rule" and kind not in self._kinds):
            return
        if not self._alerts.was_told(job.id, mark):
            # the letter first: should this process die here, the same letter is put out again
            self._letters.put(self._alert(job, kind, mark, message, epoch, metric))
            if self._alerts.claim(job.id, mark) and kind == "rule":
                self._note(job, message, epoch)
        if watched is not None:
            watched.told.add(mark)

    def _note(self, job: StoredJob, message: str, epoch: int | None) -> None:
        note: dict[str, Any] = {"kind": "alert", "message": message}
        if epoch is not None:
            note["epoch"] = epoch
        try:
            self._store.add_note(job.id, note)
        except UnknownJob:
            log.debug("job %s was deleted before its alert", job.id)

    def _alert(
        self,
        job: StoredJob,
        kind: str,
        mark: str,
        message: str,
        epoch: int | None,
        metric: str | None,
    ) -> dict[str, Any]:
        name = job.fields.get("job_name", job.id)
        return {
            "id": f"{job.id} {mark}",
            "kind": kind,
            "title": f"{name}: {kind if kind != 'rule' else 'alert'}",
            "message": message,
            "job_id": job.id,
            "job_name": name,
            "status": str(job.status),
            "epoch": epoch,
            "metric": metric,
            "at": self._now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "url": f"{self._address}/?job={job.id}" if self._address else None,
        }


_SILENT = "gives no sign of life"
