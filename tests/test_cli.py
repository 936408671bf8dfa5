"""The command line, against a real dashboard that it finds by itself."""

import csv
import io
import json
import math
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pyarrow.parquet as pq
import pytest

from heimdall_dash.cli import main
from heimdall_dash.discovery import announce
from tests.conftest import Web, web_settings
from tests.servers import free_port

ROOT = Path(__file__).parent.parent
API = "/api/v1/training"


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def found(web: Web, tmp_path: Path) -> Iterator[Web]:
    with announce(web.url, str(web.settings.redis_url), tmp_path):
        yield web


@pytest.fixture
def job_id(client: httpx.Client) -> str:
    """An external job with three epochs, one cell of them NaN."""
    body = {"job_name": "Über VHF", "external": True, "config": {"epochs": 3, "lr": 0.5}}
    job_id = str(client.post("/jobs", json=body).raise_for_status().json()["id"])
    rows = '[{"epoch":1,"loss":0.5,"n":1},{"epoch":2,"loss":NaN},{"epoch":3,"loss":0.25}]'
    client.post(f"/jobs/{job_id}/metrics", content=rows).raise_for_status()
    return job_id


def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "heimdall_dash", *arguments],
        capture_output=True, text=True, timeout=60, cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "XDG_STATE_HOME": "/nonexistent", **environment},
    )  # fmt: skip


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 1) -> str:
    """What a command says that cannot be done: one line on stderr, and nothing else."""
    if code == 2:
        with pytest.raises(SystemExit, match="2"):
            main(arguments)
    else:
        assert main(arguments) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


# -- what stands for all commands -----------------------------------------------------------


@pytest.mark.parametrize("command", ["", "run", "ls", "show", "sync", "export"])
def test_every_command_has_help(capsys: pytest.CaptureFixture[str], command: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command.split(), "--help"])
    assert ended.value.code == 0
    assert "usage: heimdall" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [["bogus"], ["show"], ["ls", "--limit", "-1"], ["ls", "--status", "asleep"], ["export"],
     ["export", "x", "--to", "docx"]],
)  # fmt: skip
def test_what_is_not_understood_is_said_in_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert "--help" in refusal(capsys, *arguments, code=2)


def test_without_a_dashboard_one_line_says_where_it_looked() -> None:
    ended = run("ls")
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
    assert "heimdall run" in ended.stderr
    assert "HEIMDALL_URL" in ended.stderr


@pytest.mark.parametrize(
    ("url", "word"),
    [("redis://127.0.0.1:1/0", "web server"), ("http://127.0.0.1:1", "no dashboard answers"),
     ("127.0.0.1:8001", "address"), ("http://[::1", "address"), ("http://a:b@x", "HEIMDALL_TOKEN"),
     ("http://x:port", "no dashboard answers")],
)  # fmt: skip
def test_address_that_leads_nowhere_is_said_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, url: str, word: str
) -> None:
    assert word in refusal(capsys, "ls", "--url", url)
    monkeypatch.setenv("HEIMDALL_URL", url)
    assert word in refusal(capsys, "show", "abc")


def test_page_that_is_no_dashboard_is_said_in_one_line(
    capsys: pytest.CaptureFixture[str], web: Web
) -> None:
    assert "no Heimdall" in refusal(capsys, "ls", "--url", web.url + "/docs#")
    assert "no Heimdall" in refusal(capsys, "ls", "--url", web.url + "/docs")


def test_token_is_asked_for_and_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, web: Web, tmp_path: Path
) -> None:
    settings = web_settings(str(web.settings.redis_url), tmp_path, heimdall_token="secret")
    with Web(settings) as closed, announce(closed.url, "", tmp_path):
        assert "HEIMDALL_TOKEN" in refusal(capsys, "ls")
        monkeypatch.setenv("HEIMDALL_TOKEN", "secret")
        assert main(["ls"]) == 0
        capsys.readouterr()


def test_newest_dashboard_that_answers_is_taken_and_named(
    capsys: pytest.CaptureFixture[str], found: Web, tmp_path: Path
) -> None:
    with announce(f"http://127.0.0.1:{free_port()}", "", tmp_path):
        assert main(["ls"]) == 0
        assert capsys.readouterr().err.count("dashboards run here") == 0
    with announce(found.url + "/", "", tmp_path):
        assert main(["ls", "--limit", "0"]) == 0
        assert found.url in capsys.readouterr().err


def test_reader_that_has_enough_is_no_error(found: Web, job_id: str) -> None:
    command = [sys.executable, "-m", "heimdall_dash", "show", job_id, "--url", found.url]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 0


# -- ls and show ----------------------------------------------------------------------------


