"""Alerts: rules over rows, what is told once, and that it reaches its receiver through failures."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heimdall_dash.alerts.letters import Letters, receiver
from heimdall_dash.alerts.lookout import Lookout
from heimdall_dash.alerts.rules import Rule, RuleState
from heimdall_dash.alerts.trouble import TroubleState
from heimdall_dash.cells import Position, Write
from heimdall_dash.records import Status, iso_time
from heimdall_dash.store.alerts import AlertStore
from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.store import Store
from tests.conftest import Web, wait_for, web_settings

START_S = 1_700_000_000


def row(epoch: int, **cells: Any) -> Write:
    stamp = iso_time(START_S + epoch)
    bad = {name: value for name, value in cells.items() if isinstance(value, str)}
    plain = {name: None if name in bad else value for name, value in cells.items()}
    return Write(Position(epoch, 1), epoch, {"epoch": epoch, "timestamp": stamp, **plain}, bad)


def test_rule_fires_once_per_stretch() -> None:
    state = RuleState([Rule("hot", "gpu*/temp", ">", 90.0, for_epochs=3)])
    temperatures = [95, 95, 50, 91, 92, 93, 94, 95, 60, 91, 92, 93]
    fired = state.observe(
        row(epoch, **{"gpu0/temp": value}) for epoch, value in enumerate(temperatures)
    )
    assert [one.epoch for one in fired] == [5, 11]
    assert fired[0].message == "hot: gpu0/temp is 93, > 90 for 3 values (epoch 5)"


def test_rule_counts_seconds_by_the_rows_own_times() -> None:
    state = RuleState([Rule("slow", "speed", "<", 1.0, for_s=10.0)])
    assert not state.observe(row(epoch, speed=0.5) for epoch in range(10))
    assert [one.epoch for one in state.observe([row(10, speed=0.5), row(11, speed=0.5)])] == [10]


@given(st.lists(st.floats(-2, 2), max_size=40), st.integers(1, 5))
def test_rule_says_the_same_in_one_piece_as_in_many(values: list[float], least: int) -> None:
    rules = [Rule("r", "x", ">", 0.0, for_epochs=least)]
    writes = [row(epoch, x=value) for epoch, value in enumerate(values)]
    whole, pieces = RuleState(rules), RuleState(rules)
    assert whole.observe(writes) == [one for write in writes for one in pieces.observe([write])]
    run = 0
    expected = []
    for epoch, value in enumerate(values):
        run = run + 1 if value > 0 else 0
        if run == least:
            expected.append(epoch)
    assert [one.epoch for one in RuleState(rules).observe(writes)] == expected


def test_trouble_is_a_loss_that_is_no_number_or_runs_away() -> None:
    state = TroubleState()
    falling = [row(epoch, val_loss=10.0 - epoch) for epoch in range(10)]
    assert state.observe(falling) == []
    away = state.observe(row(10 + i, val_loss=8.0) for i in range(5))
    assert [(one.kind, one.epoch) for one in away] == [("divergence", 12)]
    broken = state.observe([row(15, val_loss="nan", accuracy="nan"), row(16, val_loss="nan")])
    assert [(one.kind, one.metric, one.epoch) for one in broken] == [("nan", "val_loss", 15)]
    assert state.observe([row(17, val_loss=1.0)]) == []
    assert state.holding() == []


def test_receiver_shows_no_secret() -> None:
    assert (
        receiver("https://hooks.example.com/services/T0/B0/secret") == "https://hooks.example.com"
    )
    assert receiver("tgram://123:secret@host/1") == "tgram://host"


# ---------------------------------------------------------------- through the store


class Receiver:
    """A webhook that remembers what it was sent, and can refuse."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.refusals = 0
        outer = self

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                refuses, outer.refusals = outer.refusals > 0, outer.refusals - 1
                if not refuses:
                    outer.taken.append({"path": self.path, **json.loads(body)})
                self.send_response(503 if refuses else 204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Answer)
        self.host = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.host}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def hook() -> Iterator[Receiver]:
    opened = Receiver()
    yield opened
    opened.close()


