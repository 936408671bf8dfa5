"""A dashboard over HTTP, for the command line and other readers. Standard library only."""

import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from http.client import HTTPException, HTTPMessage, HTTPResponse
from ipaddress import ip_address
from typing import IO, Any, NoReturn, Self
from urllib.error import HTTPError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, Request, build_opener

from heimdall_dash.discovery import living
from heimdall_dash.errors import DashboardRefused, DashboardUnavailable

API = "/api/v1/training"
TIMEOUT_S = 30.0  # without a byte; a long history takes its time
PROBE_S = 2.0  # for a dashboard on this machine to answer
UUID_LETTERS = 36
PAGE = 500  # jobs in one request
MAX_DETAIL_BYTES = 64 * 1024

Query = Mapping[str, str | int | Sequence[str] | None]


class Rest:
    """One dashboard. Raises DashboardUnavailable, DashboardRefused."""

    def __init__(self, url: str, token: str | None = None) -> None:
        """url: of the page, http or https, also below a path. token: its HEIMDALL_TOKEN."""
        self.url = _checked(url)
        self._token = token
        self._opener = _opener(urlsplit(self.url).hostname or "")

    @classmethod
    def find(cls, url: str | None = None) -> Self:
        """The dashboard at `url`, else at HEIMDALL_URL, else the newest of this user's on this
        machine that answers; says on stderr which, when there are several."""
        token = os.environ.get("HEIMDALL_TOKEN") or None
        if url := url or os.environ.get("HEIMDALL_URL"):
            return cls(url, token)
        answering = []
        for dashboard in living():
            rest = cls(dashboard.url, token)
            if rest.answers():
                answering.append((rest, dashboard))
        if not answering:
            raise DashboardUnavailable(
                "no dashboard of yours runs on this machine: start one with `heimdall run`, or "
                "name one with --url or HEIMDALL_URL"
            )
        rest, newest = answering[0]
        if len(answering) > 1:
            print(
                f"Heimdall: {len(answering)} dashboards run here; this is the newest, "
                f"{newest.url} ({newest.data}); --url or HEIMDALL_URL choose another",
                file=sys.stderr,
            )
        return rest

    def answers(self) -> bool:
        """Whether somebody does within two seconds, also to say that a token is missing."""
        try:
            self._open("GET", "/health", timeout_s=PROBE_S).close()
        except DashboardRefused as error:
            return error.code in {401, 503}
        except DashboardUnavailable:
            return False
        return True

    def get(self, path: str, query: Query | None = None) -> Any:
        """The answer to GET `path`, which begins behind /api/v1/training."""
        with self._open("GET", API + path, query) as answer:
            return _read_json(answer, self.url)

    def change(self, path: str, body: Mapping[str, Any]) -> Any:
        """The answer to PATCH `path`, which begins behind /api/v1/training."""
        with self._open("PATCH", API + path, body=json.dumps(body).encode()) as answer:
            return _read_json(answer, self.url)

    def layout(self) -> Any:
        """The page's layout, as Dash hands it to the browser."""
        with self._open("GET", "/_dash-layout") as answer:
            return _read_json(answer, self.url)

    def jobs(self, *, status: str | None = None, limit: int | None = None) -> tuple[list[Any], int]:
        """The newest jobs, at most `limit` (None: all), and how many there are."""
        found: dict[str, Any] = {}  # by id: a job that comes in moves the others on
        offset, total = 0, 1
        while offset < total and (limit is None or len(found) < limit):
            answer = self.get("/jobs", {"status": status, "limit": PAGE, "offset": offset})
            try:
                found |= {job["id"]: job for job in answer["jobs"]}
                offset, total = offset + PAGE, int(answer["total"])
            except (KeyError, TypeError, ValueError) as error:
                raise _no_dashboard(self.url) from error
        return list(found.values())[:limit], total

    def find_id(self, prefix: str) -> str:
        """The id that begins so; raises DashboardRefused when none does, or several do."""
        prefix = prefix.strip().lower()
        if len(prefix) == UUID_LETTERS:
            return prefix
        jobs = self.jobs()[0] if prefix else []
        fitting = [job for job in jobs if job["id"].startswith(prefix)]
        if len(fitting) == 1:
            return str(fitting[0]["id"])
        if not fitting:
            raise DashboardRefused(
                404, f"no job's id begins with {prefix!r}; `heimdall ls --limit 0`"
            )
        shown = ", ".join(f"{job['id']} ({job['job_name']})" for job in fitting[:5])
        raise DashboardRefused(409, f"{len(fitting)} jobs' ids begin with {prefix!r}: {shown}")

    def copy(self, path: str, query: Query, to: IO[bytes], without: bytes = b"") -> None:
        """The answer to GET `path`, as it comes, without holding it in memory.

        without: what it begins with and is left out.
        """
        with self._open("GET", API + path, query) as answer:
            try:
                if answer.read(len(without)) != without:
                    raise _no_dashboard(self.url)
                shutil.copyfileobj(answer, to, 256 * 1024)
                _check_whole(answer)
            except HTTPException as error:
                raise DashboardUnavailable(f"{self.url} broke off its answer: {error!r}") from error

    def _open(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        timeout_s: float = TIMEOUT_S,
        body: bytes | None = None,
    ) -> HTTPResponse:
        wanted = {name: value for name, value in (query or {}).items() if value is not None}
        address = self.url + path + (f"?{urlencode(wanted, doseq=True)}" if wanted else "")
        request = Request(address, body, method=method, headers={"Accept": "*/*"})
        if body is not None:
            request.add_header("Content-Type", "application/json")
        if self._token:
            request.add_header("Authorization", f"Bearer {self._token}")
        try:
            answer: HTTPResponse = self._opener.open(request, timeout=timeout_s)
        except HTTPError as error:
            with error:
                raise _refusal(error, self.url) from error
        except (OSError, HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise DashboardUnavailable(f"no dashboard answers at {self.url}: {reason}") from error
        return answer


def quoted(job_id: str) -> str:
    """An id as a part of a path."""
    return quote(job_id, safe="")


class _Stay(HTTPRedirectHandler):
    """Follows no redirection: it could carry the token to another host."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> NoReturn:
        raise DashboardRefused(code, f"the address leads on to {newurl}; use that one")


def _opener(host: str) -> OpenerDirector:
    """What the environment says of proxies is not meant for this machine."""
    return build_opener(_Stay, *([ProxyHandler({})] if _is_this_machine(host) else []))


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url.strip())
    except ValueError as error:
        raise DashboardUnavailable(f"{url!r:.80} is no address: {error}") from error
    if parts.scheme.startswith("redis"):
        raise DashboardUnavailable(
            "this command reads from the web server: give its address with --url or in "
            "HEIMDALL_URL, such as http://127.0.0.1:8001, not the store's"
        )
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise DashboardUnavailable(
            f"a dashboard's address is such as http://127.0.0.1:8001, got {url!r:.80}"
        )
    if parts.username is not None:
        raise DashboardUnavailable("a dashboard's address holds no user; set HEIMDALL_TOKEN")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _refusal(error: HTTPError, url: str) -> DashboardRefused | DashboardUnavailable:
    try:
        detail = json.loads(error.read(MAX_DETAIL_BYTES))["detail"]
    except (OSError, HTTPException, ValueError, LookupError, TypeError, RecursionError):
        return _no_dashboard(url)
    if error.code == 401:
        detail = f"{url} wants a token: set HEIMDALL_TOKEN"
    return DashboardRefused(error.code, detail if isinstance(detail, str) else json.dumps(detail))


def _no_dashboard(url: str) -> DashboardUnavailable:
    return DashboardUnavailable(f"{url} answers, but is no Heimdall dashboard")


def _read_json(answer: HTTPResponse, url: str) -> Any:
    try:
        return json.loads(answer.read())
    except (OSError, HTTPException) as error:
        raise DashboardUnavailable(f"{url} broke off its answer: {error!r}") from error
    except (ValueError, RecursionError) as error:
        raise _no_dashboard(url) from error


def _check_whole(answer: HTTPResponse) -> None:
    """`read` with a size does not notice that the answer ends too early."""
    if answer.length:
        raise HTTPException(f"{answer.length} bytes are missing")
