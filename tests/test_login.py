"""Signing in: the token once, a session after that, and nothing foreign that acts."""

import contextvars
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from heimdall_dash.api.creation import attempt_job
from heimdall_dash.doors.attempts import FREE_PER_MINUTE, MAX_WAITING, Attempts
from heimdall_dash.doors.ended import Ended
from heimdall_dash.errors import NotAllowed
from heimdall_dash.manifest import Manifest
from heimdall_dash.queue import JobQueue
from heimdall_dash.records import Status
from heimdall_dash.roles import READS_ALONE, Role, set_role
from heimdall_dash.store.alerts import AlertStore
from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.ended_sessions import EndedSessions
from heimdall_dash.store.store import Store
from heimdall_dash.store.views import ViewStore
from tests.conftest import Web, web_settings
from tests.viewers import Viewer

TOKEN, READ = "correct horse; battery, staple", "only looking"
PAGE = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def guarded(valkey: EmbeddedStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder: Path = tmp_path_factory.mktemp("guarded")
    tokens = {"heimdall_token": TOKEN, "heimdall_read_token": READ}
    with Web(web_settings(valkey.url, folder, **tokens)) as server:
        yield server


@pytest.fixture
def browser(guarded: Web) -> Iterator[httpx.Client]:
    """Keeps cookies, and sends what browsers send."""
    with httpx.Client(base_url=guarded.url, headers=PAGE) as opened:
        yield opened


def signed_in(browser: httpx.Client, token: str = TOKEN, then: str = "") -> httpx.Response:
    headers = {"Origin": str(browser.base_url)}
    return browser.post("/login", data={"token": token, "then": then}, headers=headers)


def leads_to(entry: httpx.Response) -> str:
    """Path and query, as a browser goes on."""
    return entry.url.join(entry.headers["location"]).raw_path.decode()


def test_browser_without_a_session_gets_the_form_and_programs_get_json(
    browser: httpx.Client,
) -> None:
    page = browser.get("/?tab=jobs&x=%22%3E%3Cscript%3E")
    assert page.status_code == 401
    assert '<form method="post" action="/login">' in page.text
    assert "tab=jobs" in page.text
    assert "<script" not in page.text
    program = browser.get("/api/v1/training/jobs", headers={"Accept": "*/*"})
    assert (program.status_code, program.headers["www-authenticate"]) == (401, "Bearer")
    assert "token" in program.json()["detail"]


def test_signing_in_leads_back_and_keeps_no_token(browser: httpx.Client, guarded: Web) -> None:
    entry = signed_in(browser, then="?tab=jobs")
    assert (entry.status_code, leads_to(entry)) == (303, "/?tab=jobs")
    cookie = entry.headers["set-cookie"]
    assert cookie.startswith(f"heimdall_{guarded.settings.port}=")
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Lax", "Path=/"))
    assert "Secure" not in cookie
    assert "horse" not in cookie
    assert browser.get("/").status_code == 200
    assert browser.get("/api/v1/training/jobs").status_code == 200
    session = browser.get("/api/v1/training/session").json()
    assert session == {"role": "all", "has_token": True}
    shown = {"Cookie": cookie.partition(";")[0]}
    with Viewer(guarded.ws_url, additional_headers=shown) as viewer:
        assert viewer.next()["event"] == "connected"


def test_signing_out_ends_the_session_for_whoever_copied_its_cookie(
    browser: httpx.Client, guarded: Web, valkey: EmbeddedStore, tmp_path: Path
) -> None:
    """Also in another web process, and on a socket that is open there."""
    copied = {"Cookie": signed_in(browser).headers["set-cookie"].partition(";")[0]}
    other_port = {"port": guarded.settings.port, "host": "127.0.0.2"}  # the cookie bears the port
    tokens = {"heimdall_token": TOKEN, "heimdall_read_token": READ}
    with Web(web_settings(valkey.url, tmp_path, **tokens, **other_port)) as other:
        with Viewer(other.ws_url, additional_headers=copied) as viewer:
            assert viewer.next()["event"] == "connected"
            for server in (guarded, other):
                assert httpx.get(server.api + "/jobs", headers=copied).status_code == 200
            with httpx.Client(base_url=guarded.url, headers=PAGE) as second:
                signed_in(second)
                gone = browser.post("/logout")
                assert (gone.status_code, leads_to(gone)) == (303, "/login")
                assert browser.get("/").status_code == 401
                for server in (guarded, other):
                    assert httpx.get(server.api + "/jobs", headers=copied).status_code == 401
                    assert httpx.get(server.url + "/login", headers=copied).status_code == 200
                assert viewer.closed_with() == 4501
                assert second.get("/").status_code == 200
        with Viewer(other.ws_url, additional_headers=copied) as viewer:
            assert viewer.closed_with() == 4501


async def test_sign_out_while_the_store_is_away_is_told_later(own_valkey: EmbeddedStore) -> None:
    kept = EndedSessions(Store(own_valkey.url))
    here, elsewhere = Ended(kept, 60.0), Ended(kept, 60.0)
    own_valkey.stop()
    await here.end("a session")
    assert await here.has("a session")
    assert not await here.has("another")
    own_valkey.start()
    here._away_until = 0.0
    assert not await here.has("another")
    assert await elsewhere.has("a session")


@pytest.mark.parametrize("path", ["/", "/api/v1/training/jobs", "/docs", "/nope"])
def test_token_in_an_address_is_exchanged_at_once_on_every_path(
    browser: httpx.Client, path: str
) -> None:
    entry = browser.get(path, params={"a": "1", "token": TOKEN, "xtoken": "2"})
    assert (entry.status_code, leads_to(entry)) == (303, f"{path}?a=1&xtoken=2")
    assert browser.get("/api/v1/training/jobs").status_code == 200


def test_address_with_another_word_that_ends_in_token_leads_nowhere(browser: httpx.Client) -> None:
    """It was redirected to itself for ever."""
    signed_in(browser)
    assert browser.get("/?xtoken=1").status_code == 200


def test_token_in_a_sockets_address_opens_nothing(guarded: Web) -> None:
    with Viewer(f"{guarded.ws_url}?token={TOKEN.replace(' ', '%20')}") as viewer:
        assert viewer.closed_with() == 4501


@pytest.mark.parametrize(
    "then", ["//evil.example", "/\\evil.example", "\t//evil.example", "\r\nX: y"]
)
def test_signing_in_leads_to_no_other_host(browser: httpx.Client, then: str) -> None:
    entry = signed_in(browser, then=then)
    assert entry.headers["location"].startswith("./")
    assert entry.url.join(entry.headers["location"]).host == browser.base_url.host


def test_foreign_page_signs_nobody_in(browser: httpx.Client) -> None:
    evil = {"Origin": "https://evil.example"}
    assert browser.post("/login", data={"token": TOKEN}, headers=evil).status_code == 403
    signed_in(browser)
    assert browser.post("/logout", headers=evil).status_code == 403
    assert browser.post("/api/v1/training/jobs", json={}, headers=evil).status_code == 403


@pytest.mark.parametrize(
    "value", ["", "x", "InJlYWQi.x.y", TOKEN.replace(" ", "").replace(";", "").replace(",", "")]
)
def test_cookie_that_was_made_up_opens_nothing(guarded: Web, value: str) -> None:
    cookie = {"Cookie": f"heimdall_{guarded.settings.port}={value}"}
    assert httpx.get(guarded.api + "/jobs", headers=cookie).status_code == 401


def test_reader_looks_and_changes_nothing(browser: httpx.Client, guarded: Web) -> None:
    reader = {"Authorization": f"Bearer {READ}"}
    assert httpx.get(guarded.api + "/jobs", headers=reader).status_code == 200
    refused = httpx.post(guarded.api + "/jobs", json={"job_name": "x"}, headers=reader)
    assert refused.status_code == 403
    assert "looking alone" in refused.json()["detail"]
    signed_in(browser, READ)
    assert browser.get("/").status_code == 200
    assert browser.get("/api/v1/training/session").json()["role"] == "read"
    for method, path in [("PATCH", "/jobs/x"), ("DELETE", "/jobs/x"), ("POST", "/jobs/x/log"),
                         ("POST", "/jobs/x/metrics"), ("PUT", "/jobs/x/facts")]:  # fmt: skip
        answer = browser.request(method, "/api/v1/training" + path)
        assert answer.status_code == 403, path


def test_what_needs_a_token_is_kept_nowhere(browser: httpx.Client) -> None:
    signed_in(browser)
    for path in ("/", "/api/v1/training/jobs", "/_dash-layout", "/openapi.json"):
        assert browser.get(path).headers["cache-control"] == "no-store", path
    assert "cache-control" not in browser.get("/assets/favicon.svg").headers


def test_no_path_answers_a_stranger_with_more_than_the_form(browser: httpx.Client) -> None:
    assert browser.get("/login").status_code == 200
    for path in ("/docs", "/openapi.json", "/assets/style.css", "/_dash-layout", "/metrics"):
        assert browser.get(path).status_code == 401, path


async def test_wrong_tokens_are_slowed_down_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    attempts = Attempts(wait_s=0.0)
    with caplog.at_level(logging.WARNING):
        for number in range(FREE_PER_MINUTE):
            assert await attempts.may_try(("10.0.0.1", number))
            attempts.was_wrong(("10.0.0.1", number), b"guess %d" % number)
    assert [one.getMessage() for one in caplog.records] == ["A wrong token was shown by 10.0.0.1"]
    attempts._waiting["10.0.0.1"] = MAX_WAITING
    assert not await attempts.may_try(("10.0.0.1", 99))
    assert await attempts.may_try(("10.0.0.2", 99))
    attempts._waiting["10.0.0.1"] -= 1
    assert await attempts.may_try(("10.0.0.1", 99))


async def test_connection_that_showed_the_right_token_does_not_wait_until_it_guesses() -> None:
    attempts = Attempts(wait_s=0.0)
    good, other = ("10.0.0.1", 1), ("10.0.0.1", 2)
    attempts.was_right(good)
    for number in range(FREE_PER_MINUTE):
        attempts.was_wrong(other, b"guess %d" % number)
    attempts._waiting["10.0.0.1"] = MAX_WAITING
    assert await attempts.may_try(good)
    assert not await attempts.may_try(other)
    attempts.was_wrong(good, b"guess")
    assert not await attempts.may_try(good)


def test_publisher_with_an_old_token_delays_nobody_at_its_address(guarded: Web) -> None:
    """Whoever else published from its machine, or through its proxy, waited a second each time."""
    old = {"Authorization": "Bearer an old one"}

    def ask(_: int) -> int:
        return httpx.get(guarded.api + "/jobs", headers=old).status_code

    with ThreadPoolExecutor(12) as many:
        assert set(many.map(ask, range(60))) == {401}  # 429 where each counted
    assert httpx.get(guarded.api + "/jobs", headers=guarded.auth).status_code == 200


def test_store_refuses_what_a_readers_callback_would_change(
    store: Store, valkey: EmbeddedStore
) -> None:
    """Dash's callbacks are calls of one path: what they may do is asked where it is done."""
    made = store.create_job("x", status=Status.PENDING, config={}, total_epochs=1, external=True)
    job = made["id"]

    def as_reader() -> None:
        set_role(Role.READ)
        assert store.job(job)["job_name"]
        with pytest.raises(NotAllowed):
            store.change(job, event="training:progress", fields={"job_name": "other"}, remove=[])
        with pytest.raises(NotAllowed):
            store.delete(job, set(Status))
        for change in (
            lambda: ViewStore(store).put(None, "mine", {}),
            lambda: ViewStore(store).delete(None, "mine"),
            lambda: AlertStore(store).put_rule("mine", {}),
            lambda: AlertStore(store).delete_rule("mine"),
        ):
            with pytest.raises(NotAllowed):
                change()
        body = {"job_name": "x", "external": True}
        made, problems = attempt_job(store, JobQueue(store, valkey.url), Manifest(), body)
        assert (made, problems) == (None, [{"loc": [], "msg": READS_ALONE}])

    contextvars.copy_context().run(as_reader)
    store.delete(job, set(Status))


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("PUT", "/login", "GET, HEAD, POST"), ("OPTIONS", "/login", "GET, HEAD, POST"),
     ("GET", "/logout", "POST"), ("DELETE", "/logout", "POST")],
)  # fmt: skip
def test_doors_take_no_other_method(guarded: Web, method: str, path: str, allowed: str) -> None:
    answer = httpx.request(method, guarded.url + path)
    assert (answer.status_code, answer.headers.get("allow")) == (405, allowed)
