"""The store for threads: REST calls, the publisher and the worker read and write through this.

Guarantees: an epoch is stored once (its number is its entry's id) and what is published is stored,
because one script does both. Does not: wait for a store that is away; that raises
StoreUnavailable, and every call here is safe to repeat.
"""

import json
import logging
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from heimdall_dash.cells import START, NotFinite, Position, Write, write_of_entry
from heimdall_dash.errors import HistoryCompacted, TooManyJobs, UnknownJob
from heimdall_dash.log import Rarely
from heimdall_dash.records import Row, Status, parse_time, utc_now
from heimdall_dash.store.blocks import Manifest
from heimdall_dash.store.compacted import COMPACTED, BlockReplaced, Blocks, refuse_compacted
from heimdall_dash.store.connect import Url
from heimdall_dash.store.connection import Connection, check_role
from heimdall_dash.store.jobs import Fields, flat, new_fields, paired
from heimdall_dash.store.keys import JOBS, JOBS_CHANNEL, MOVED_CHANNEL, JobKeys
from heimdall_dash.store.log_write import LogWrite, facts_write, note_text, row_write
from heimdall_dash.store.newest import newest_values, shown_metrics
from heimdall_dash.store.predictions import read_kept, script_call
from heimdall_dash.store.replies import MAX_NAMES, Appended, Begun, refusal
from heimdall_dash.store.stored_job import StoredJob

log = logging.getLogger(__name__)

MAX_JOBS = 100_000  # a list of them all is read, and shown, at once
TOMBSTONE_S = 7 * 24 * 3600
MAX_NOTE = 2_000  # characters
KNOWN_JOBS = 64  # jobs whose metric names this process remembers to have told the store
CHUNK_ENTRIES = 2_000
RECOUNTS = 5
COMPACTIONS = 20  # that may come between a question and its answer
Entry = tuple[str, dict[str, str]]


