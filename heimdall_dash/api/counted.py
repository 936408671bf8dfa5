"""Counts what passes the server's door: requests by their answer, viewers, frames and closings."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from heimdall_dash import telemetry

KNOWN = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Counted:
    """Outermost, so that refusals count as well. It changes nothing of what passes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._app(scope, receive, _counting_answers(scope, send))
        elif scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        of = "list" if scope["path"].rstrip("/").endswith("/ws/training") else "job"
        viewers, frames = telemetry.viewers.labels(of), telemetry.frames.labels(of)
        size = telemetry.frame_bytes.labels(of)
        is_open = False

        async def counting(message: Message) -> None:
            nonlocal is_open
            if message["type"] == "websocket.accept":
                viewers.inc()
                is_open = True
            elif message["type"] == "websocket.send":
                frames.inc()
                size.inc(len(message.get("text") or message.get("bytes") or ""))
            elif message["type"] == "websocket.close":
                telemetry.closed.labels(str(message.get("code", 1000))).inc()
            await send(message)

        try:
            await self._app(scope, receive, counting)
        finally:
            if is_open:
                viewers.dec()


def _counting_answers(scope: Scope, send: Send) -> Send:
    method = scope["method"] if scope["method"] in KNOWN else "other"

    async def counting(message: Message) -> None:
        if message["type"] == "http.response.start":
            telemetry.requests.labels(method, str(message["status"])).inc()
        await send(message)

    return counting
