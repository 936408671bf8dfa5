"""Composition root of the web process: settings → store → hub → server → page.

`uvicorn app:server` or `python app.py` serve it; `make run` starts it with a store and a worker.
"""

from heimdall_dash.log import set_up
from heimdall_dash.server import build_server
from heimdall_dash.web import serve, settings_or_exit

settings = settings_or_exit()
set_up(settings.heimdall_log_level)
server = build_server(settings)

if __name__ == "__main__":
    serve(settings)
