"""The newest checkpoint of each job that is not over, for workers that share no folder.

A copy for another machine, not the place to go on from on this one: it may be some epochs old.
What is in it is the trainer's business. Gone with the job, or when the job is over.
"""

from dataclasses import dataclass
from typing import Any

from heimdall_dash.errors import HeimdallError, StaleAttempt, StoreUnavailable, UnknownJob
from heimdall_dash.store.connect import SOCKET_TIMEOUT_S, UNAVAILABLE, connect_bytes, script
from heimdall_dash.store.keys import JobKeys

MAX_BYTES = 64 * 2**20
_KEEP = script("keep")


class TooLarge(HeimdallError):
    """A checkpoint that would cost the store too much memory."""


@dataclass(frozen=True, order=True)
class Position:
    """How far a training had come: the last whole epoch, and batches of the next one."""

    epoch: int
    batches_done: int


class StoredCheckpoints:
    def __init__(self, url: str) -> None:
        self._client = connect_bytes(url, SOCKET_TIMEOUT_S)

    def save(self, job_id: str, attempt: int, position: Position, content: bytes) -> None:
        """Replace the job's copy. Raises TooLarge, StaleAttempt, UnknownJob, StoreUnavailable."""
        if len(content) > MAX_BYTES:
            raise TooLarge(
                f"a checkpoint of {len(content) >> 20} MB is not copied to the store (at most "
                f"{MAX_BYTES >> 20} MB): workers on other machines need a shared HEIMDALL_DATA"
            )
        keys = JobKeys(job_id)
        reply = self._call(
            lambda client: client.eval(
                _KEEP, 2, keys.job, keys.checkpoint,
                attempt, position.epoch, position.batches_done, content,
            )
        )  # fmt: skip
        match reply[0]:
            case b"UNKNOWN":
                raise UnknownJob(job_id)
            case b"STALE":
                raise StaleAttempt(f"job {job_id} is now in attempt {int(reply[1])}")

    def position(self, job_id: str) -> Position | None:
        """How far the copy is, None where there is none. Raises StoreUnavailable."""
        key = JobKeys(job_id).checkpoint
        found = self._call(lambda client: client.hmget(key, "epoch", "batches_done"))
        return None if found[0] is None else Position(int(found[0]), int(found[1]))

    def content(self, job_id: str) -> bytes | None:
        """Raises StoreUnavailable."""
        key = JobKeys(job_id).checkpoint
        content: bytes | None = self._call(lambda client: client.hget(key, "content"))
        return content

    def close(self) -> None:
        self._client.close()

    def _call(self, command: Any) -> Any:
        try:
            return command(self._client)
        except UNAVAILABLE as error:
            raise StoreUnavailable(f"the store does not answer: {error}") from error