def test_ls_shows_jobs_as_a_table_and_as_json(
    capsys: pytest.CaptureFixture[str], found: Web, job_id: str
) -> None:
    assert main(["ls", "--limit", "1"]) == 0
    header, line = capsys.readouterr().out.splitlines()
    assert header.split()[:4] == ["ID", "NAME", "STATUS", "EPOCH"]
    assert line.split()[:5] == [job_id[:8], "Über", "VHF", "running", "3/3"]
    assert main(["ls", "--json", "--status", "running"]) == 0
    jobs = json.loads(capsys.readouterr().out)
    assert job_id in [job["id"] for job in jobs]
    assert {job["status"] for job in jobs} == {"running"}


def test_ls_turns_the_pages_of_a_large_dashboard(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, found: Web, job_id: str
) -> None:
    monkeypatch.setattr("heimdall_dash.rest.PAGE", 2)
    total = httpx.get(found.api + "/jobs").json()["total"]
    for _ in range(5 - min(total, 5)):
        httpx.post(found.api + "/jobs", json={"job_name": "x", "external": True})
    total = httpx.get(found.api + "/jobs").json()["total"]
    assert main(["ls", "--limit", "0"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == total + 1
    assert main(["ls", "--limit", "3"]) == 0
    out, err = capsys.readouterr()
    assert (len(out.splitlines()), f"3 of {total} jobs" in err) == (4, True)


def test_show_tells_all_about_a_job_by_the_beginning_of_its_id(
    capsys: pytest.CaptureFixture[str], found: Web, job_id: str
) -> None:
    assert main(["show", job_id[:8]]) == 0
    out = capsys.readouterr().out
    for word in ("Über VHF", job_id, "running", "3/3", "lr", "0.25"):
        assert word in out
    assert main(["show", job_id, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["job"]["id"] == job_id


def test_unknown_and_ambiguous_ids_are_said_in_one_line(
    capsys: pytest.CaptureFixture[str], found: Web, job_id: str, client: httpx.Client
) -> None:
    assert "no job" in refusal(capsys, "show", "zzz")
    assert "no job" in refusal(capsys, "show", "")
    assert "no job" in refusal(capsys, "show", "../../x/" + "0" * 40)
    ids = [job_id]
    while not (shared := [one for one in ids[1:] if one[0] == ids[0][0]]):
        body = {"job_name": "x", "external": True}
        ids.append(client.post("/jobs", json=body).json()["id"])
    assert shared[0] in refusal(capsys, "show", job_id[0])


def test_terminal_is_not_given_control_characters(
    capsys: pytest.CaptureFixture[str], found: Web, job_id: str, client: httpx.Client
) -> None:
    report = {"status": "failed", "error_message": "one\n\x1b[31mtwo\x07"}
    client.post(f"/jobs/{job_id}/status", json=report).raise_for_status()
    assert main(["show", job_id]) == 0
    assert "one ?[31mtwo?" in capsys.readouterr().out


# -- export ---------------------------------------------------------------------------------


def test_export_as_json_has_the_kept_predictions(
    found: Web, client: httpx.Client, job_id: str
) -> None:
    path = f"/jobs/{job_id}/predictions"
    for epoch in (1, 3):
        body = {"epoch": epoch, "truth": [1.0], "mean": [epoch], "sigma": [1.0]}
        client.post(path, json=body).raise_for_status()
    out = run("export", job_id, "--to", "json", "--url", found.url)
    whole = json.loads(out.stdout)
    assert [kept["mean"] for kept in whole["predictions"]] == [[[1.0]], [[3.0]]]
    assert whole["columns"]["epoch"] == [1, 2, 3]


def test_export_of_one_job_goes_to_stdout(found: Web, job_id: str) -> None:
    out = run("export", job_id[:8], "--url", found.url)
    assert (out.returncode, out.stderr) == (0, "")
    rows = list(csv.DictReader(io.StringIO(out.stdout)))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    out = run("export", job_id, "--to", "json", "--url", found.url)
    whole = json.loads(out.stdout)
    assert whole["columns"]["loss"] == [0.5, None, 0.25]
    assert whole["job"]["id"] == whole["job_id"] == job_id
    assert whole.keys() >= {"facts", "notes"}
    assert whole["predictions"] == []


@pytest.mark.parametrize("to", ["csv", "json", "parquet"])
def test_export_writes_files(
    capsys: pytest.CaptureFixture[str], found: Web, job_id: str, tmp_path: Path,
    client: httpx.Client, to: str,
) -> None:  # fmt: skip
    other = client.post("/jobs", json={"job_name": "?/", "external": True}).json()["id"]
    assert main(["export", job_id, other, "--to", to, "--out", "folder"]) == 0
    paths = [Path(line) for line in capsys.readouterr().out.splitlines()]
    names = [f"ber-VHF-{job_id[:8]}.{to}", f"job-{other[:8]}.{to}"]
    assert [path.name for path in paths] == names
    assert all(path.stat().st_size for path in paths)
    assert main(["export", job_id, "--to", to, "--out", f"one.{to}"]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", f"one.{to}", "state"]


def test_parquet_keeps_types_and_tells_nan_from_nothing(
    found: Web, job_id: str, tmp_path: Path
) -> None:
    assert main(["export", job_id, "--to", "parquet", "--out", "x.parquet"]) == 0
    table = pq.read_table(tmp_path / "x.parquet")
    types = {field.name: str(field.type) for field in table.schema}
    assert types == {
        "epoch": "int64", "timestamp": "timestamp[ms, tz=UTC]", "loss": "double", "n": "int64",
    }  # fmt: skip
    assert table["n"].to_pylist() == [1, None, None]
    assert table["loss"].to_pylist()[::2] == [0.5, 0.25]
    assert math.isnan(table["loss"].to_pylist()[1])
    job = json.loads(table.schema.metadata[b"heimdall.job"])["job"]
    assert job["id"] == job_id


def test_export_that_fails_leaves_no_file(
    capsys: pytest.CaptureFixture[str], found: Web, tmp_path: Path
) -> None:
    missing = "00000000-0000-4000-8000-000000000000"
    refusal(capsys, "export", missing, "--out", "x.csv")
    assert not (tmp_path / "x.csv").exists()
    assert not list(tmp_path.glob(".x*"))
    refusal(capsys, "export", missing, "--out", "no/such/folder.csv")


def test_answer_that_breaks_off_is_an_error_and_no_half_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        script = (
            "import socket,sys\n"
            "server = socket.socket(fileno=int(sys.argv[1]))\n"
            "peer, _ = server.accept()\n"
            "peer.recv(4096)\n"
            "peer.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 100\\r\\n\\r\\nepoch')\n"
        )
        command = [sys.executable, "-c", script, str(server.fileno())]
        with subprocess.Popen(command, pass_fds=[server.fileno()]):
            said = refusal(
                capsys, "export", "0" * 36, "--to", "csv", "--out", "x.csv", "--url", url
            )
    assert "broke off" in said
    assert not (tmp_path / "x.csv").exists()


# -- sync -----------------------------------------------------------------------------------

KILLED = """
import os, signal
from pathlib import Path
from heimdall_dash import Job
job = Job.start("killed", url="http://127.0.0.1:1", data_dir=Path("data"))
for epoch in range(3):
    job.log(epoch, loss=1.0)
print(job.id, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_sync_brings_what_a_killed_run_left_and_says_how_much(
    capsys: pytest.CaptureFixture[str], found: Web, tmp_path: Path
) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED], cwd=tmp_path, env={"PYTHONPATH": str(ROOT), **os.environ},
        capture_output=True, text=True,
    )  # fmt: skip
    job_id = killed.stdout.strip()
    assert main(["sync", "data", "--url", found.url]) == 0
    said = capsys.readouterr().out
    assert f"{job_id[:8]}  killed: 3 rows here" in said
    assert "0 before, 3 now" in said
    job = httpx.get(f"{found.api}/jobs/{job_id}").json()["job"]
    assert (job["status"], job["epochs_stored"]) == ("failed", 3)
    assert main(["sync", "data", "--url", found.url]) == 0
    assert "3 before, 3 now" in capsys.readouterr().out


def test_sync_says_what_it_cannot_bring(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "no such file" in refusal(capsys, "sync", "nowhere")
    folder = tmp_path / "data" / "jobs" / "00000000-0000-4000-8000-000000000000"
    folder.mkdir(parents=True)
    assert main(["sync", "data"]) == 0
    assert capsys.readouterr().out == "nothing to bring\n"
    (folder / "job.json").write_text("{")
    assert main(["sync", "data", "--url", f"http://127.0.0.1:{free_port()}"]) == 1
    out, err = capsys.readouterr()
    assert "job.json" in out
    assert err == "Heimdall: 1 of 1 runs could not be brought\n"


# -- run ------------------------------------------------------------------------------------


def test_run_without_the_servers_packages_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("heimdall_dash.cli.run.SERVER", ("no_such_package_at_all",))
    assert "heimdall-dash[server]" in refusal(capsys, "run")
    assert "no_such_package_at_all" in refusal(capsys)


def test_runs_options_go_before_the_environment() -> None:
    ended = run("run", "--port", "0", PORT="8001")
    assert ended.returncode == 2
    assert "PORT" in ended.stderr
    assert ended.stderr.count("\n") == 1
