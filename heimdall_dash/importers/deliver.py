"""A foreign run becomes a job: its id follows from where the run lies, so that a second import
finds the first one's job, and brings only what is new.

The run's rows are written as the lines of a local log would be, and go the same road as those. The
token of that log is a digest of its content: an import that was broken off goes on where it was,
and one that brings nothing new is seen before anything is sent.
"""

import hashlib
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from heimdall_dash.errors import UnknownJob
from heimdall_dash.importers.run import ForeignRun
from heimdall_dash.metrics import shown_name
from heimdall_dash.publish.birth import MAX_NAME, MAX_TAGS, MAX_WORD, birth_fields
from heimdall_dash.publish.config import plain_config
from heimdall_dash.publish.drain import Drain
from heimdall_dash.publish.line import encode_other, encode_row
from heimdall_dash.publish.log_file import LogFile
from heimdall_dash.publish.transport import Claim, Transport
from heimdall_dash.records import iso_time
from heimdall_dash.store.replies import MAX_NAMES

NAMESPACE = uuid.UUID("b7a1f3a0-5f0c-4a55-9a53-6c6e0a1d9d6e")
TOKEN_LETTERS = 24
DELETED = "it was deleted on the dashboard, and is not brought again"


@dataclass(frozen=True)
class Imported:
    """What became of one run. steps_before, steps_now: on the dashboard; trouble: why it is not
    whole, or not there."""

    job_id: str
    name: str
    steps_before: int
    steps_now: int
    left_out: dict[str, str]
    trouble: str | None = None


def job_id_of(run: ForeignRun) -> str:
    return str(uuid.uuid5(NAMESPACE, run.key))


class Writing:
    """A run's lines, into a file that a drain can read."""

    def __init__(self, run: ForeignRun, path: Path) -> None:
        self.run, self.path = run, path
        self._names: set[str] = set()
        self._digest = hashlib.sha256()
        self._facts: dict[str, Any] = {}
        self.rows = 0

    def write(self, *, with_end: bool) -> None:
        """What the run has read since the last time, its facts where they changed, its end."""
        run = self.run
        with self.path.open("ab") as file:
            if run.table.taken_back is not None and self.rows:
                self._line(file, encode_other("back", run.table.taken_back, 0.0))
            for step, unix_s, cells in run.table.take():
                _, line, _, left_out = encode_row(step, self._with_room(cells), unix_s)
                self._line(file, line)
                self.rows += 1
                for name, why in left_out.items():
                    run.left_out.add("metric that cannot be one", f"{shown_name(name)} ({why})")
            if (facts := facts_of(run)) != self._facts:
                self._facts = facts
                self._line(file, encode_other("facts", facts))
            if with_end:
                self._line(file, encode_other("end", end_of(run)))

    @property
    def token(self) -> str:
        return self._digest.hexdigest()[:TOKEN_LETTERS]

    def _line(self, file: IO[bytes], line: bytes) -> None:
        file.write(line)
        self._digest.update(line)

    def _with_room(self, cells: dict[str, float]) -> dict[str, float]:
        """Without names beyond those that a job may have."""
        if cells.keys() <= self._names:
            return cells
        for name in cells.keys() - self._names if len(self._names) < MAX_NAMES else ():
            if len(self._names) < MAX_NAMES:
                self._names.add(name)
        for name in cells.keys() - self._names:
            self.run.left_out.add(f"beyond the {MAX_NAMES} metrics of a job", name)
        return {name: value for name, value in cells.items() if name in self._names}


def deliver(run: ForeignRun, transport: Transport, folder: Path) -> Imported:
    """Read the whole run and bring it, with its end. Raises HeimdallError, OSError."""
    return bring(prepared(run, folder), transport)


def prepared(run: ForeignRun, folder: Path) -> Writing:
    """The whole run as lines, in a file in `folder`. Raises OSError."""
    run.read()
    writing = Writing(run, folder / f"{job_id_of(run)}.jsonl")
    writing.path.unlink(missing_ok=True)
    writing.write(with_end=True)
    return writing


def bring(writing: Writing, transport: Transport) -> Imported:
    """Bring what is not there yet. Raises HeimdallError."""
    run = writing.run
    if not writing.rows:
        return imported(run, 0, 0)
    try:
        file = LogFile(writing.path, writing.token)
        drain = Drain(transport, claim_of(run, job_id_of(run), writing.token))
        try:
            known = transport.look(drain.claim, beats=False)
            if known.places.get(writing.token, 0) >= writing.path.stat().st_size:
                return imported(run, known.epochs, known.epochs)
        except UnknownJob:
            pass  # it is not there yet, or was deleted: `begin` says which
        try:
            before = drain.begin()
        except UnknownJob:
            return imported(run, 0, 0, DELETED)
        drain.empty([file])
        now = transport.look(drain.claim, beats=False)
        return imported(run, 0 if before.is_created else before.epochs, now.epochs)
    finally:
        writing.path.unlink(missing_ok=True)


def imported(run: ForeignRun, before: int, now: int, trouble: str | None = None) -> Imported:
    return Imported(
        job_id_of(run), job_name(run), before, now, run.left_out.as_facts(), trouble or run.trouble
    )


def claim_of(run: ForeignRun, job_id: str, token: str | None = None) -> Claim:
    config, _ = plain_config(run.config)
    birth = birth_fields(
        job_id, job_name(run), config, None,
        tags=[tag for tag in map(_word, run.tags) if tag][:MAX_TAGS],
        group=_word(run.group), project=_word(run.project), step_name=_word(run.step_name),
        created_at=iso_time(_first_s(run)),
    )  # fmt: skip
    return Claim(job_id, token or secrets.token_hex(6), 0, True, birth)


def facts_of(run: ForeignRun) -> dict[str, Any]:
    facts = dict(run.facts) | {"imported_from": f"{run.tool}: {run.files[0].parent.absolute()}"}
    for kind, what in run.left_out.as_facts().items():
        facts[f"left out, {kind}"] = what
    if run.trouble:
        facts["left out, damaged"] = run.trouble
    plain, _ = plain_config(facts)
    return plain


def end_of(run: ForeignRun) -> dict[str, Any]:
    ended_s = run.ended_s or run.table.last_s or run.changed_s
    end = {"status": run.status, "completed_at": iso_time(ended_s)}
    if run.reason and run.status == "failed":
        end["error_message"] = run.reason
    return end


def job_name(run: ForeignRun) -> str:
    """The run's name; of a long path its end, which tells it from others."""
    name = "".join(sign if sign.isprintable() else "?" for sign in run.name).strip() or "run"
    return name if len(name) <= MAX_NAME else "…" + name[-(MAX_NAME - 1) :]


def _first_s(run: ForeignRun) -> float:
    """The earlier of what the tool says and its first value's time; else the file's."""
    told = [moment for moment in (run.created_s, run.table.first_s) if moment]
    return min(told) if told else run.changed_s


def _word(text: str | None) -> str | None:
    """Printable, and as long as a tag, group or project may be."""
    if not text:
        return None
    return "".join(sign if sign.isprintable() else "?" for sign in text)[:MAX_WORD]


Told = Callable[[Imported], None]
