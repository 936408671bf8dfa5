"""What a stranger does to a dashboard: `python -m tests.faults.attackers <attack> <port> <job id>`,
until it is killed. Says `attacks` once it has begun.

Its own work must not count against the dashboard, as that of another machine would not: it is nice.
"""

import contextlib
import os
import resource
import selectors
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

from heimdall_dash.frames import FRAMES

HEAD = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n"
CHUNKED = (
    b"POST /api/v1/training/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
)
LITTLE = b"%b" + b"[]," * 5_000_000 + b"1"
BODY = b"POST /api/v1/training/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99\r\n\r\n{"


class Stranger:
    def __init__(self, port: int, job_id: str) -> None:
        self._port, self._job_id = port, job_id
        self._kept: list[Any] = []  # what stays open

    def sends_for_ever(self, first: bytes, then: bytes) -> None:
        """On a raw connection, until it is closed."""
        with socket.create_connection(("127.0.0.1", self._port), timeout=30) as raw:
            threading.Thread(target=self._reads, args=(raw,), daemon=True).start()
            raw.sendall(first)
            while True:
                raw.sendall(then)

    def _reads(self, raw: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while raw.recv(65536):
                pass

    def waits(self, *, first: bytes, count: int) -> None:
        """On so many connections, of which each has said a little."""
        for _ in range(count):
            raw = socket.create_connection(("127.0.0.1", self._port), timeout=30)
            raw.sendall(first)
            self._kept.append(raw)
        time.sleep(60)

    def asks_on(self, path: bytes, *, connections: int) -> None:
        """On so many connections, on each the next as soon as the answer is there."""
        request = b"GET %b HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % path
        with selectors.DefaultSelector() as selector:
            for _ in range(connections):
                raw = socket.create_connection(("127.0.0.1", self._port), timeout=30)
                self._kept.append(raw)
                selector.register(raw, selectors.EVENT_READ)
                raw.sendall(request)
            while True:
                for key, _ in selector.select():
                    raw = key.fileobj  # type: ignore[assignment]
                    if raw.recv(65536).endswith(b"}"):
                        raw.sendall(request)

    def floods(self, text: str) -> None:
        with self._socket(compression=None) as flooding:
            while True:
                flooding.ping() if text == "PING" else flooding.send(text)

    def does_not_read(self, count: int) -> None:
        """Of the job's whole history, framed and plain."""
        path = f"/{self._job_id}?after=-1"
        for number in range(count):
            framed = {"subprotocols": [FRAMES]} if number % 2 else {}
            self._kept.append(self._socket(path, max_queue=1, max_size=None, **framed))
        time.sleep(60)

    def posts(self, config: dict[str, Any]) -> None:
        self._ask("POST", "/jobs", json={"job_name": "x", "external": True, "config": config})

    def posts_values(self, path: str, text: bytes) -> None:
        self._ask("POST", path.format(self._job_id), content=text)

    def asks_for_unknown_metrics(self) -> None:
        names = [("metrics", f"unknown {number}") for number in range(2000)]
        self._ask("GET", f"/jobs/{self._job_id}/metrics", params=names)

    def _ask(self, method: str, path: str, **more: Any) -> None:
        url = f"http://127.0.0.1:{self._port}/api/v1/training{path}"
        httpx.request(method, url, timeout=30, **more)

    def _socket(self, path: str = "", **options: Any) -> ClientConnection:
        return connect(f"ws://127.0.0.1:{self._port}/ws/training{path}", **options)


Act = Callable[[Stranger], None]
ATTACKS: dict[str, list[Act]] = {  # each act by a thread of its own, again and again
    "heads that never end": [
        *2 * [lambda s: s.sends_for_ever(HEAD, b"a: b\r\n" * 5000)],
        *2 * [lambda s: s.sends_for_ever(HEAD, b"X: " + b"y" * 200_000)],
    ],
    "bodies that hold nothing": [
        lambda s: s.sends_for_ever(CHUNKED, b"1\r\nx\r\n" * 5000),
        lambda s: s.sends_for_ever(CHUNKED + b"1;", b"e" * 100_000),
        *2 * [lambda s: s.sends_for_ever(CHUNKED + b"0\r\n", b"a: b\r\n" * 5000)],
    ],
    "requests that do not wait": 4 * [lambda s: s.sends_for_ever(b"", (HEAD + b"\r\n") * 200)],
    "1,100 idle connections": [
        lambda s: s.waits(first=b"", count=367),
        lambda s: s.waits(first=HEAD, count=367),
        lambda s: s.waits(first=BODY, count=366),
    ],
    "floods on eight sockets": [
        *2 * [lambda s: s.floods('{"event": "ping"}')],
        *2 * [lambda s: s.floods('{"ack": "1-1"}')],
        *2 * [lambda s: s.floods("garbage")],
        *2 * [lambda s: s.floods("PING")],
    ],
    "fifty viewers that do not read": [lambda s: s.does_not_read(50)],
    "bodies that are too large": [
        lambda s: s.posts({"a": "y" * 15_000_000}),
        lambda s: s.posts({f"k{number}": 1 for number in range(400_000)}),
    ],
    "four hundred that ask without a pause": [
        lambda s: s.asks_on(b"/api/nope", connections=200),
        lambda s: s.asks_on(b"/api/v1/training/jobs/x", connections=200),
    ],
    "millions of values in a body": [
        lambda s: s.posts_values("/jobs/{}/metrics", LITTLE % b"[" + b"]"),
        lambda s: s.posts_values("/jobs/{}/predictions", b'{"truth": ' + LITTLE % b"[" + b"]}"),
        lambda s: s.posts_values("/jobs", b'{"config": ' + (LITTLE % b"[")[:3_900_000] + b"]}"),
    ],
    "2,000 unknown metrics": 2 * [lambda s: s.asks_for_unknown_metrics()],
}


def for_ever(act: Act, stranger: Stranger) -> None:
    while True:
        with contextlib.suppress(Exception):  # refusals are what the dashboard is expected to do
            act(stranger)


def main(name: str, port: str, job_id: str) -> None:
    os.nice(5)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    stranger = Stranger(int(port), job_id)
    for act in ATTACKS[name]:
        threading.Thread(target=for_ever, args=(act, stranger), daemon=True).start()
    print("attacks", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
