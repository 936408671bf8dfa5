"""Composition root of the web process: settings → store → hub → server → page, and the manifest of
the trainer where there is one.

`uvicorn app:server` or `python app.py` serve it; `make run` starts it with a store and a worker.
"""

from typing import Any

from fastapi import FastAPI

from heimdall_dash import web
from heimdall_dash.manifest import NO_TRAINER

try:
    from trainer.manifest import MANIFEST
except ModuleNotFoundError as error:
    if error.name not in {"trainer", "trainer.manifest"}:
        raise
    MANIFEST = NO_TRAINER


def application() -> FastAPI:
    return web.application(MANIFEST)


def __getattr__(name: str) -> Any:
    """`app.server` is built when it is asked for, and so not by processes that serve otherwise."""
    if name == "server":
        return application()
    raise AttributeError(name)


if __name__ == "__main__":
    web.main(application, "app:application")
