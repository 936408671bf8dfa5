"""Settings: from the environment, checked once, and all of them in the README."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from heimdall_dash.errors import StartupRefused
from heimdall_dash.settings import Settings, is_loopback

README = (Path(__file__).parent.parent / "README.md").read_text()


def test_defaults_are_what_a_fresh_clone_runs_with(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    settings = Settings()
    assert (settings.host, settings.port, settings.web_concurrency) == ("127.0.0.1", 8001, 1)
    assert (settings.redis_url, settings.heimdall_token) == (None, None)
    assert (settings.heimdall_data, settings.heimdall_demo) == (Path("data"), True)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "9000")
    monkeypatch.setenv("HEIMDALL_DEMO", "0")
    monkeypatch.setenv("REDIS_URL", "")
    settings = Settings()
    assert (settings.port, settings.heimdall_demo, settings.redis_url) == (9000, False, None)


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "0"), ("PORT", "70000"), ("PORT", "x"), ("WEB_CONCURRENCY", "0"),
     ("HEIMDALL_LOG_LEVEL", "loud")],
)  # fmt: skip
def test_impossible_setting_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match=name.lower()):
        Settings()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org"])
def test_open_host_without_token_is_refused(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("HOST", host)
    with pytest.raises(ValidationError, match="HEIMDALL_TOKEN"):
        Settings()
    monkeypatch.setenv("HEIMDALL_TOKEN", "secret")
    assert Settings().host == host


@pytest.mark.parametrize("token", ["pa€s", "line\nbreak"])
def test_token_that_no_header_can_carry_is_refused(
    monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("HEIMDALL_TOKEN", token)
    with pytest.raises(ValidationError, match="ASCII"):
        Settings()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "localhost", "::1", "[::1]"])
def test_loopback_is_recognised(host: str) -> None:
    assert is_loopback(host)


def test_missing_embedded_store_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(StartupRefused, match="make run"):
        _ = Settings(heimdall_data=tmp_path, redis_url=None).store_url


@pytest.mark.parametrize(
    "name", [*(field.upper() for field in Settings.model_fields), "HEIMDALL_URL"]
)
def test_every_setting_stands_in_the_readme(name: str) -> None:
    assert f"`{name}`" in README
