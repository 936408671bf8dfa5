"""Settings, read once from the environment. Everything else receives what it needs as arguments."""

import sys
from ipaddress import ip_address
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from heimdall_dash.errors import StartupRefused

STORE_URL_FILE = "store/url"
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

    @field_validator("heimdall_token")
    @classmethod
    def _fits_a_header(cls, token: str | None) -> str | None:
        if token is not None and not (token.isascii() and token.isprintable()):
            raise ValueError("must be printable ASCII, since it travels in HTTP headers")
        return token

    @model_validator(mode="after")
    def _open_only_with_token(self) -> "Settings":
        if not is_loopback(self.host) and not self.heimdall_token:
            raise ValueError(
                f"HOST={self.host} is reachable from other machines: set HEIMDALL_TOKEN to a "
                "secret that every client must show, or HOST=127.0.0.1"
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


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
