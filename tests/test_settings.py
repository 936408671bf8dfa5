"""Settings: from the environment, checked once, and all of them in the README."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from heimdall_dash.addresses import is_loopback
from heimdall_dash.errors import StartupRefused
from heimdall_dash.settings import Settings

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
    monkeypatch.setenv("HEIMDALL_TOKEN", "fifteen letters")
    with pytest.raises(ValidationError, match="16 characters"):
        Settings()
    monkeypatch.setenv("HEIMDALL_TOKEN", "sixteen letters!")
    assert Settings().host == host
    monkeypatch.setenv("HEIMDALL_READ_TOKEN", "short")
    with pytest.raises(ValidationError, match="HEIMDALL_READ_TOKEN"):
        Settings()


@pytest.mark.parametrize("token", ["pa€s", "line\nbreak"])
def test_token_that_no_header_can_carry_is_refused(
    monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("HEIMDALL_TOKEN", token)
    with pytest.raises(ValidationError, match="ASCII"):
        Settings()


@pytest.mark.parametrize("name", ["HEIMDALL_TOKEN", "HEIMDALL_READ_TOKEN"])
def test_token_of_blanks_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "  \t ")
    with pytest.raises(ValidationError, match="blanks"):
        Settings()


def test_reading_token_needs_another_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEIMDALL_READ_TOKEN", "look")
    with pytest.raises(ValidationError, match="set HEIMDALL_TOKEN"):
        Settings()
    monkeypatch.setenv("HEIMDALL_TOKEN", "look")
    with pytest.raises(ValidationError, match="differ"):
        Settings()


@pytest.mark.parametrize(
    "url",
    ["localhost:6379", "http://x", "redis://", "redis://h:port/0", "redis://[", "redis://h/x"],
)
def test_store_url_that_is_none_is_refused_without_its_password(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("REDIS_URL", url.replace("://", "://:hunter2@", 1))
    with pytest.raises(ValidationError, match="redis://") as refused:
        Settings()
    assert "hunter2" not in str(refused.value.errors()[0]["msg"])


@pytest.mark.parametrize(
    "url", ["redis://h", "rediss://u:p@h:1/2", "unix:///run/v.sock", "redis+sentinel://a:1,b:2/m/0"]
)
def test_store_url_of_each_kind_is_taken(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("REDIS_URL", url)
    assert Settings().redis_url == url


@pytest.mark.parametrize(
    ("given", "prefix"),
    [("heimdall", "/heimdall/"), ("/a/b", "/a/b/"), ("/", "/"), ("//a//", "/a/")],
)
def test_prefix_has_a_slash_at_either_end(
    monkeypatch: pytest.MonkeyPatch, given: str, prefix: str
) -> None:
    monkeypatch.setenv("HEIMDALL_PREFIX", given)
    assert Settings().heimdall_prefix == prefix


@pytest.mark.parametrize(
    ("name", "value"),
    [("HEIMDALL_PREFIX", "/a b/"), ("HEIMDALL_PREFIX", '/"/'), ("HEIMDALL_PREFIX", "/../x"),
     ("HEIMDALL_ORIGINS", "example.org"), ("HEIMDALL_ORIGINS", "https://a/b"),
     ("HEIMDALL_ORIGINS", "http://["), ("HEIMDALL_PROXIES", "proxy"),
     ("HEIMDALL_PROXIES", "10.0.0.0/99")],
)  # fmt: skip
def test_impossible_address_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
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
