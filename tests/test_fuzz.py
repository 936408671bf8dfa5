"""Anything at all, at every door: no error of ours, no status that OpenAPI does not name."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import positive_data_acceptance
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from heimdall_dash.frames import FRAMES
from tests.conftest import Web

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
EXAMPLES = 12  # of each operation: some seconds for all of them
BOUNDED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
# What a schema cannot say: names and values that differ by their meaning, and states of a job.
EXCLUDED = [positive_data_acceptance]
MESSAGES = settings(BOUNDED, max_examples=60)


@schemathesis.serializer("application/x-ndjson")
def ndjson(context: Any, value: Any) -> bytes:
    """What a publisher posts: lines of text."""
    return str(value).encode("utf-8", "surrogatepass")


@pytest.fixture
def job(web: Web) -> str:
    body = {"job_name": "fuzzed", "external": True, "config": {"epochs": 5}}
    made: str = httpx.post(web.api + "/jobs", json=body).json()["id"]
    rows = [{"epoch": epoch, "loss": 1.0} for epoch in range(3)]
    httpx.post(f"{web.api}/jobs/{made}/metrics", json=rows)
    return made


@pytest.mark.slow
def test_every_operation_answers_anything_as_documented(web: Web, job: str) -> None:
    schema = schemathesis.openapi.from_url(web.url + "/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) > 15
    problems: list[str] = []
    for operation in operations:
        if not operation.path.startswith("/health"):  # a 503 is what it has to say here: no worker
            _try(operation, web, job, problems)
    assert not problems, "\n\n".join(problems[:20])


def _try(operation: Any, web: Web, job: str, problems: list[str]) -> None:
    @BOUNDED
    @given(case=operation.as_strategy(), knows_job=st.booleans())
    def one(case: Any, knows_job: bool) -> None:
        if knows_job and "job_id" in case.path_parameters and case.method != "DELETE":
            case.path_parameters["job_id"] = job
        try:
            case.call_and_validate(base_url=web.url, excluded_checks=EXCLUDED)
        except (FailureGroup, Failure) as error:
            problems.append(f"{case.method} {operation.path}: {error}"[:1500])

    one()


def paths(application: Any) -> Iterator[str]:
    """Of every route, Dash's own included, its parameters filled in."""
    waiting = [("", route) for route in application.router.routes]
    while waiting:
        prefix, route = waiting.pop()
        inner = getattr(route, "routes", None) or getattr(
            getattr(route, "original_router", None), "routes", None
        )
        path = prefix + (getattr(route, "path", "") or "")
        if inner:
            waiting += [(path, one) for one in inner]
        elif path:
            for name in ("job_id", "package_name", "fingerprinted_path:path", "path:path"):
                path = path.replace("{" + name + "}", "x")
            yield "/" + path.replace("{rest:path}", "x").lstrip("/")


def test_every_path_takes_every_method_without_an_error(web: Web) -> None:
    found = set(paths(web.application))
    assert {"/_dash-update-component", "/_dash-layout", "/docs", "/metrics"} <= found
    with httpx.Client(base_url=web.url, timeout=20) as client:
        for path in sorted(found):
            for method in METHODS:
                answer = client.request(method, path)
                is_health = path.startswith("/health") and answer.status_code == 503
                assert answer.status_code < 500 or is_health, (method, path, answer.text)
                if answer.status_code == 405:
                    assert answer.headers["allow"], (method, path)
                if method == "HEAD":
                    assert not answer.content


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["ack", "event", "interval_ms", "watch", "seq", "n", "after", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
SAID = st.one_of(st.text(max_size=50), st.binary(max_size=50), ANYTHING.map(json.dumps))


@pytest.mark.slow
@pytest.mark.parametrize("protocols", [None, [FRAMES]], ids=["plain", "framed"])
@pytest.mark.parametrize("is_of_job", [True, False], ids=["job", "all"])
def test_socket_takes_anything(
    web: Web, job: str, protocols: Any, is_of_job: bool, caplog: pytest.LogCaptureFixture
) -> None:
    address = f"{web.ws_url}/{job}" if is_of_job else web.ws_url

    @MESSAGES
    @given(said=st.lists(SAID, max_size=6))
    def one(said: list[str | bytes]) -> None:
        with connect(address, subprotocols=protocols, close_timeout=1, max_size=None) as opened:
            assert opened.recv(timeout=10)
            try:
                for message in said:
                    opened.send(message)
            except ConnectionClosed:
                pass
        code = opened.protocol.close_code
        assert code in {1000, 1001, 1005, 1006} or (code or 0) >= 4001, code

    one()
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.slow
def test_socket_takes_any_query(web: Web, job: str) -> None:
    names = st.sampled_from(["after", "stream", "token", "x"])

    @MESSAGES
    @given(query=st.dictionaries(names, st.text(max_size=80), max_size=4))
    def one(query: dict[str, str]) -> None:
        address = httpx.URL(f"{web.ws_url}/{job}", params=query)
        try:
            with connect(str(address), close_timeout=1) as opened:
                opened.recv(timeout=10)
            code = 1000
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
        except InvalidStatus as refused:
            code = 4000 if refused.response.status_code < 500 else 0
        assert code == 1000 or code >= 4000

    one()
