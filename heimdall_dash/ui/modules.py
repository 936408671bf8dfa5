"""The browser's modules as files: served under a path that names their version, kept for ever.

Imports inside are relative, so that a module asks for others of its own version.
"""

import hashlib
from functools import cache
from html import escape
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

PATH = "/browser"
FOLDER = Path(__file__).resolve().parent.parent / "browser"
MAIN = "main.js"
MAIN_ID = "browser-main"  # heimdall.js reads there which version to import
KEEP = "public, max-age=31536000, immutable"
TYPE = "text/javascript; charset=utf-8"


@cache
def module_names() -> list[str]:
    """Paths below the folder, `wire/link.js`; the way in is the first."""
    names = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.js"))
    return sorted(names, key=lambda name: name != MAIN)


# Imported when the tab Jobs is opened first.
LAZY = frozenset(
    f"runs/{name}.js"
    for name in ("parallel", "parameters", "run_actions", "run_rows", "runs_table")
)


@cache
def version() -> str:
    """Another one for other contents; the same in every web process that has these."""
    content = hashlib.sha256()
    for name in module_names():
        text = (FOLDER / name).read_bytes()
        content.update(f"{name} {len(text)}\n".encode() + text)
    return content.hexdigest()[:16]


def preloads(prefix: str) -> str:
    """Links for the page: all modules are asked for at once, not one import after another. They
    stand behind the scripts, or the large ones of these would wait for them.

    prefix: path of the page, `/` or where a proxy serves it
    """
    folder = escape(f"{prefix.rstrip('/')}{PATH}/{version()}")
    links = []
    for name in module_names():
        if name in LAZY:
            continue
        mark = f' id="{MAIN_ID}"' if name == MAIN else ""
        links.append(f'<link rel="modulepreload"{mark} href="{folder}/{name}">')
    return "\n    ".join(links)


class Modules(StaticFiles):
    """To be mounted at PATH. Of another version than this, nothing is there: 404, which no browser
    keeps."""

    def __init__(self) -> None:
        super().__init__(directory=FOLDER)

    async def get_response(self, path: str, scope: Scope) -> Response:
        wanted, _, name = path.partition("/")
        if wanted != version() or name not in module_names():
            raise HTTPException(404, "no such module; reload the page")
        answer = await super().get_response(name, scope)
        answer.headers["Cache-Control"] = KEEP
        if answer.status_code == 200:
            # said here: what the system's list of types says of .js differs, and with nosniff a
            # browser runs no module of another type
            answer.headers["Content-Type"] = TYPE
        return answer