class Clock:
    def __init__(self) -> None:
        self.moved_s = 0.0

    def __call__(self) -> datetime:
        return datetime.fromtimestamp(datetime.now(UTC).timestamp() + self.moved_s, UTC)


KINDS = ("failed", "stalled", "nan", "divergence", "completed")


def lookout(store: Store, urls: list[str], clock: Clock | None = None) -> Lookout:
    alerts = AlertStore(store)
    return Lookout(
        store, alerts, Letters(alerts, urls), clock or Clock(), KINDS, "http://here:8001"
    )


def running(store: Store, **more: str) -> str:
    return store.create_job(
        "job", status=Status.RUNNING, config={}, total_epochs=None, external=True, more=more
    )["id"]


def feed(store: Store, job_id: str, epoch: int, **cells: Any) -> None:
    one = row(epoch, **cells)
    store.append(job_id, [one.row or {}], marks=[one.not_finite])


def test_alert_of_a_rule_reaches_the_hook_and_the_page_once(
    own_valkey: EmbeddedStore, hook: Receiver
) -> None:
    store = Store(own_valkey.url)
    AlertStore(store).put_rule("low", {"metric": "acc", "when": "<", "value": 0.5})
    job_id, other = running(store), running(store)
    look = lookout(store, [hook.url])
    look.go_round()
    feed(store, job_id, 1, acc=0.9, val_loss=1.0)
    feed(store, other, 1, acc=0.7)
    look.go_round()
    assert hook.taken == []
    for epoch in (2, 3, 4):
        feed(store, job_id, epoch, acc=0.1)
        look.go_round()
    assert [(one["kind"], one["metric"], one["epoch"]) for one in hook.taken] == [
        ("rule", "acc", 2)
    ]
    assert hook.taken[0]["url"] == f"http://here:8001/?job={job_id}"
    assert hook.taken[0]["message"] == "low: acc is 0.1, < 0.5 (epoch 2)"
    notes = store.notes(job_id)
    assert [(note["kind"], note["epoch"]) for note in notes] == [("alert", 2)]
    # another process that takes over reads the same rows and tells nothing again
    store.call(lambda client: client.delete("heimdall:alerts:owner"))
    lookout(store, [hook.url]).go_round()
    assert (len(hook.taken), len(store.notes(job_id))) == (1, 1)


def test_alert_is_looked_for_by_one_process(own_valkey: EmbeddedStore, hook: Receiver) -> None:
    store = Store(own_valkey.url)
    job_id = running(store)
    first, second = lookout(store, [hook.url]), lookout(store, [hook.url])
    first.go_round()
    feed(store, job_id, 1, val_loss="nan")
    second.go_round()
    assert hook.taken == []
    first.go_round()
    assert [one["kind"] for one in hook.taken] == ["nan"]


def test_alert_waits_for_a_receiver_that_refuses(own_valkey: EmbeddedStore, hook: Receiver) -> None:
    store, clock = Store(own_valkey.url), Clock()
    look = lookout(store, [hook.url], clock)
    look.go_round()
    hook.refusals = 3
    job_id = running(store)
    feed(store, job_id, 1, val_loss="inf")
    look.go_round()
    look.go_round()  # not before the pause is over
    assert (hook.taken, hook.refusals) == ([], 2)
    store.close()
    after = lookout(Store(own_valkey.url), [hook.url], clock)  # of a process that was started anew
    store.call(lambda client: client.delete("heimdall:alerts:owner"))
    for _ in range(3):
        clock.moved_s += 60
        after.go_round()
    assert [one["message"] for one in hook.taken] == ["val_loss is inf in epoch 1"]
    assert AlertStore(store).outbox() == {}


def test_alert_reaches_two_channels_of_one_host(own_valkey: EmbeddedStore, hook: Receiver) -> None:
    store = Store(own_valkey.url)
    look = lookout(store, [f"{hook.url}/ours", f"{hook.url}/theirs"])
    look.go_round()
    feed(store, running(store), 1, val_loss="nan")
    look.go_round()
    assert sorted(one["path"] for one in hook.taken) == ["/hook/ours", "/hook/theirs"]


