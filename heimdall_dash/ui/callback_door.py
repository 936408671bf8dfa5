"""What Dash's own routes are asked is checked before Dash sees it: an unknown component or callback
is a 404 or a 400 in JSON, where Dash (4.4) answers 500, and unknown paths are not the page."""

import json
import logging
from typing import Any

from dash import Dash
from dash.exceptions import DependencyException
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from heimdall_dash.addresses import page_of

log = logging.getLogger(__name__)

NO_PAGE = """<!DOCTYPE html>
<html lang="en"><head><title>No such page</title><meta name="color-scheme" content="light dark">
</head><body><p>There is no such page. <a href="{page}">Heimdall Dash</a></p></body></html>
"""
CALLBACKS = "/_dash-update-component"
MOST_VALUES = 50_000


def close_dash(app: Dash, server: Starlette) -> None:
    # Dash would answer /nope.js with the page; its base class does not declare this.
    vars(app.backend)["_setup_catchall"] = lambda: None
    server.add_exception_handler(DependencyException, _no_component)
    server.add_route("/{path:path}", _no_page, methods=["GET"], include_in_schema=False)
    server.add_middleware(CallbackDoor, page=app)


async def _no_page(request: Request) -> HTMLResponse:
    return HTMLResponse(NO_PAGE.format(page=page_of(request.scope)), 404)


async def _no_component(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": "no such component"}, 404)


class CallbackDoor:
    """Lets a call of a callback through when there is such a callback, and its parts are there."""

    def __init__(self, app: ASGIApp, page: Dash) -> None:
        self._app, self._page = app, page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_call = scope["type"] == "http" and scope["path"] == CALLBACKS
        if not is_call or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        try:
            body = await Request(scope, receive).body()
        except ClientDisconnect:
            log.debug("a callback: the client went away")
            return
        if _values(body) > MOST_VALUES:
            refusal = {"detail": "more values than any callback takes"}
            await JSONResponse(refusal, 413)(scope, receive, send)
            return
        if problem := _problem(body, self._page.callback_map):
            await JSONResponse({"detail": problem}, 400)(scope, receive, send)
            return
        # Dash reads a body of this type alone.
        names = (b"content-type",)
        head = [one for one in scope["headers"] if one[0] not in names]
        head.append((b"content-type", b"application/json"))
        await self._app({**scope, "headers": head}, _again(body, receive), send)


def _again(body: bytes, receive: Receive) -> Receive:
    """The body, once more; then whatever the connection says."""
    is_told = False

    async def again() -> Message:
        nonlocal is_told
        if is_told:
            return await receive()
        is_told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _values(body: bytes) -> int:
    """About how many its JSON has; to read a million of them would hold everybody up."""
    return body.count(b",") + body.count(b"[") + body.count(b"{")


def _problem(body: bytes, callbacks: dict[str, Any]) -> str | None:
    try:
        call = json.loads(body)
    except (ValueError, RecursionError):
        return "the body is not JSON"
    if not isinstance(call, dict) or not isinstance(call.get("output"), str):
        return "not a call of a callback: `output` is missing"
    known = callbacks.get(call["output"])
    if known is None or "callback" not in known:
        return "no such callback; reload the page"
    for part in ("inputs", "state"):
        wanted, given = known.get(part, []), call.get(part, [])
        if not isinstance(given, list) or len(given) != len(wanted) or not _are_props(given):
            return f"not a call of this callback: its {part} are others"
    changed = call.get("changedPropIds", [])
    if not isinstance(changed, list) or not all(isinstance(one, str) for one in changed):
        return "not a call of a callback: `changedPropIds` are texts"
    if not isinstance(call.get("outputs", []), list | dict):
        return "not a call of a callback: `outputs` is none"
    return None


def _are_props(given: list[Any]) -> bool:
    for one in given:
        if isinstance(one, list):
            if not _are_props(one):
                return False
        elif not isinstance(one, dict) or not {"id", "property"} <= one.keys():
            return False
    return True
