"""`heimdall run`: the dashboard with the embedded store, and a worker where there is a trainer."""

import argparse
import os
from importlib.util import find_spec
from typing import Any

from heimdall_dash.errors import StartupRefused

SERVER = ("dash", "dash_extensions", "dash_mantine_components", "fastapi", "pydantic_settings",
          "rq", "starlette_compress", "uvicorn", "websockets")  # fmt: skip


def add_to(commands: Any) -> None:
    parser = commands.add_parser(
        "run",
        help="the dashboard with its store, until Ctrl-C",
        description="Start the dashboard with the embedded store (or REDIS_URL), until Ctrl-C. "
        "Settings come from the environment; these come first.",
    )
    parser.add_argument("--port", help="of the web server (PORT, 8001)")
    parser.add_argument("--host", help="address to listen on (HOST, 127.0.0.1)")
    parser.add_argument("--data", help="folder of store and logs (HEIMDALL_DATA, ./data)")
    parser.set_defaults(command=_run)


def _run(options: argparse.Namespace) -> int:
    missing = [name for name in SERVER if find_spec(name) is None]
    if missing:
        raise StartupRefused(
            "the dashboard needs the server's packages: pip install 'heimdall-dash[server]' "
            f"(missing: {', '.join(missing)})"
        )
    given = {"PORT": options.port, "HOST": options.host, "HEIMDALL_DATA": options.data}
    os.environ.update({name: value for name, value in given.items() if value is not None})
    from heimdall_dash.launcher import main  # only here: the client has none of what it imports

    return main()