@pytest.mark.filterwarnings("ignore:'imghdr':DeprecationWarning")  # apprise's own import
def test_alert_reaches_a_service_that_apprise_knows(
    own_valkey: EmbeddedStore, hook: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    store, clock = Store(own_valkey.url), Clock()
    look = lookout(store, [f"json://{hook.host}/channel", "nothing-like-it://here/secret"], clock)
    look.go_round()
    hook.refusals = 1
    feed(store, running(store), 1, val_loss="nan")
    look.go_round()
    assert (hook.taken, hook.refusals) == ([], 0)
    clock.moved_s = 60
    look.go_round()
    assert [(one["path"], one["title"], one["message"]) for one in hook.taken] == [
        ("/channel", "job: nan", "val_loss is nan in epoch 1")
    ]
    assert [one["to"].split("#")[0] for one in AlertStore(store).outbox().values()] == [
        "nothing-like-it://here"
    ]
    assert "apprise knows no such address" in caplog.text
    assert "secret" not in caplog.text


def test_alert_of_an_end_is_no_news_for_what_was_over_before(
    own_valkey: EmbeddedStore, hook: Receiver
) -> None:
    store = Store(own_valkey.url)
    now = iso_time(datetime.now(UTC).timestamp() + 1)
    long_ago = running(store)
    store.change(long_ago, fields={"status": Status.FAILED, "completed_at": "2020-01-01T00:00:00Z"})
    look = lookout(store, [hook.url])
    look.go_round()
    failed, done = running(store), running(store)
    store.change(
        failed, fields={"status": Status.FAILED, "completed_at": now, "error_message": "Boom"}
    )
    store.change(done, fields={"status": Status.COMPLETED, "completed_at": now})
    for _ in range(3):
        look.go_round()
    told = {(one["kind"], one["job_id"], one["message"]) for one in hook.taken}
    assert told == {
        ("failed", failed, "Boom"), ("completed", done, "ended after epoch 0"),
    }  # fmt: skip
    assert len(hook.taken) == 2


def test_alert_tells_of_a_stall_once(own_valkey: EmbeddedStore, hook: Receiver) -> None:
    store, clock = Store(own_valkey.url), Clock()
    job_id = running(store, beats="1")
    look = lookout(store, [hook.url], clock)
    feed(store, job_id, 1, x=1.0)
    look.go_round()
    assert hook.taken == []
    clock.moved_s = 3600.0
    look.go_round()
    look.go_round()
    assert [one["kind"] for one in hook.taken] == ["stalled"]


def test_lookout_without_rules_or_receivers_reads_nothing(own_valkey: EmbeddedStore) -> None:
    store = Store(own_valkey.url)
    job_id = running(store)
    feed(store, job_id, 1, val_loss="nan")
    look = lookout(store, [])
    look.go_round()
    client_keys = store.call(lambda client: client.keys("heimdall:alerts:*"))
    assert client_keys == []


def test_rules_by_rest(own_valkey: EmbeddedStore, tmp_path: Any, hook: Receiver) -> None:
    settings = web_settings(own_valkey.url, tmp_path, heimdall_alert_urls=hook.url)
    with Web(settings) as web, httpx.Client(base_url=web.api) as client:
        rule = {"metric": "grad/*", "when": ">", "value": 10}
        made = client.put("/alerts/exploding", json=rule)
        assert made.status_code == 200
        assert made.json() == {
            "name": "exploding", "metric": "grad/*", "when": ">", "value": 10.0, "for_epochs": 1,
            "for_s": 0.0, "project": None, "job_id": None,
        }  # fmt: skip
        assert client.get("/alerts").json() == {"rules": [made.json()]}
        for wrong in ({}, {**rule, "when": "~"}, {**rule, "value": "x"}, {**rule, "colour": 1}):
            assert client.put("/alerts/wrong", json=wrong).status_code == 422
        job = client.post("/jobs", json={"job_name": "j", "external": True}).json()
        client.post(f"/jobs/{job['id']}/metrics", json={"epoch": 1, "grad/norm": 11.0})
        wait_for(lambda: hook.taken, 20)
        assert hook.taken[0]["metric"] == "grad/norm"
        assert client.delete("/alerts/exploding").status_code == 204
        assert client.delete("/alerts/exploding").status_code == 404
