"""What a stranger may cost before any token is asked for: each limit and its refusal. That others
are served meanwhile is among the faults."""

import contextlib
import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from heimdall_dash.api.json_body import SMALL_BYTES
from heimdall_dash.doors import http_guard, socket_guard
from heimdall_dash.doors.guests import ROOM, Allowance, Guests
from heimdall_dash.frames import CloseCode
from heimdall_dash.log import Seldom
from tests.conftest import Web, wait_for
from tests.viewers import Viewer

HEAD = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@pytest.fixture
def raw(web: Web) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", web.settings.port), timeout=20) as opened:
        yield opened


def send_what_is_taken(raw: socket.socket, part: bytes, times: int) -> None:
    """Until it is closed."""
    with contextlib.suppress(OSError):
        for _ in range(times):
            raw.sendall(part)


def answer(raw: socket.socket) -> bytes:
    said = b""
    with contextlib.suppress(OSError):
        while part := raw.recv(65536):
            said += part
    return said


@pytest.mark.parametrize(
    "part", [b"X: " + b"y" * 60_000, b"a: b\r\n" * 5000, b"a: " + b"b" * 50 + b"\r\n"]
)
def test_head_that_never_ends_is_refused_early(raw: socket.socket, part: bytes) -> None:
    """Small headers took 2.3 GB in three seconds; one line of 150 MB stopped everybody for 19 s."""
    raw.sendall(HEAD)
    sender = threading.Thread(target=send_what_is_taken, args=(raw, part, 5000))
    sender.start()
    said = answer(raw)  # empty where the reset, since more came, overtook it
    sender.join(10)
    assert not sender.is_alive()
    assert said[:12] in {b"HTTP/1.1 431", b""}


CHUNKED = HEAD.replace(b"GET /health", b"POST /api/v1/training/jobs")
CHUNKED += b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "parts",
    [(b"0\r\n", b"a: b\r\n" * 5000), (b"1;", b"e" * 60_000), (b"", b"1\r\nx\r\n" * 5000)],
    ids=["trailers", "chunk's extension", "tiny chunks"],
)
def test_chunks_that_hold_nothing_are_refused_early(
    raw: socket.socket, parts: tuple[bytes, bytes]
) -> None:
    """Trailers took 1.7 GB in seven seconds; chunks of a byte stopped everybody for three."""
    raw.sendall(CHUNKED + parts[0])
    sender = threading.Thread(target=send_what_is_taken, args=(raw, parts[1], 5000))
    sender.start()
    said = answer(raw)
    sender.join(10)
    assert not sender.is_alive()
    assert said[:12] in {b"HTTP/1.1 413", b""}


def test_chunks_of_a_body_are_taken(web: Web) -> None:
    config = {f"k{number}": number for number in range(5000)}
    text = json.dumps({"job_name": "x", "external": True, "config": config})
    lines = (part.encode() + b",\n" for part in text.split(",")[:-1])
    body = [*lines, text.split(",")[-1].encode()]
    assert httpx.post(web.api + "/jobs", content=iter(body)).status_code == 201


