"""The layer in front of everything: no route is reachable around it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from heimdall_dash.store.embedded import EmbeddedStore
from tests.conftest import Web, web_settings
from tests.viewers import Viewer

TOKEN = "correct horse; battery, staple"


@pytest.fixture(scope="module")
def guarded(valkey: EmbeddedStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder: Path = tmp_path_factory.mktemp("guarded")
    with Web(web_settings(valkey.url, folder, heimdall_token=TOKEN)) as server:
        yield server


def all_paths(application: Any) -> set[str]:
    """Every path that the server knows, with its parameters filled in."""
    found: set[str] = set()

    def walk(routes: Any, prefix: str) -> None:
        for route in routes:
            inner = getattr(route, "routes", None) or getattr(
                getattr(route, "original_router", None), "routes", None
            )
            path = prefix + (getattr(route, "path", "") or "")
            if inner:
                walk(inner, path)
            elif path:
                found.add(path)

    walk(application.router.routes, "")
    assert len(found) > 15
    return {
        path.replace("{job_id}", "x").replace("{path:path}", "p").replace("{rest:path}", "r")
        for path in found
    }


def test_no_path_answers_without_the_token(guarded: Web) -> None:
    with httpx.Client(base_url=guarded.url) as stranger:
        for path in all_paths(guarded.application):
            for method in ("GET", "POST", "DELETE"):
                answer = stranger.request(method, "/" + path.lstrip("/"))
                assert answer.status_code == 401, (method, path)


def test_callbacks_of_the_page_need_the_token_and_the_own_origin(guarded: Web, web: Web) -> None:
    """The form of the page makes jobs by a POST of Dash's, which knows neither."""
    path = "/_dash-update-component"
    assert httpx.post(guarded.url + path, json={}).status_code == 401
    evil = {**guarded.auth, "Origin": "http://evil.example"}
    assert httpx.post(guarded.url + path, json={}, headers=evil).status_code == 403
    assert httpx.post(web.url + path, json={}, headers=evil).status_code == 403


@pytest.mark.parametrize("path", ["", "/x"])
def test_no_websocket_serves_without_the_token(guarded: Web, path: str) -> None:
    with Viewer(guarded.ws_url + path) as viewer:
        assert viewer.closed_with() == 4501


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": "Bearer"},
    ],
)  # fmt: skip
def test_wrong_token_is_refused(guarded: Web, headers: dict[str, str]) -> None:
    answer = httpx.get(guarded.api + "/jobs", headers=headers)
    assert answer.status_code == 401
    assert "token" in answer.json()["detail"]


def test_token_opens_as_bearer(guarded: Web) -> None:
    assert httpx.get(guarded.api + "/jobs", headers=guarded.auth).status_code == 200
    with Viewer(guarded.ws_url, additional_headers=guarded.auth) as viewer:
        assert viewer.next()["event"] == "connected"


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://127.0.0.1:1", "http://[", "x"]
)
def test_foreign_origin_is_refused_before_the_upgrade(web: Web, origin: str) -> None:
    with (
        pytest.raises(InvalidStatus) as refused,
        Viewer(web.ws_url, additional_headers={"Origin": origin}),
    ):
        pass
    assert refused.value.response.status_code == 403


def test_foreign_origin_cannot_change_anything(web: Web) -> None:
    body = {"job_name": "x", "external": True}
    evil = {"Origin": "http://evil.example"}
    answer = httpx.post(web.api + "/jobs", json=body, headers=evil)
    assert answer.status_code == 403
    assert "Origin" in answer.json()["detail"]
    own = {"Origin": web.url}
    assert httpx.post(web.api + "/jobs", json=body, headers=own).status_code == 201


def test_own_origin_is_served(web: Web) -> None:
    with Viewer(web.ws_url, additional_headers={"Origin": web.url}) as viewer:
        assert viewer.next()["event"] == "connected"


@pytest.mark.parametrize(
    ("host", "code"),
    [("rebound.example", 403), ("localhost:8001", 200), ("127.0.0.1", 200), ("[::1]:8001", 200)],
)
def test_host_on_loopback_must_be_one_that_nobody_can_repoint(
    web: Web, host: str, code: int
) -> None:
    assert httpx.get(web.api + "/jobs", headers={"Host": host}).status_code == code


def test_answers_forbid_sniffing_and_framing(web: Web) -> None:
    headers = httpx.get(web.url + "/").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "unsafe-eval" not in headers["content-security-policy"]
    assert "script-src 'self' 'sha256-" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert headers["x-frame-options"] == "SAMEORIGIN"
    script = httpx.get(web.url + "/assets/heimdall.js").headers
    assert script["content-type"].startswith("text/javascript")
    assert script["x-content-type-options"] == "nosniff"
    assert "content-security-policy" not in script, "it is of documents"
    refused = httpx.get(web.url + "/nope.js").headers
    assert refused["content-security-policy"] == headers["content-security-policy"]