class Store(Connection):
    """Jobs and their records. Every call raises StoreUnavailable."""

    def __init__(self, url: Url) -> None:
        """url: may be a question that is asked at each connection, since a store can move."""
        super().__init__(url)
        self._names: dict[str, set[str]] = {}  # job → metrics that the store has heard of
        self._shown: dict[str, tuple[str, ...]] = {}  # job → those of which its card has a value
        self._unreadable = Rarely(log)
        self.blocks = Blocks(self.call)

    # -- jobs ------------------------------------------------------------------------------

    def create_job(
        self,
        name: str,
        *,
        status: Status,
        config: Mapping[str, Any],
        total_epochs: int | None,
        external: bool,
        job_id: str | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> Fields:
        """Create a job; `more` are further fields. Raises StoreUnavailable, also TooManyJobs."""
        job_id = job_id or str(uuid.uuid4())
        keys = JobKeys(job_id)
        fields = new_fields(
            job_id,
            name,
            status,
            stream=new_stream_id(),
            config=config,
            total_epochs=total_epochs,
            external=external,
        ) | dict(more or {})
        self._list(job_id, fields["created_at"])
        self.run_script("create", [keys.job, keys.gone], [JOBS_CHANNEL, json.dumps(flat(fields))])
        return self.job(job_id)

    def job(self, job_id: str) -> Fields:
        """The job's fields; raises UnknownJob, StoreUnavailable."""
        fields: Fields = self.call(lambda client: client.hgetall(JobKeys(job_id).job))
        if not fields:
            raise UnknownJob(job_id)
        return fields

    def jobs(self) -> list[Fields]:
        """All jobs, newest first; one whose key is of another kind hides no others."""

        def read(client: Any) -> list[Fields]:
            ids = client.zrevrange(JOBS, 0, -1)
            pipeline = client.pipeline(transaction=False)
            for job_id in ids:
                pipeline.hgetall(JobKeys(job_id).job)
            found = pipeline.execute(raise_on_error=False) if ids else []
            return [fields for fields in found if fields and isinstance(fields, dict)]

        return self.call(read)

    def change(
        self,
        job_id: str,
        *,
        event: str = "",
        action: str = "change",
        allowed: Iterable[Status] = (),
        fields: Mapping[str, Any] | None = None,
        remove: Sequence[str] = (),
        least_attempt: int | None = None,
        exact_attempt: int | None = None,
        note: Mapping[str, Any] | None = None,
    ) -> Fields:
        """Set and remove fields in one step; returns the job's fields afterwards.

        Raises UnknownJob, IllegalTransition (status not in `allowed`), StaleAttempt.
        """
        keys = JobKeys(job_id)
        reply = self.run_script(
            "change",
            [keys.job, keys.notes, keys.checkpoint],
            [
                keys.channel,
                JOBS_CHANNEL,
                self.publish_command,
                event,
                "" if least_attempt is None else least_attempt,
                "" if exact_attempt is None else exact_attempt,
                json.dumps([str(status) for status in allowed]),
                json.dumps(flat(fields or {})),
                json.dumps(list(remove)),
                note_text(note) if note else "",
            ],
        )
        if reply[0] == "OK":
            return paired(reply[1:])
        raise refusal(job_id, action, reply)

    def delete(self, job_id: str, allowed: Collection[Status]) -> None:
        """Raises UnknownJob, or IllegalTransition while the status is not in `allowed`; a job
        whose status nobody knows can be deleted."""
        keys = JobKeys(job_id)
        reply = self.run_script(
            "delete",
            [keys.gone, keys.job, *keys.others],
            [
                keys.channel,
                JOBS_CHANNEL,
                self.publish_command,
                job_id,
                json.dumps([str(status) for status in Status if status not in allowed]),
                TOMBSTONE_S,
            ],
        )
        if reply[0] != "OK":
            raise refusal(job_id, "delete", reply)
        self.call(lambda client: client.zrem(JOBS, job_id))

    # -- the record ------------------------------------------------------------------------

    def begin(
        self,
        job_id: str,
        token: str,
        *,
        attempt: int,
        birth: Mapping[str, Any],
        takes_over: bool,
        brings: bool = False,
    ) -> Begun:
        """Announce a trainer whose local log is named `token`; safe to repeat.

        birth: the fields to make the job with if the store does not have it.
        takes_over: it goes on with the job as one attempt more than the last; else `attempt` was
        given to it. brings: it is dead, so that nothing is taken from one that lives.
        Raises UnknownJob (deleted), StaleAttempt, StoreUnavailable, also TooManyJobs.
        """
        keys = JobKeys(job_id)
        self._list(job_id, birth["created_at"])
        reply = self.run_script(
            "begin",
            [keys.job, keys.gone, keys.writers, keys.epochs, keys.notes, keys.facts, keys.late,
             keys.names, keys.predictions, keys.blocks],
            [
                keys.channel, JOBS_CHANNEL, self.publish_command, token, attempt,
                "bring" if brings else "next" if takes_over else "exact", new_stream_id(),
                json.dumps(flat(birth)),
            ],
        )  # fmt: skip
        if reply[0] != "OK":
            raise refusal(job_id, "begin", reply)
        return Begun(int(reply[1]), bool(int(reply[2])), paired(reply[3:]))

    def places(self, job_id: str) -> dict[str, int]:
        """How far the store has each trainer's local log, in bytes, by the log's token."""
        known = self.call(lambda client: client.hgetall(JobKeys(job_id).writers))
        return {
            token: int(place)
            for token, place in known.items()
            if not token.startswith("attempt:") and place.isdecimal()
        }

    def skip(self, job_id: str, token: str, place: int) -> None:
        """Say that the store has what the log `token` holds up to `place`: it was copied there."""
        self.call(lambda client: client.hset(JobKeys(job_id).writers, token, place))

    def deliver(
        self,
        job_id: str,
        writes: Sequence[LogWrite],
        *,
        token: str,
        place: int,
        attempt: int,
        brings: bool = False,
    ) -> Appended:
        """Bring writes of a trainer's local log, in its order; `place` is where they begin.

        brings: the trainer is dead, nothing is taken over for it. Raises UnknownJob,
        StaleAttempt, StoreBehind, StoreUnavailable, StoreRefused.
        """
        names: set[str] = set()
        for write in writes:
            if write.row is not None:
                names.update(write.row)
        mode = "bring" if brings else "write"
        # before the record, which remembers how far the log was read: it can be said again
        self.keep_predictions(job_id, writes, mode=mode, token=token, attempt=attempt)
        return self._append(
            job_id, writes, names, mode=mode, token=token, place=place, attempt=attempt
        )  # fmt: skip

    def append(
        self,
        job_id: str,
        rows: Sequence[Row],
        *,
        attempt: int = 0,
        marks: Sequence[NotFinite] | None = None,
    ) -> Appended:
        """Add rows that come without a log, each with its `timestamp`; what the epochs have
        already is counted and left out.

        marks: for each row, which of its metrics were not finite.
        Raises UnknownJob, StaleAttempt, JobOver, TooManyNames. Then nothing of the batch is stored.
        """
        marks = marks or [{}] * len(rows)
        writes = [row_write(0, row, mark) for row, mark in zip(rows, marks, strict=True)]
        names = {name for row in rows for name in row}
        return self._append(
            job_id, writes, names, mode="rest", token="", place=0, attempt=attempt
        )  # fmt: skip

    def _append(
        self,
        job_id: str,
        writes: Sequence[LogWrite],
        names: set[str],
        *,
        mode: str,
        token: str,
        place: int,
        attempt: int,
    ) -> Appended:
        keys = JobKeys(job_id)
        known = self._names.setdefault(job_id, set())
        fresh = sorted(names - known - {"epoch", "timestamp"})
        if fresh:
            fields = self.call(lambda client: client.hgetall(keys.job))
            self._shown[job_id] = shown_metrics(StoredJob(fields), known.union(fresh))
        newest = newest_values(writes, self._shown.get(job_id, ()))
        arguments: list[Any] = [
            keys.channel, JOBS_CHANNEL, self.publish_command, attempt, mode, utc_now(), token,
            place, json.dumps(fresh), MAX_NAMES, json.dumps(newest),
        ]  # fmt: skip
        rows = [argument for write in writes for argument in write.arguments]
        reply: list[Any] = []
        needed: list[str] = []
        for _ in range(COMPACTIONS):  # what is needed may be compacted further meanwhile
            reply = self.run_script(
                "append",
                [keys.job, keys.epochs, keys.notes, keys.facts, keys.late, keys.writers,
                 keys.names, keys.checkpoint],
                [*arguments, self.blocks.said(job_id, needed), MOVED_CHANNEL, *rows],
            )  # fmt: skip
            if reply[0] != "NEED":
                break
            needed += reply[1:]
        if reply[0] != "OK":
            raise refusal(job_id, "append epochs to", reply)
        known.update(fresh)
        while len(self._names) > KNOWN_JOBS:
            forgotten = next(iter(self._names))
            del self._names[forgotten]
            self._shown.pop(forgotten, None)
        done = Appended(
            int(reply[1]), int(reply[2]), Position.parse(reply[3]), str(reply[4]), int(reply[5]),
            bool(int(reply[6])),
        )  # fmt: skip
        if done.needs_recount and mode == "rest":
            self.recount(job_id)
        return done

    def recount(self, job_id: str) -> None:
        """Find the best epoch, the newest and how many there are, where only the whole history
        tells: after a taking back, or when the best epoch's loss was replaced."""
        for _ in range(RECOUNTS):
            position = StoredJob(self.job(job_id)).position
            losses: dict[int, float | None] = {}
            for write in self.each_write(job_id, upto=position):
                if write.row is None:
                    losses = {e: loss for e, loss in losses.items() if e <= write.epoch}
                    continue
                loss = write.row.get("val_loss")
                losses.setdefault(write.epoch, None)
                if loss is not None or "val_loss" in write.not_finite:
                    losses[write.epoch] = float(loss) if isinstance(loss, (int, float)) else None
            known = {epoch: loss for epoch, loss in losses.items() if loss is not None}
            best = min(known, key=lambda epoch: (known[epoch], epoch)) if known else None
            done = self.run_script(
                "recount",
                [JobKeys(job_id).job],
                [
                    str(position), len(losses), max(losses, default=0),
                    "" if best is None else best, "" if best is None else repr(known[best]),
                ],
            )  # fmt: skip
            if done:
                return

    def each_write(
        self, job_id: str, *, after: Position = START, upto: Position | None = None
    ) -> Iterator[Write]:
        """All writes, oldest first, read in pieces. What is compacted comes joined by epoch; when
        it changes meanwhile some may come twice, which makes the same of it."""
        while True:
            try:
                found = self._entries(job_id, after, upto, CHUNK_ENTRIES)
            except HistoryCompacted as compacted:
                manifest = self.blocks.manifest(job_id)
                try:
                    yield from self.blocks.newer_writes(job_id, manifest, after)
                    after = max(manifest.position, Position.parse(compacted.position))
                except BlockReplaced:
                    log.debug("job %s is compacted further while it is read", job_id)
                continue
            yield from self._readable(job_id, found)
            if len(found) < CHUNK_ENTRIES:
                return
            after = Position.parse(found[-1][0])

    def pieces(self, job_id: str, after: Position) -> Iterator[list[Write]]:
        """What the stream has behind a position, read in pieces. Raises HistoryCompacted."""
        while True:
            found = self._entries(job_id, after, None, CHUNK_ENTRIES)
            yield list(self._readable(job_id, found))
            if len(found) < CHUNK_ENTRIES:
                return
            after = Position.parse(found[-1][0])

    def writes(
        self,
        job_id: str,
        *,
        after: Position = START,
        upto: Position | None = None,
        limit: int | None = None,
    ) -> list[Write]:
        """Writes with after < position ≤ upto, oldest first, of at most `limit` entries. Raises
        HistoryCompacted."""
        return list(self._readable(job_id, self._entries(job_id, after, upto, limit)))

    def metric_names(self, job_id: str) -> set[str]:
        """Of all metrics that were ever written."""
        return set(self.call(lambda client: client.smembers(JobKeys(job_id).names)))

    def newest_writes(self, job_id: str, count: int) -> list[Write]:
        """The last `count` writes, oldest first."""

        def read(client: Any) -> list[Entry]:
            return list(reversed(client.xrevrange(JobKeys(job_id).epochs, count=count)))

        return list(self._readable(job_id, self.call(read)))

    # -- compaction ------------------------------------------------------------------------

    def lock(self, job_id: str, seconds: int) -> bool:
        """Whether this process may compact the job; it must `unlock`, or be forgotten in time."""
        key = JobKeys(job_id).compacting
        return bool(self.call(lambda client: client.set(key, "1", nx=True, ex=seconds)))

    def unlock(self, job_id: str) -> None:
        self.call(lambda client: client.delete(JobKeys(job_id).compacting))

    def length(self, job_id: str) -> tuple[int, int]:
        """How many writes are in the stream, and how many cells the newest has."""

        def read(client: Any) -> list[Any]:
            pipeline = client.pipeline(transaction=False)
            pipeline.xlen(JobKeys(job_id).epochs)
            pipeline.xrevrange(JobKeys(job_id).epochs, count=1)
            return list(pipeline.execute())

        length, newest = self.call(read)
        rows = [len(write.row or ()) for write in self._readable(job_id, newest)]
        return int(length), max(rows, default=0)

    def lengths(self, job_ids: Sequence[str]) -> list[int]:
        """How many writes each of these jobs has in its stream; 0 for what is none."""

        def read(client: Any) -> list[Any]:
            pipeline = client.pipeline(transaction=False)
            for job_id in job_ids:
                pipeline.xlen(JobKeys(job_id).epochs)
            return list(pipeline.execute(raise_on_error=False))

        found = self.call(read) if job_ids else []
        return [length if isinstance(length, int) else 0 for length in found]

    def entries(self, job_id: str, after: Position, count: int) -> list[Entry]:
        """As they stand in the stream. Raises HistoryCompacted."""
        return self._entries(job_id, after, None, count)

    def put_blocks(
        self,
        job_id: str,
        stream: str,
        *,
        before: Manifest,
        after: Manifest,
        add: Mapping[str, bytes],
        drop: Sequence[str],
        late: Sequence[int],
    ) -> bool:
        """Store blocks in place of what the stream has up to them; False: the history is not what
        it was, and nothing is done.

        late: epochs whose index of late writes is to be cleared up to there.
        """
        keys, position = JobKeys(job_id), after.position
        stays = Position(position.epoch, position.part + 1)
        arguments: list[Any] = [
            "" if before.position == START else str(before.position), stream, str(position),
            str(stays), after.text(), json.dumps([str(epoch) for epoch in late]),
            json.dumps(list(drop)),
        ]  # fmt: skip
        for name, content in add.items():
            arguments += [name, content]
        done = self.run_script(
            "compact", [keys.job, keys.epochs, keys.late, keys.blocks], arguments
        )
        return bool(done)

    def _entries(
        self, job_id: str, after: Position, upto: Position | None, limit: int | None
    ) -> list[Entry]:
        start, stop = f"({after}", "+" if upto is None else str(upto)

        def read(client: Any) -> list[Any]:
            pipeline = client.pipeline(transaction=False)
            pipeline.xrange(JobKeys(job_id).epochs, start, stop, count=limit)
            # Read afterwards: what was not compacted then was in the stream before.
            pipeline.hget(JobKeys(job_id).job, COMPACTED)
            entries, compacted = pipeline.execute(raise_on_error=False)
            for reply in (entries, compacted):
                if isinstance(reply, Exception):
                    raise reply
            return [entries, compacted]

        entries, compacted = self.call(read)
        refuse_compacted(compacted, after)
        found: list[Entry] = entries
        return found

    def _readable(self, job_id: str, entries: Iterable[Entry]) -> Iterator[Write]:
        """What cannot be read is that job's trouble alone: named once, left out."""
        for entry_id, fields in entries:
            try:
                yield write_of_entry(entry_id, fields)
            except ValueError as error:
                self._unreadable.info(job_id, "Job %s: an entry is left out: %s", job_id, error)

    # -- predictions -----------------------------------------------------------------------

    def keep_predictions(
        self, job_id: str, writes: Sequence[LogWrite], *, mode: str, token: str, attempt: int
    ) -> None:
        """Keep the samples among the writes. Raises UnknownJob, StaleAttempt, JobOver (`rest`)."""
        call = script_call(
            job_id, writes, publish=self.publish_command, mode=mode, token=token, attempt=attempt
        )
        if call is None:
            return
        reply = self.run_script("predictions", *call)
        if reply[0] != "OK":
            raise refusal(job_id, "keep predictions of", reply)

    def predicted_epochs(self, job_id: str) -> list[int]:
        """Epochs of which predictions are kept, rising."""
        known = self.call(lambda client: client.hkeys(JobKeys(job_id).predictions))
        return sorted(int(epoch) for epoch in known if epoch.isdecimal())

    def predictions(self, job_id: str, epoch: int) -> dict[str, Any] | None:
        """The sample of an epoch; None where none is kept."""
        key = JobKeys(job_id).predictions
        return read_kept(self.call(lambda client: client.hget(key, str(epoch))))

    # -- facts, notes, signs of life -------------------------------------------------------

    def facts(self, job_id: str) -> dict[str, Any]:
        text = self.call(lambda client: client.get(JobKeys(job_id).facts))
        found = _json(text)
        return found if isinstance(found, dict) else {}

    def notes(self, job_id: str) -> list[dict[str, Any]]:
        texts = self.call(lambda client: client.lrange(JobKeys(job_id).notes, 0, -1))
        return [note for note in map(_json, texts) if isinstance(note, dict)]

    def add_note(self, job_id: str, note: Mapping[str, Any]) -> None:
        """Put a note on the job's page. Raises UnknownJob, InvalidMetric."""
        self.change(job_id, event="training:warning", note=note)

    def put_facts(self, job_id: str, facts: Mapping[str, Any]) -> None:
        """Replace the job's facts. Raises UnknownJob, InvalidMetric."""
        attempt = StoredJob(self.job(job_id)).attempt
        self._append(
            job_id, [facts_write(0, facts)], set(), mode="write", token="", place=0,
            attempt=attempt,
        )  # fmt: skip

    def beat(self, job_id: str, token: str, attempt: int) -> tuple[int, Fields]:
        """A trainer shows that it lives; how far the store has its log, and the job's fields.

        Raises UnknownJob, StaleAttempt.
        """
        keys = JobKeys(job_id)
        reply = self.run_script("beat", [keys.job, keys.writers], [token, attempt])
        if reply[0] != "OK":
            raise refusal(job_id, "show life of", reply)
        return int(reply[1]), paired(reply[2:])

    def look(self, job_id: str, token: str) -> tuple[int, Fields]:
        """As `beat`, without a sign of life. Raises UnknownJob."""
        keys = JobKeys(job_id)

        def read(client: Any) -> list[Any]:
            pipeline = client.pipeline(transaction=False)
            pipeline.hget(keys.writers, token)
            pipeline.hgetall(keys.job)
            return list(pipeline.execute())

        place, fields = self.call(read)
        if not fields:
            raise UnknownJob(job_id)
        return int(place or 0), fields

    # -- inside ----------------------------------------------------------------------------

    def _list(self, job_id: str, created_at: str) -> None:
        check_role()
        score = parse_time(created_at).timestamp() * 1000

        def listed(client: Any) -> bool:
            pipeline = client.pipeline(transaction=False)
            pipeline.zscore(JOBS, job_id)
            pipeline.zcard(JOBS)
            known, count = pipeline.execute()
            if known is None and count < MAX_JOBS:
                client.zadd(JOBS, {job_id: score}, nx=True)
            return known is not None or count < MAX_JOBS

        if not self.call(listed):
            raise TooManyJobs(MAX_JOBS)


def _json(text: str | None) -> Any:
    """None for what cannot be read: an odd note or fact must not hide the others."""
    try:
        return json.loads(text) if text else None
    except ValueError:
        return None


def new_stream_id() -> str:
    """Names one history of a job: a rebuilt one gets another, so the two are never mixed up."""
    return uuid.uuid4().hex[:12]
