"""The two WebSocket addresses: find the job, choose the mode, serve until it ends."""

from typing import Annotated

from fastapi import APIRouter, Query, WebSocket

from heimdall_dash.errors import StoreUnavailable
from heimdall_dash.frames import FRAMES, CloseCode, start_of
from heimdall_dash.live.all_connection import PlainAllJobs
from heimdall_dash.live.framed import FramedConnection
from heimdall_dash.live.framed_all import FramedAllJobs
from heimdall_dash.live.hub import Hub
from heimdall_dash.live.plain import PlainConnection
from heimdall_dash.live.socket import Socket

NOT_ALLOWED = "heimdall.not_allowed"  # set in the scope by the security layer


def live_routes(hub: Hub) -> APIRouter:
    routes = APIRouter()

    @routes.websocket("/ws/training/{job_id}")
    async def one_job(
        websocket: WebSocket,
        job_id: str,
        after: str | None = None,
        stream: Annotated[str | None, Query(max_length=64)] = None,
    ) -> None:
        is_framed = await _accept(websocket)
        socket = Socket(websocket, hub.turns)
        if websocket.scope.get(NOT_ALLOWED):
            await socket.close(CloseCode.NOT_ALLOWED, "a token is required")
            return
        try:
            start = start_of(after, stream)
        except ValueError:
            await socket.close(
                CloseCode.BAD_REQUEST, "after must be a cursor such as 412-1, or an epoch ≥ -1"
            )
            return
        try:
            async with hub.watch(job_id) as topic:
                if not topic.fields:
                    await socket.close(*_unknown(hub, job_id))
                elif is_framed:
                    await FramedConnection(socket, hub, topic, start).serve()
                else:
                    start_or_now = None if after is None else start
                    await PlainConnection(socket, hub, topic, start_or_now).serve()
        except StoreUnavailable:
            await socket.close(CloseCode.STORE_AWAY, "the store does not answer")

    @routes.websocket("/ws/training")
    async def all_jobs(websocket: WebSocket) -> None:
        is_framed = await _accept(websocket)
        socket = Socket(websocket, hub.turns)
        if websocket.scope.get(NOT_ALLOWED):
            await socket.close(CloseCode.NOT_ALLOWED, "a token is required")
        elif not hub.available:
            await socket.close(CloseCode.STORE_AWAY, "the store does not answer")
        elif is_framed:
            await FramedAllJobs(socket, hub).serve()
        else:
            await PlainAllJobs(socket, hub).serve()

    return routes


async def _accept(websocket: WebSocket) -> bool:
    """Accept, in framed mode when the client offers it; returns whether it is framed."""
    is_framed = FRAMES in websocket.scope.get("subprotocols", [])
    await websocket.accept(subprotocol=FRAMES if is_framed else None)
    return is_framed


def _unknown(hub: Hub, job_id: str) -> tuple[int, str]:
    if hub.may_come_back(job_id):
        return CloseCode.STORE_AWAY, "the store does not have this job at present"
    return CloseCode.UNKNOWN_JOB, "unknown job"
