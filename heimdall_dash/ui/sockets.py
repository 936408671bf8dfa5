"""The two WebSockets: the chosen job's epochs, and the list of all jobs.

The browser's scripts set `url` and `send`; the callbacks only carry `message` and `state` to them.
"""

from dash.development.base_component import Component
from dash_extensions import WebSocket

from heimdall_dash.frames import FRAMES
from heimdall_dash.ui import ids


def sockets() -> list[Component]:
    return [
        WebSocket(id=ids.JOB_SOCKET, protocols=[FRAMES]),
        WebSocket(id=ids.JOBS_SOCKET, protocols=[FRAMES]),
    ]
