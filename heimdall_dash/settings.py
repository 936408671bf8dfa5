"""Settings, read once from the environment. Everything else receives what it needs as arguments."""

import sys
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from heimdall_dash.addresses import (
    as_origin,
    checked_network,
    checked_prefix,
    checked_store_url,
    checked_token,
    is_loopback,
    words,
)
from heimdall_dash.errors import StartupRefused

STORE_URL_FILE = "store/url"
SHORTEST_TOKEN = 16  # where strangers can guess: 128 bits written as text, or a long phrase
ALERT_KINDS = ("failed", "stalled", "nan", "divergence", "completed")


class Settings(BaseSettings):
    """One frozen object per process; each field's default is what a fresh clone runs with."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, extra="ignore")

    port: int = Field(8001, ge=1, le=65535, description="TCP port of the web server")
    host: str = Field("127.0.0.1", description="address the web server listens on")
    redis_url: str | None = Field(
        None,
        description="Redis or Valkey server; unset: the embedded Valkey under HEIMDALL_DATA. "
        "A cluster is recognised by itself",
    )
    heimdall_data: Path = Field(
        Path("data"), description="folder of the store, the checkpoints and the metric logs"
    )
    heimdall_token: str | None = Field(
        None, description="secret that every client must show; unset: none, loopback only"
    )
    heimdall_read_token: str | None = Field(
        None, description="secret of those who may look, but neither steer nor publish"
    )
    heimdall_prefix: str = Field(
        "/", description="path under which a proxy serves the page, e.g. /heimdall/"
    )
    heimdall_origins: str | None = Field(
        None,
        description="further origins that may connect, https://host each, divided by commas or "
        "spaces: for proxies that rewrite Host",
    )
    heimdall_proxies: str | None = Field(
        None,
        description="addresses or networks of the proxies whose X-Forwarded-For and -Proto are "
        "believed, divided by commas or spaces",
    )
    heimdall_demo: bool = Field(
        True, description="queue the demo job VHF when the store holds no job; 0: do not"
    )
    web_concurrency: int = Field(1, ge=1, le=64, description="number of web processes")
    heimdall_log_level: str = Field(
        "info", description="debug, info, warning or error; debug logs every broadcast"
    )

    heimdall_log_format: Literal["text", "json"] = Field(
        "text", description="json: one JSON object per line of the log, for collectors"
    )
    heimdall_retention_days: float = Field(
        0.0,
        ge=0.0,
        allow_inf_nan=False,
        description="jobs that ended longer ago than this are deleted, with their local logs; "
        "0: never",
    )

    heimdall_hangs_after_s: float = Field(
        1800.0,
        ge=0.0,
        allow_inf_nan=False,
        description="a worker's trainer that finishes no epoch for so many seconds, and for 50 of "
        "its epochs, is ended, and its job goes on from its checkpoint; 0: never",
    )
    heimdall_url: str | None = Field(
        None, description="the dashboard's address, as others reach it: for links in alerts"
    )
    heimdall_alert_urls: str | None = Field(
        None,
        description="who is told of alerts: addresses of webhooks, or of services that apprise "
        "knows, divided by spaces",
    )
    heimdall_alert_on: str = Field(
        ",".join(ALERT_KINDS),
        description="what is told without a rule, of these kinds",
    )

    @field_validator("heimdall_alert_on")
    @classmethod
    def _known_kinds(cls, kinds: str) -> str:
        words = [word.strip() for word in kinds.split(",") if word.strip()]
        if unknown := [word for word in words if word not in (*ALERT_KINDS, "none")]:
            raise ValueError(f"{unknown[0]!r} is none of {', '.join(ALERT_KINDS)}, none")
        return ",".join(words)

    @field_validator("heimdall_log_level")
    @classmethod
    def _known_level(cls, level: str) -> str:
        if level.lower() not in {"debug", "info", "warning", "error"}:
            raise ValueError("must be debug, info, warning or error")
        return level.lower()

    @field_validator("heimdall_token", "heimdall_read_token")
    @classmethod
    def _fits_a_header(cls, token: str | None) -> str | None:
        return None if token is None else checked_token(token)

    @field_validator("redis_url")
    @classmethod
    def _is_a_store(cls, url: str | None) -> str | None:
        return None if url is None else checked_store_url(url)

    @field_validator("heimdall_prefix")
    @classmethod
    def _is_a_path(cls, prefix: str) -> str:
        return checked_prefix(prefix)

    @field_validator("heimdall_origins")
    @classmethod
    def _are_origins(cls, origins: str | None) -> str | None:
        return None if origins is None else " ".join(map(as_origin, words(origins)))

    @field_validator("heimdall_proxies")
    @classmethod
    def _are_addresses(cls, proxies: str | None) -> str | None:
        return None if proxies is None else ",".join(map(checked_network, words(proxies)))

    @model_validator(mode="after")
    def _open_only_with_token(self) -> "Settings":
        token, read_token = self.heimdall_token, self.heimdall_read_token
        if read_token and not token:
            raise ValueError(
                "HEIMDALL_READ_TOKEN is for those who look alone: set HEIMDALL_TOKEN for the others"
            )
        if read_token and read_token == token:
            raise ValueError("HEIMDALL_READ_TOKEN must differ from HEIMDALL_TOKEN")
        if is_loopback(self.host):
            return self
        if not token:
            raise ValueError(
                f"HOST={self.host} is reachable from other machines: set HEIMDALL_TOKEN to a "
                "secret that every client must show, or HOST=127.0.0.1"
            )
        for name, secret in (("HEIMDALL_TOKEN", token), ("HEIMDALL_READ_TOKEN", read_token)):
            if secret and len(secret) < SHORTEST_TOKEN:
                raise ValueError(
                    f"HOST={self.host} is reachable from other machines: {name} must have "
                    f"{SHORTEST_TOKEN} characters at least, such as those of `openssl rand -hex 16`"
                )
        return self

    @property
    def store_url(self) -> str:
        """URL of the store: REDIS_URL, or what the embedded store wrote down when it started."""
        if self.redis_url:
            return self.redis_url
        url_file = self.heimdall_data / STORE_URL_FILE
        try:
            return url_file.read_text().strip()
        except OSError as error:
            raise StartupRefused(
                f"no store: REDIS_URL is unset and {url_file} cannot be read ({error.strerror}); "
                "start `make run`, or set REDIS_URL"
            ) from error


def settings_or_exit() -> Settings:
    """The settings, or one line that says what is wrong, and exit 2."""
    try:
        return Settings()
    except ValidationError as error:
        for problem in error.errors():
            name = "_".join(str(part) for part in problem["loc"]).upper()
            message = str(problem["msg"]).removeprefix("Value error, ")
            print(f"Heimdall: {name + ': ' if name else ''}{message}", file=sys.stderr)
        raise SystemExit(2) from error