def test_requests_that_do_not_wait_for_their_answers_are_refused(
    raw: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    """They held everybody up for 4 s, and what was being answered wrote to a closed connection."""
    send_what_is_taken(raw, (HEAD + b"\r\n") * 200, 20)
    said = answer(raw)
    assert said.count(b"HTTP/1.1 ") <= http_guard.MAX_PIPELINED + 2
    assert not [one for one in caplog.records if one.levelno >= logging.WARNING]


def test_few_requests_at_once_are_answered_in_their_order(raw: socket.socket) -> None:
    asked = [HEAD.replace(b"/health", path) + b"\r\n" for path in (b"/nope", b"/health", b"/api")]
    raw.sendall(
        b"".join(asked[:2]) + asked[2].replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    )
    said = answer(raw)
    statuses = [part[:3] for part in said.split(b"HTTP/1.1 ")[1:]]
    assert (statuses[0], statuses[2], len(statuses)) == (b"404", b"404", 3)


def test_what_is_no_http_is_refused_as_json_and_logged_seldom(
    web: Web, caplog: pytest.LogCaptureFixture
) -> None:
    strangers, seldom = logging.getLogger("uvicorn.error"), Seldom()
    strangers.addFilter(seldom)
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", web.settings.port), timeout=20) as raw:
            raw.sendall(b"\x16\x03\x01 hello\r\n\r\n")
            head, _, body = answer(raw).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400")
        assert json.loads(body)["detail"]
    strangers.removeFilter(seldom)
    assert len([one for one in caplog.records if "Invalid HTTP" in one.getMessage()]) == 1


def test_body_with_more_than_a_job_may_have_is_not_read(web: Web) -> None:
    """A million keys held everybody up for six seconds before the config was found too large."""
    config = {f"k{number}": 1 for number in range(400_000)}
    body = json.dumps({"job_name": "x", "external": True, "config": config})
    assert len(body) > SMALL_BYTES
    refused = httpx.post(web.api + "/jobs", content=body)
    assert (refused.status_code, str(SMALL_BYTES) in refused.json()["detail"]) == (413, True)


def test_too_many_headers_are_refused_with_431(raw: socket.socket) -> None:
    raw.sendall(HEAD + b"a: b\r\n" * (http_guard.MAX_HEADERS + 1) + b"\r\n")
    assert answer(raw).startswith(b"HTTP/1.1 431")


def test_large_head_of_a_browser_is_taken(web: Web) -> None:
    headers = {f"x-{i}": "y" * 500 for i in range(60)}
    assert httpx.get(web.api + "/jobs", headers=headers).status_code == 200


def test_large_body_in_one_piece_is_taken(web: Web) -> None:
    body = json.dumps({"job_name": "x", "external": True, "config": {"a": "y" * 900_000}})
    assert httpx.post(web.api + "/jobs", content=body).status_code == 201


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HT",
        HEAD,
        HEAD.replace(b"GET /health", b"POST /api/v1/training/jobs") + b"Content-Length: 9\r\n\r\n{",
    ],
)
def test_what_never_ends_is_ended(web: Web, monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(http_guard, "LOOK_S", 0.05)
    monkeypatch.setattr(http_guard, "HEAD_S", 0.2)
    with socket.create_connection(("127.0.0.1", web.settings.port), timeout=20) as raw:
        raw.sendall(sent)
        assert answer(raw).startswith(b"HTTP/1.1 408")


def test_connections_are_counted_by_address_and_in_all() -> None:
    guests = Guests(most=4)
    guests.came("a")
    guests.came("a")
    assert not guests.may_come("a")
    guests.came("b")
    guests.came("c")
    assert not guests.may_come("d")
    guests.went("a")
    assert guests.may_come("d")
    assert guests.may_come("a")


def test_connection_too_many_is_refused_and_all_are_counted_down(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    guests = vars(web._server.server_state)[ROOM]
    wait_for(lambda: guests._all == 0, what="connections of earlier tests to end")
    monkeypatch.setattr(guests, "most", 8)
    idle = [socket.create_connection(("127.0.0.1", web.settings.port)) for _ in range(3)]
    try:
        with Viewer(web.ws_url) as viewer:
            assert viewer.next()["event"] == "connected"
            wait_for(lambda: guests._all == 4, what="all four to be counted")
            with socket.create_connection(("127.0.0.1", web.settings.port), timeout=20) as fifth:
                assert answer(fifth).startswith(b"HTTP/1.1 503")
    finally:
        for one in idle:
            one.close()
    wait_for(lambda: guests._all == 0, what="all to be counted down")


def test_allowance_has_a_burst_and_fills_up_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("heimdall_dash.doors.guests.time.monotonic", lambda: now[0])
    allowance = Allowance(per_second=10, burst=3)
    assert [allowance.take() for _ in range(4)] == [True, True, True, False]
    now[0] = 1.0
    assert allowance.take()


def test_what_is_beyond_an_allowance_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("heimdall_dash.doors.guests.time.monotonic", lambda: now[0])
    allowance = Allowance(per_second=10, burst=2)
    assert [allowance.wait_s() for _ in range(4)] == pytest.approx([0, 0, 0.1, 0.2])
    now[0] = 0.3
    assert allowance.wait_s() == 0


def test_requests_of_one_connection_beyond_its_rate_wait_and_are_all_answered(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three hundred that asked without a pause kept everybody waiting for 1.4 s."""
    monkeypatch.setattr(http_guard, "REQUESTS_PER_S", 20.0)
    monkeypatch.setattr(http_guard, "REQUESTS_BURST", 2.0)
    with httpx.Client(base_url=web.url) as client:
        began = time.monotonic()
        assert {client.get("/nope").status_code for _ in range(8)} == {404}
        assert time.monotonic() - began > 5 / 20  # the sixth from the burst on, in any case


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/jobs"), ("POST", "/jobs/x/predictions"), ("POST", "/jobs/x/log"),
     ("PUT", "/jobs/x/facts"), ("POST", "/../../../_dash-update-component")],
)  # fmt: skip
def test_body_of_very_many_values_is_not_read(web: Web, method: str, path: str) -> None:
    """Half a million little objects in 4 MB held everybody up for 600 ms, each time."""
    body = b'{"a": [' + b"{}," * 700_000 + b"1]}"
    place = web.url + path.rpartition("..")[2] if ".." in path else web.api + path
    assert httpx.request(method, place, content=body).status_code == 413


FLOODS = ['{"event": "ping"}', '{"ack": "1-1"}', "garbage", "", "PING"]


@pytest.mark.parametrize("text", FLOODS)
def test_flood_on_a_socket_is_closed_with_a_code(
    web: Web, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    socket_guard._rarely._next.clear()
    with caplog.at_level(logging.WARNING), connect(web.ws_url, compression=None) as flooding:
        with contextlib.suppress(ConnectionClosed):
            for _ in range(20_000):
                _say(flooding, text)
        with contextlib.suppress(ConnectionClosed):
            while flooding.recv(timeout=20):
                pass
        assert flooding.protocol.close_code in {CloseCode.TOO_MANY, 1006}  # or a reset came first
    ours = [one for one in caplog.records if one.name.startswith("heimdall_dash")]
    said = [one.getMessage() for one in ours]  # the client's library has its own words
    assert said == ["A client at 127.0.0.1 says too much, its socket is closed"]


def _say(flooding: Any, text: str) -> None:
    if text == "PING":
        flooding.ping()
    else:
        flooding.send(text)


@pytest.mark.parametrize(
    "request_line",
    [b"POST /ws/training HTTP/1.1", b"HEAD / HTTP/1.1"],
)
def test_upgrade_that_is_none_is_refused_and_holds_no_connection(
    web: Web, request_line: bytes
) -> None:
    """It was never answered, and open for ever, beyond the limits of requests and of sockets."""
    with socket.create_connection(("127.0.0.1", web.settings.port), timeout=10) as raw:
        raw.sendall(
            request_line + b"\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        said = b""
        while part := raw.recv(65536):
            said += part
    assert said.startswith(b"HTTP/1.1 4")
