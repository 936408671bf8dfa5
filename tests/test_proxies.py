"""Behind a real nginx: below a path, over TLS, with Host kept or rewritten, and cut when idle."""

import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from heimdall_dash.store.embedded import EmbeddedStore
from tests.conftest import Web, web_settings
from tests.proxies import Nginx, make_certificate
from tests.servers import free_port
from tests.test_login import leads_to
from tests.viewers import Viewer

TOKEN = "correct horse; battery, staple"
AUTH = {"Authorization": f"Bearer {TOKEN}"}
PREFIX = {"heimdall_prefix": "heimdall", "heimdall_token": TOKEN, "heimdall_proxies": "127.0.0.1"}


@pytest.fixture(scope="module", params=["path kept", "path taken away, Host rewritten"])
def proxy(
    request: pytest.FixtureRequest, valkey: EmbeddedStore, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Nginx]:
    folder: Path = tmp_path_factory.mktemp("proxy")
    rewrites = request.param != "path kept"
    host = "dashboard.internal" if rewrites else "$http_host"
    with Nginx(folder / "nginx", host=host, takes_away=rewrites) as nginx:
        more = {"heimdall_origins": nginx.origin} if rewrites else {}
        settings = web_settings(valkey.url, folder, port=nginx.backend, **PREFIX, **more)
        with Web(settings):
            yield nginx


@pytest.fixture
def trust(proxy: Nginx) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(proxy.certificate))


@pytest.fixture
def client(proxy: Nginx, trust: ssl.SSLContext) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=proxy.url, verify=trust, headers=AUTH, timeout=20) as opened:
        yield opened


def test_page_and_all_that_it_loads_come_from_below_the_path(
    client: httpx.Client, proxy: Nginx
) -> None:
    page = client.get("/").text
    addresses = {
        part.split('"')[0] for mark in ('src="', 'href="') for part in page.split(mark)[1:]
    }
    assert len(addresses) > 10
    for address in addresses:
        found = httpx.URL(proxy.url + "/").join(address)
        assert found.path.startswith("/heimdall/"), address
        assert client.get(found).status_code == 200, address
    config = str(client.get("/_dash-layout").json())
    assert "'/heimdall/api/v1/training'" in config
    assert "'/heimdall/ws/training'" in config


def test_session_is_for_the_path_and_for_https_alone(proxy: Nginx, trust: ssl.SSLContext) -> None:
    with httpx.Client(base_url=proxy.url, verify=trust, headers={"Accept": "text/html"}) as browser:
        assert 'action="/heimdall/login"' in browser.get("/").text
        own = {"Origin": proxy.origin}
        entry = browser.post("/login", data={"token": TOKEN, "then": "?tab=jobs"}, headers=own)
        assert (entry.status_code, leads_to(entry)) == (303, "/heimdall/?tab=jobs")
        cookie = entry.headers["set-cookie"]
        assert "Path=/heimdall/" in cookie
        assert "Secure" in cookie
        assert browser.get("/").status_code == 200
        entry = browser.get("/", params={"token": TOKEN, "tab": "jobs"})
        assert leads_to(entry) == "/heimdall/?tab=jobs"
        entry = browser.get("/docs", params={"token": TOKEN})
        assert leads_to(entry) == "/heimdall/docs"
        # JupyterHub's proxy puts its path before each location that begins with a slash
        assert not entry.headers["location"].startswith("/")


def test_jobs_exports_and_sockets(
    client: httpx.Client, proxy: Nginx, trust: ssl.SSLContext
) -> None:
    own = {"Origin": proxy.origin}
    api = "/api/v1/training/jobs"
    made = client.post(api, json={"job_name": "x", "external": True, "config": {}}, headers=own)
    job_id = made.json()["id"]
    rows = [{"epoch": epoch, "loss": 1.0} for epoch in range(3)]
    assert client.post(f"{api}/{job_id}/metrics", json=rows).json()["accepted"] == 3
    csv = client.get(f"{api}/{job_id}/metrics", params={"format": "csv"})
    assert len(csv.text.splitlines()) == 4
    told = client.get(f"{api}/{job_id}").json()["websocket_url"]
    assert told.startswith("wss://")
    assert told.endswith(f"/heimdall/ws/training/{job_id}")
    address = f"wss://localhost:{proxy.port}/heimdall/ws/training/{job_id}"
    headers = {**AUTH, **own}
    with Viewer(f"{address}?after=-1", ssl=trust, additional_headers=headers) as viewer:
        assert viewer.epochs_up_to(2) == [0, 1, 2]
    foreign = {**AUTH, "Origin": "https://evil.example"}
    with (
        pytest.raises(InvalidStatus) as refused,
        Viewer(address, ssl=trust, additional_headers=foreign),
    ):
        pass
    assert refused.value.response.status_code == 403
    evil = {"Origin": "https://evil.example"}
    assert client.post(f"{api}/{job_id}/cancel", headers=evil).status_code == 403


