"""The web server's parts put together: security → compression → REST, WebSocket, page."""

import asyncio
import logging
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from types import FrameType
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.routing import Match

from heimdall_dash import __version__
from heimdall_dash.addresses import is_loopback
from heimdall_dash.alerts.letters import Letters, receiver
from heimdall_dash.alerts.lookout import Lookout
from heimdall_dash.api.alerts import alert_routes, attempt_rule, drop_rule, known_rules
from heimdall_dash.api.counted import Counted
from heimdall_dash.api.creation import attempt_job
from heimdall_dash.api.health import health_routes
from heimdall_dash.api.history import History
from heimdall_dash.api.jobs import job_routes
from heimdall_dash.api.log import log_routes
from heimdall_dash.api.means_routes import means_routes
from heimdall_dash.api.metrics import metric_routes
from heimdall_dash.api.predictions import predictions_routes
from heimdall_dash.api.refusals import add_refusals
from heimdall_dash.api.runs_csv import runs_csv_routes
from heimdall_dash.api.series import series_routes
from heimdall_dash.api.summaries import Summaries
from heimdall_dash.api.table_routes import table_routes
from heimdall_dash.api.telemetry import telemetry_routes
from heimdall_dash.api.views import view_routes
from heimdall_dash.background import Background
from heimdall_dash.checks import checks
from heimdall_dash.clock import StoreClock
from heimdall_dash.compaction import Compaction
from heimdall_dash.compression import Compression
from heimdall_dash.doors.docs import add_docs
from heimdall_dash.doors.headers import content_policy
from heimdall_dash.doors.security import Doors, Security
from heimdall_dash.doors.session_routes import session_routes
from heimdall_dash.live.hub import Hub
from heimdall_dash.live.routes import live_routes
from heimdall_dash.manifest import NO_TRAINER, Manifest
from heimdall_dash.queue import JobQueue
from heimdall_dash.removal import Removal
from heimdall_dash.roles import Role
from heimdall_dash.settings import Settings
from heimdall_dash.store.alerts import AlertStore
from heimdall_dash.store.connect import checked
from heimdall_dash.store.ended_sessions import EndedSessions
from heimdall_dash.store.follow import Follower
from heimdall_dash.store.store import Store
from heimdall_dash.store.views import ViewStore
from heimdall_dash.ui.alert_rules import Rules
from heimdall_dash.ui.page import build_page
from heimdall_dash.watch import Watch

log = logging.getLogger(__name__)

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

FAREWELL_S = 0.2


def build_server(settings: Settings, manifest: Manifest = NO_TRAINER) -> FastAPI:
    """The whole web side; it connects to the store when it is served, not before.

    manifest: of the trainer that is installed here.
    """
    checked(settings.store_url)  # raises StartupRefused, also where there is none

    def where() -> str:
        return settings.store_url  # asked again at each connection: the embedded store can move

    store, clock = Store(where), StoreClock()
    queue, hub = JobQueue(store, where), Hub(Follower(where), clock.now)
    compaction = Compaction(store)
    removal = Removal(
        store, queue, settings.heimdall_data, keep_days=settings.heimdall_retention_days
    )
    hub_work = Background("the hub", hub.run)
    watch = Watch(store, queue, removal, clock, compaction.hear)
    alerts = AlertStore(store)
    lookout = _lookout(settings, store, alerts, clock)
    work = [hub_work, watch.background, lookout.background, compaction.background]
    server = FastAPI(
        title="Heimdall Dash",
        version=__version__,
        description="Training runs that know how uncertain they are, while they happen.",
        lifespan=_lifespan(hub, store, queue, work),
        docs_url=None,  # FastAPI's own pages load scripts from a stranger's server
        redoc_url=None,
        servers=[{"url": settings.heimdall_prefix.rstrip("/") or "/"}],
    )
    add_refusals(server)
    server.include_router(job_routes(store, queue, removal, clock.now, manifest))
    history = History(store)
    server.include_router(metric_routes(store, history))
    server.include_router(series_routes(history))
    server.include_router(means_routes(history))
    server.include_router(runs_csv_routes(store, history))
    server.include_router(predictions_routes(store, clock.now))
    server.include_router(table_routes(store, Summaries(store, history), clock.now))
    server.include_router(log_routes(store))
    server.include_router(
        health_routes(
            checks(store, hub, clock, hub_work, watch.background, compaction.background),
            {one.name: one.health for one in work},
        )
    )
    server.include_router(telemetry_routes(work))
    server.include_router(alert_routes(alerts))
    server.include_router(view_routes(ViewStore(store)))
    server.include_router(live_routes(hub))
    server.include_router(session_routes(bool(settings.heimdall_token)))
    add_docs(server)
    _close_api(server)
    rules = Rules(
        known=partial(known_rules, alerts),
        put=partial(attempt_rule, alerts),
        drop=partial(drop_rule, alerts),
        receivers=[receiver(url) for url in (settings.heimdall_alert_urls or "").split()],
    )
    attempt = partial(attempt_job, store, queue, manifest)
    page = build_page(server, manifest, attempt, rules, settings.heimdall_prefix)
    server.add_middleware(Compression)
    server.add_middleware(
        Security,
        doors=_doors(settings),
        policy=lambda: content_policy(page.csp_hashes()),
        kept=EndedSessions(store),
    )
    server.add_middleware(Counted)  # the outermost: refusals count as well
    server.state.hub = hub
    return server


