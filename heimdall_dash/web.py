"""The web process: `python -m heimdall_dash.web`, and `app.py` where there is a clone, which knows
its trainer. One uvicorn process, or several that share the port.
"""

import gc
import sys
from collections.abc import Callable
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import multiprocess

from heimdall_dash.doors.http_guard import GuardedHttp
from heimdall_dash.doors.socket_guard import GuardedSocket
from heimdall_dash.errors import StartupRefused
from heimdall_dash.log import set_up
from heimdall_dash.manifest import NO_TRAINER, Manifest
from heimdall_dash.server import build_server
from heimdall_dash.settings import Settings, settings_or_exit
from heimdall_dash.telemetry import shared_numbers

GRACE_S = 3
# uvicorn ends a process that is silent for 5 s, also while it only starts: on a busy machine none
# of several ever came up.
SILENT_S = 20
MAX_MESSAGE_BYTES = 2**20  # what a page says it watches: names of a hundred jobs' metrics


def main(
    build: Callable[[], FastAPI] | None = None, name: str = "heimdall_dash.web:application"
) -> None:
    """Serve until a signal.

    build: makes the application; name: where further processes find the same, as module:function.
    """
    settings = settings_or_exit()
    options = uvicorn_options(settings)
    if settings.web_concurrency > 1:  # each process builds its own
        set_up(settings.heimdall_log_level, settings.heimdall_log_format)
        multiprocess.Process = NoticedProcess  # type: ignore[misc]
        with shared_numbers():
            uvicorn.run(
                name,
                factory=True,
                workers=settings.web_concurrency,
                timeout_worker_healthcheck=SILENT_S,
                **options,
            )
    else:
        uvicorn.run((build or application)(), **options)


class NoticedProcess(multiprocess.Process):
    """One of several web processes. uvicorn (0.54) keeps the child's end of the pipe open by which
    it asks whether the child lives: one that dies while it is asked was waited for all the time.
    """

    def start(self) -> None:
        super().start()
        self.child_conn.close()


def application(manifest: Manifest = NO_TRAINER) -> FastAPI:
    """Settings → store → hub → server → page; or one line about impossible settings, and exit 2.

    manifest: of the trainer that is installed here.
    """
    settings = settings_or_exit()
    set_up(settings.heimdall_log_level, settings.heimdall_log_format)
    try:
        server = build_server(settings, manifest)
    except StartupRefused as error:
        print(f"Heimdall: {error}", file=sys.stderr)
        raise SystemExit(2) from error
    gc.collect()
    gc.freeze()  # what is here now stays: to look through it again held everybody up for 120 ms
    return server


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
        "http": GuardedHttp,
        "ws": GuardedSocket,
        "ws_max_size": MAX_MESSAGE_BYTES,
        "ws_per_message_deflate": True,
        # By itself uvicorn believes what this machine says of X-Forwarded-For.
        "proxy_headers": settings.heimdall_proxies is not None,
        "forwarded_allow_ips": settings.heimdall_proxies or "",
    }


if __name__ == "__main__":
    main()
