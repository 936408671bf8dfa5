"""Run the web server: one or more uvicorn processes that share a port."""

import sys
from typing import Any

import uvicorn
from pydantic import ValidationError

from heimdall_dash.errors import StartupRefused
from heimdall_dash.settings import Settings

GRACE_S = 3
MAX_MESSAGE_BYTES = 64 * 1024  # a client's message is an acknowledgement or a ping


def uvicorn_options(settings: Settings) -> dict[str, Any]:
    return {
        "host": settings.host,
        "port": settings.port,
        "log_level": "warning",
        "log_config": None,
        "access_log": False,
        "timeout_graceful_shutdown": GRACE_S,
        # Heartbeats and acknowledgements show whether a viewer lives; a ping that waits behind
        # what a slow reader has not read would end it with 1011 instead of 4008.
        "ws_ping_interval": None,
        "ws_max_size": MAX_MESSAGE_BYTES,
        "ws_per_message_deflate": True,
    }


def serve(settings: Settings) -> None:
    uvicorn.run("app:server", workers=settings.web_concurrency, **uvicorn_options(settings))


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
    except StartupRefused as error:
        print(f"Heimdall: {error}", file=sys.stderr)
        raise SystemExit(2) from error