def _doors(settings: Settings) -> Doors:
    tokens = {Role.ALL: settings.heimdall_token, Role.READ: settings.heimdall_read_token}
    return Doors(
        port=settings.port,
        is_loopback=is_loopback(settings.host),
        tokens={role: token for role, token in tokens.items() if token},
        prefix=settings.heimdall_prefix,
        origins=frozenset((settings.heimdall_origins or "").split()),
    )


def _lookout(settings: Settings, store: Store, alerts: AlertStore, clock: StoreClock) -> Lookout:
    address = settings.heimdall_url or (
        f"http://{settings.host}:{settings.port}{settings.heimdall_prefix.rstrip('/')}"
    )
    letters = Letters(alerts, (settings.heimdall_alert_urls or "").split())
    kinds = settings.heimdall_alert_on.split(",")
    return Lookout(store, alerts, letters, clock.now, kinds, address)


def _lifespan(hub: Hub, store: Store, queue: JobQueue, work: list[Background]) -> Lifespan:
    @asynccontextmanager
    async def lifespan(server: FastAPI) -> AsyncIterator[None]:
        _say_farewell(hub)
        async with AsyncExitStack() as stack:
            for one in work:
                await stack.enter_async_context(one.running())
            yield
        await asyncio.to_thread(queue.close)
        await asyncio.to_thread(store.close)

    return lifespan


def _say_farewell(hub: Hub) -> None:
    """Let viewers be told to come back later (4001) before the server closes its connections.

    uvicorn itself would say 1012, which is none of the codes that programs are promised to mean
    that. It has installed its handlers when the lifespan begins; in a thread (as the tests' own
    servers run) there are none.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        leave = signal.getsignal(number)

        def farewell(sig: int, frame: FrameType | None, leave: Any = leave) -> None:
            if hub.is_closing:
                leave(sig, frame)
                return
            hub.close()
            loop.call_later(FAREWELL_S, leave, sig, frame)

        if callable(leave):
            signal.signal(number, farewell)


def _close_api(server: FastAPI) -> None:
    """Unknown paths under /api and /ws are 404 in JSON; Dash would answer them with the page."""
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
    known = list(server.router.routes)

    async def unknown(request: Request) -> JSONResponse:
        if allowed := _methods(known, request.scope):
            head = {"Allow": ", ".join(sorted(allowed))}
            return JSONResponse({"detail": f"{request.method} is not allowed here"}, 405, head)
        return JSONResponse({"detail": "no such path; /docs lists what there is"}, 404)

    for prefix in ("/api", "/ws", "/health", "/metrics"):
        for path in (prefix, prefix + "/{rest:path}"):
            server.add_api_route(path, unknown, methods=methods, include_in_schema=False)


def _methods(routes: list[Any], scope: Any) -> set[str]:
    """That a path may be asked with."""
    found = set()
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        asked = {**scope, "method": method}
        if any(route.matches(asked)[0] == Match.FULL for route in routes):
            found |= {method, "HEAD"} if method == "GET" else {method}
    return found
