"""Stores as larger places run them: over TLS, with users that may little, watched by a Sentinel."""

import contextlib
import subprocess
from pathlib import Path

import httpx
import pytest
import redis
from websockets.exceptions import ConnectionClosed

from heimdall_dash import Job
from heimdall_dash.errors import StartupRefused
from heimdall_dash.publish.destination import check_url
from heimdall_dash.store.sentinel import watched
from tests.conftest import Web, wait_for, web_settings
from tests.servers import RedisServer, free_port
from tests.viewers import Viewer


def test_sentinel_address_is_read_whole() -> None:
    found = watched("rediss+sentinel://me:p%40ss@one:1,two,[::1]:3/main/2?ssl_ca_certs=/ca.pem")
    assert found.sentinels == [("one", 1), ("two", 26379), ("::1", 3)]
    assert (found.service, found.options) == (
        "main",
        {"db": 2, "username": "me", "password": "p@ss", "ssl": True, "ssl_ca_certs": "/ca.pem"},
    )


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://", "redis+sentinel://host", "redis+sentinel://host:x/main",
        "redis+sentinel://host/main/db", "redis+sentinel://host/main?colour=red",
    ],
)  # fmt: skip
def test_sentinel_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(StartupRefused):
        check_url(url)


def certificates(folder: Path) -> None:
    """A certificate authority, `ca.crt`, and a server's certificate from it, for localhost."""
    steps = [
        "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 2 -subj /CN=test-ca",
        "req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=localhost",
        "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out server.crt -days 2"
        " -extfile names",
    ]
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    for step in steps:
        subprocess.run(["openssl", *step.split()], cwd=folder, check=True, capture_output=True)


ACL = (
    "user heimdall on >secret ~heimdall:* ~rq:* &heimdall:* &rq:* "
    "+@all -@dangerous +info +keys +client"
)


@pytest.mark.slow
def test_everything_works_over_tls_as_a_user_that_may_little(tmp_path: Path) -> None:
    certificates(tmp_path)
    port = free_port()
    options = [
        "--tls-port", str(port), "--tls-cert-file", "server.crt", "--tls-key-file", "server.key",
        "--tls-ca-cert-file", "ca.crt", "--tls-auth-clients", "no",
    ]  # fmt: skip
    with RedisServer(tmp_path, *options) as plain:
        admin = redis.Redis.from_url(plain.url)
        admin.execute_command("ACL", "SETUSER", *ACL.split()[1:])
        url = f"rediss://heimdall:secret@localhost:{port}/0?ssl_ca_certs={tmp_path / 'ca.crt'}"
        with Web(web_settings(url, tmp_path / "data")) as web:
            assert publish_and_see(web, url, tmp_path) == list(range(1, 31))
            health = httpx.get(web.url + "/health").json()["services"]
            assert health["store"] == health["live"] == health["watch"] == "healthy"
        stranger = f"rediss://localhost:{port}/0"
        with pytest.raises(redis.exceptions.ConnectionError):  # its authority is not ours
            redis.Redis.from_url(stranger).ping()


def publish_and_see(web: Web, url: str, folder: Path) -> list[int]:
    with Job.start("far", url=url, data_dir=folder / "trainer") as job:
        job.log(1, loss=1.0)
        wait_for(lambda: epochs(web, job.id) == [1])
        with Viewer(f"{web.ws_url}/{job.id}?after=-1", framed=True) as viewer:
            for epoch in range(2, 31):
                job.log(epoch, loss=1.0 / epoch)
            return viewer.framed_up_to(30)


@pytest.mark.slow
# Now and then a connection is made while its pool is closed: redis-py forgets that one.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_sentinel_failover_in_the_middle_of_a_run_loses_nothing(tmp_path: Path) -> None:
    """About 15 s: the Sentinel has to notice the death, and to choose."""
    with (
        RedisServer(tmp_path / "one") as master,
        RedisServer(tmp_path / "two", "--replicaof", "127.0.0.1", str(master.port)) as other,
    ):
        replica = redis.Redis.from_url(other.url)
        wait_for(lambda: replica.info("replication")["master_link_status"] == "up", 20)
        with Watching(tmp_path, master.port) as url, Web(web_settings(url, tmp_path / "d")) as web:
            job = Job.start("failover", url=url, data_dir=tmp_path / "trainer")
            for epoch in range(1, 201):
                job.log(epoch, loss=1.0 / epoch)
            wait_for(lambda: epochs(web, job.id)[-1:] == [200], 20)
            master.stop()
            for epoch in range(201, 401):
                job.log(epoch, loss=1.0 / epoch)
            wait_for(lambda: is_master(replica), 30)
            wait_for(lambda: epochs(web, job.id) == list(range(1, 401)), 30)
            assert job.close()
            wait_for(lambda: seen(web, job.id) == list(range(1, 401)), 30)


def is_master(server: redis.Redis) -> bool:
    """It cuts its connections as it becomes one."""
    with contextlib.suppress(redis.ConnectionError):
        return bool(server.info("replication")["role"] == "master")
    return False


def seen(web: Web, job_id: str) -> list[int]:
    """What a viewer is told, or nothing where it shall come back later."""
    with (
        contextlib.suppress(ConnectionClosed),
        Viewer(f"{web.ws_url}/{job_id}?after=-1") as viewer,
    ):
        return viewer.epochs_up_to(400)
    return []


def epochs(web: Web, job_id: str) -> list[int]:
    try:
        answer = httpx.get(f"{web.api}/jobs/{job_id}/metrics")
    except httpx.TransportError:
        return []
    return list(answer.json()["columns"]["epoch"]) if answer.status_code == 200 else []


class Watching:
    """A Sentinel that is enough by itself, and knows the replica."""

    def __init__(self, folder: Path, master_port: int) -> None:
        self._folder, self._port = folder / "sentinel", free_port()
        self._folder.mkdir()
        (self._folder / "sentinel.conf").write_text(
            f"port {self._port}\nbind 127.0.0.1\n"
            f"sentinel monitor main 127.0.0.1 {master_port} 1\n"
            "sentinel down-after-milliseconds main 1000\n"
            "sentinel failover-timeout main 4000\n"
        )

    def __enter__(self) -> str:
        with (self._folder / "log").open("ab") as output:
            self._process = subprocess.Popen(
                ["redis-server", "sentinel.conf", "--sentinel"],
                cwd=self._folder, stdout=output, stderr=output,
            )  # fmt: skip
        client = redis.Redis(port=self._port, decode_responses=True)

        def knows_the_replica() -> bool:
            try:
                return bool(client.execute_command("SENTINEL", "REPLICAS", "main"))
            except redis.exceptions.ConnectionError:
                return False

        wait_for(knows_the_replica, 20)
        return f"redis+sentinel://127.0.0.1:{self._port}/main"

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
