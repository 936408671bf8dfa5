"""The page's one WebSocket: the list of all jobs, and the epochs of those that it watches.

The browser's scripts set `url` and `send`; the callbacks only carry `message` and `state` to them.
"""

from dash_extensions import WebSocket

from heimdall_dash.frames import FRAMES
from heimdall_dash.ui import ids


def socket() -> WebSocket:
    return WebSocket(id=ids.SOCKET, protocols=[FRAMES])
