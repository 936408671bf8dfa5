"""Requests that no page and no publisher of ours sends: refused clearly, never an error of ours."""

import logging
import socket
from pathlib import Path

import httpx
import pytest

from heimdall_dash.store.embedded import EmbeddedStore
from tests.conftest import Web, wait_for
from tests.viewers import Viewer

MANY_DIGITS = "9" * 400


@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "//", "é", "x" * 5000])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_origin_that_is_no_address_is_no_error(web: Web, origin: str, method: str) -> None:
    """`http://[` was a 500 with a traceback, before any check."""
    headers = [(b"Origin", origin.encode("latin-1"))]
    answer = httpx.request(method, web.api + "/jobs", headers=headers)
    assert answer.status_code == (200 if method == "GET" else 403)


@pytest.mark.parametrize(
    "body",
    [
        '{"job_name": "x", "config": {"epochs": %s}}',
        '{"job_name": "x", "config": {"learning_rate": %s}}',
        '{"job_name": "x", "external": true, "config": {"epochs": 5, "z": %s}}',
        '{"job_name": "x", "external": true, "config": {"z": [{"y": -%s}]}}',
    ],
)
def test_integer_of_many_digits_in_a_config_is_refused(web: Web, body: str) -> None:
    answer = httpx.post(web.api + "/jobs", content=body % MANY_DIGITS)
    assert answer.status_code == 422
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    "path",
    ["/nope", "/nope.js", "/_dash-component-suites/nope/x.js",
     "/_dash-component-suites/dash/nope.js", "/_dash-component-suites/dash/%00",
     "/assets/%00", "/assets/../../settings.py", "/%0a",
     "/browser/x/y.js", "/docs-files/nope.js", "/redoc"],
)  # fmt: skip
def test_unknown_path_is_404(web: Web, path: str) -> None:
    """Dash answered 200 with the page, and 500 for a component that nobody registered."""
    answer = httpx.get(web.url + path)
    assert answer.status_code == 404
    assert "renderer" not in answer.text


@pytest.mark.parametrize(
    "body",
    ["", "nope", "[]", "{}", '{"output": 5}', '{"output": "a.b", "inputs": []}', "[" * 40_000],
)
def test_callback_that_nobody_registered_is_refused(web: Web, body: str) -> None:
    answer = httpx.post(web.url + "/_dash-update-component", content=body)
    assert answer.status_code == 400
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("PUT", "/api/v1/training/jobs", "GET, HEAD, POST"), ("POST", "/health", "GET, HEAD"),
     ("DELETE", "/api/v1/training/jobs/x/metrics", "GET, HEAD, POST"),
     ("PATCH", "/api/v1/training/jobs/x/pause", "POST")],
)  # fmt: skip
def test_method_that_a_path_does_not_take_is_told_with_those_it_takes(
    web: Web, method: str, path: str, allowed: str
) -> None:
    answer = httpx.request(method, web.url + path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


@pytest.mark.parametrize("query", ["?stream=" + "x" * 65, "?after=nope", "?after=1-x"])
def test_socket_query_that_cannot_be_understood_closes_with_4522(web: Web, query: str) -> None:
    """A stream of 65 characters was a 403, which a browser does not see."""
    with Viewer(f"{web.ws_url}/x{query}") as viewer:
        assert viewer.closed_with() == 4522


def test_client_that_goes_away_in_its_body_is_no_error(
    web: Web, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="heimdall_dash"):
        for path in ("/api/v1/training/jobs", "/_dash-update-component"):
            with socket.create_connection(("127.0.0.1", web.settings.port)) as raw:
                head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 500\r\n\r\n"
                raw.sendall(head.encode() + b"{")
        wait_for(
            lambda: sum("went away" in one.getMessage() for one in caplog.records) == 2,
            what="both clients to be noticed",
        )
    assert not [one for one in caplog.records if one.levelno >= logging.WARNING]


def test_docs_load_nothing_from_elsewhere(web: Web) -> None:
    page = httpx.get(web.url + "/docs").text
    assert "http" not in page
    for path in ("docs-files/swagger-ui-bundle.js", "docs-files/swagger-ui.css", "docs-start.js"):
        assert path in page
        assert httpx.get(f"{web.url}/{path}").status_code == 200


@pytest.mark.parametrize("name", ['a "quoted" one', "back\\slash", "ümlaut and 'tick", "tab\there"])
def test_store_starts_in_a_folder_of_any_name(tmp_path: Path, name: str) -> None:
    """A quotation mark in HEIMDALL_DATA broke the store's configuration."""
    store = EmbeddedStore(tmp_path / name)
    store.start()
    try:
        assert (tmp_path / name / "store" / "appendonlydir").is_dir()
    finally:
        store.stop()
