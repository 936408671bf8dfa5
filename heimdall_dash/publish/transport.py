"""The two roads from a local log to a dashboard: its store, or its web server. Same guarantees:
both take lines of the log as they are, remember how far they have it, and say what is wanted.
"""

import http.client
import json
import ssl
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

from heimdall_dash.errors import (
    InvalidMetric,
    StaleAttempt,
    StoreUnavailable,
    UnknownJob,
)
from heimdall_dash.publish.line import decode
from heimdall_dash.records import FINAL, Status
from heimdall_dash.store.log_write import LogWrite, note_write
from heimdall_dash.store.replies import StoreBehind
from heimdall_dash.store.store import Store

TIMEOUT_S = 10.0
PREFIX = "/api/v1/training"


@dataclass(frozen=True)
class Standing:
    """What the other side knows of a run: its attempt, how far it has each file of the log (bytes
    by token), and what is wanted of the trainer."""

    attempt: int
    places: dict[str, int]
    desired: str
    is_created: bool = False
    epochs: int = 0  # that stand there
    url: str | None = None  # of the run's page, where the other side knows it


@dataclass(frozen=True)
class Claim:
    """How a trainer announces itself."""

    job_id: str
    token: str
    attempt: int
    takes_over: bool
    birth: dict[str, Any]


class Transport(Protocol):
    """Raises StoreUnavailable, StoreBehind, StaleAttempt, UnknownJob, or another HeimdallError."""

    def begin(self, claim: Claim, *, brings: bool) -> Standing:
        """Announce a run; brings: of a process that is dead."""

    def deliver(
        self, claim: Claim, token: str, place: int, lines: Sequence[bytes], *, brings: bool
    ) -> int:
        """Bring lines of the file `token` that begin at `place`; how far it is there now."""

    def look(self, claim: Claim, *, beats: bool) -> Standing:
        """What is wanted, and with `beats` a sign of life."""

    def close(self) -> None: ...


def writes_of(lines: Sequence[bytes], place: int) -> list[LogWrite]:
    """The writes of lines that begin at byte `place`. A line that cannot be read (a disk that
    flipped a bit) costs nothing but itself, and is named."""
    writes = []
    for line in lines:
        place += len(line)
        try:
            writes.append(decode(line, place))
        except (ValueError, InvalidMetric) as error:
            message = f"a line of the local log cannot be read and is left out: {error}"[:300]
            writes.append(note_write(place, {"kind": "warning", "epoch": None, "message": message}))
    return writes


class StoreTransport:
    """Straight to the store."""

    def __init__(self, store: Store, page_url: str | None = None) -> None:
        self._store, self._page_url = store, page_url

    def begin(self, claim: Claim, *, brings: bool) -> Standing:
        begun = self._store.begin(
            claim.job_id, claim.token, attempt=claim.attempt, birth=claim.birth,
            takes_over=claim.takes_over, brings=brings,
        )  # fmt: skip
        places = self._store.places(claim.job_id)
        url = f"{self._page_url}/?tab=metrics&job={claim.job_id}" if self._page_url else None
        return Standing(
            begun.attempt, places, desired_of(begun.fields), begun.is_created,
            epochs_of(begun.fields), url,
        )  # fmt: skip

    def deliver(
        self, claim: Claim, token: str, place: int, lines: Sequence[bytes], *, brings: bool
    ) -> int:
        done = self._store.deliver(
            claim.job_id, writes_of(lines, place), token=token, place=place,
            attempt=claim.attempt, brings=brings,
        )  # fmt: skip
        return done.place

    def look(self, claim: Claim, *, beats: bool) -> Standing:
        if beats:
            place, fields = self._store.beat(claim.job_id, claim.token, claim.attempt)
        else:
            place, fields = self._store.look(claim.job_id, claim.token)
        attempt = int(fields.get("attempt") or 0)
        if beats and attempt > claim.attempt:
            raise StaleAttempt(f"job {claim.job_id} was taken over by attempt {attempt}")
        return Standing(
            attempt, {claim.token: place}, desired_of(fields), epochs=epochs_of(fields)
        )  # fmt: skip

    def close(self) -> None:
        self._store.close()


def desired_of(fields: dict[str, str]) -> str:
    if fields.get("status") in FINAL:
        return fields["status"]
    return fields.get("desired") or Status.RUNNING


def epochs_of(fields: dict[str, str]) -> int:
    text = fields.get("epochs_stored", "")
    return int(text) if text.isdecimal() else 0


class HttpTransport:
    """Through a dashboard's web server, over one connection that is kept."""

    def __init__(self, url: str, token: str | None) -> None:
        """url: `http://…` or `https://…`, also with a path; token: HEIMDALL_TOKEN's."""
        self._parts = urlsplit(url)
        self._url = url.rstrip("/")
        self._token = token
        self._connection: http.client.HTTPConnection | None = None

    def begin(self, claim: Claim, *, brings: bool) -> Standing:
        standing = _standing(self._post(claim, {"call": "begin", "brings": brings}))
        return replace(standing, url=f"{self._url}/?tab=metrics&job={claim.job_id}")

    def deliver(
        self, claim: Claim, token: str, place: int, lines: Sequence[bytes], *, brings: bool
    ) -> int:
        call = {"call": "deliver", "token": token, "place": place, "brings": brings}
        return int(self._post(claim, call, b"".join(lines))["place"])

    def look(self, claim: Claim, *, beats: bool) -> Standing:
        return _standing(self._post(claim, {"call": "look", "beats": beats}))

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _post(self, claim: Claim, call: dict[str, Any], lines: bytes = b"") -> Any:
        """One line that says what is wanted, and the lines of the log as they are."""
        path = f"{self._parts.path.rstrip('/')}{PREFIX}/jobs/{quote(claim.job_id)}/log"
        headers = {"Content-Type": "application/x-ndjson"}
        body = json.dumps(call | {"claim": asdict(claim)}).encode() + b"\n" + lines
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            if self._connection is None:
                self._connection = self._connect()
            self._connection.request("POST", path, body, headers)
            answer = self._connection.getresponse()
            status, text = answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise StoreUnavailable(f"{self._url} does not answer: {error!r}") from error
        return self._understood(claim.job_id, status, text)

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "https":
            return http.client.HTTPSConnection(
                host, port, timeout=TIMEOUT_S, context=ssl.create_default_context()
            )
        return http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)

    def _understood(self, job_id: str, status: int, text: bytes) -> Any:
        try:
            said = json.loads(text)
        except ValueError:
            said = None
        if status == 200 and isinstance(said, dict):
            if "behind" in said:
                raise StoreBehind(int(said["behind"]))
            return said
        detail = said.get("detail") if isinstance(said, dict) else None
        if status == 404 and isinstance(said, dict) and said.get("unknown_job"):
            raise UnknownJob(job_id)
        if status == 409:
            raise StaleAttempt(str(detail))
        if status in {413, 422}:
            raise InvalidMetric(str(detail))
        # 401 and 403 too: a token can be corrected, and until then the epochs are in the log
        raise StoreUnavailable(f"{self._url} answers {status}: {detail}")


def _standing(said: Any) -> Standing:
    try:
        return Standing(
            int(said["attempt"]), {str(k): int(v) for k, v in said["places"].items()},
            str(said["desired"]), bool(said.get("is_created")), int(said.get("epochs") or 0),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StoreUnavailable(f"an answer that no dashboard gives: {said!r:.100}") from error