def test_publisher_over_https_below_the_path(
    client: httpx.Client, proxy: Nginx, tmp_path: Path
) -> None:
    name = f"over https, {proxy.port}"
    program = (
        "from heimdall_dash import Job\n"
        f"with Job.start({name!r}, total_epochs=5) as job:\n"
        "    for epoch in range(1, 6):\n"
        "        job.log(epoch, loss=1.0 / epoch)\n"
    )
    environment = {
        "PATH": "/usr/bin", "HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state"),
        "HEIMDALL_URL": proxy.url, "HEIMDALL_TOKEN": TOKEN,
        "SSL_CERT_FILE": str(proxy.certificate), "PYTHONPATH": str(Path.cwd()),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, timeout=60,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = client.get("/api/v1/training/jobs").json()["jobs"]
    (job,) = [one for one in found if one["job_name"] == name]
    assert (job["status"], job["current_epoch"]) == ("completed", 5)


def test_proxy_that_cuts_idle_sockets_costs_no_epoch(valkey: EmbeddedStore, tmp_path: Path) -> None:
    """Its limit is under the heartbeat's four seconds: what nobody speaks on is cut."""
    with Nginx(tmp_path / "nginx", idle_s=2) as nginx:
        trust = ssl.create_default_context(cafile=str(nginx.certificate))
        settings = web_settings(valkey.url, tmp_path, port=nginx.backend, **PREFIX)
        with Web(settings), httpx.Client(base_url=nginx.url, verify=trust, headers=AUTH) as client:
            api = "/api/v1/training/jobs"
            made = client.post(api, json={"job_name": "x", "external": True, "config": {}})
            job_id = made.json()["id"]
            address = f"wss://localhost:{nginx.port}/heimdall/ws/training/{job_id}"
            seen: list[int] = []
            for epoch in range(3):
                client.post(f"{api}/{job_id}/metrics", json={"epoch": epoch, "loss": 1.0})
                after = f"?after={seen[-1] if seen else -1}"
                with Viewer(address + after, ssl=trust, additional_headers=AUTH) as viewer:
                    seen += viewer.epochs_up_to(epoch)
                    with pytest.raises(AssertionError, match="closed without a code"):
                        viewer.closed_with(timeout_s=15)
            assert seen == [0, 1, 2]


def test_forwarded_headers_are_believed_from_named_proxies_alone(
    valkey: EmbeddedStore, tmp_path: Path
) -> None:
    forged = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "10.1.2.3", **AUTH}
    for proxies, scheme in ((None, "ws"), ("10.0.0.1", "ws"), ("127.0.0.0/8", "wss")):
        settings = web_settings(
            valkey.url, tmp_path, heimdall_token=TOKEN, heimdall_proxies=proxies
        )
        with Web(settings) as web:
            made = httpx.post(
                web.api + "/jobs", json={"job_name": "x", "external": True}, headers=AUTH
            ).json()
            told = httpx.get(f"{web.api}/jobs/{made['id']}", headers=forged).json()
            assert told["websocket_url"].startswith(scheme + "://"), proxies


def test_nginx_understands_the_recipe_of_the_documentation(tmp_path: Path) -> None:
    text = (Path(__file__).parents[1] / "docs" / "deploy.md").read_text()
    recipe = text.partition("```nginx\n")[2].partition("```")[0]
    for shown, given in (
        ("443", f"127.0.0.1:{free_port()}"),
        ("ssl_certificate …", f"ssl_certificate {tmp_path}/cert.pem"),
        ("ssl_certificate_key …", f"ssl_certificate_key {tmp_path}/key.pem"),
    ):
        assert shown in recipe
        recipe = recipe.replace(shown, given)
    make_certificate(tmp_path)
    file = tmp_path / "nginx.conf"
    file.write_text(f"pid {tmp_path}/pid; events {{}} http {{ access_log off; {recipe} }}")
    checked = subprocess.run(
        ["nginx", "-t", "-e", tmp_path / "log", "-c", file], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr
