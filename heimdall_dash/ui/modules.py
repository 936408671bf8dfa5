"""The browser's modules as files: served under a path that names their version, kept for ever.

Imports inside are relative, so that a module asks for others of its own version. Comments, a
quarter of what would come over the wire, stay here: the lines keep their numbers.
"""

import hashlib
import re
from functools import cache
from html import escape
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

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


# One that begins a line and ends one: what stands beside code is short, and may be part of a text.
COMMENT = re.compile(r"^[ \t]*(?:/\*(?:(?!\*/).)*\*/|//[^\n]*)[ \t]*$", re.MULTILINE | re.DOTALL)


def served(name: str) -> bytes:
    """A module as browsers get it."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    return COMMENT.sub(lambda found: "\n" * found[0].count("\n"), text).encode()


@cache
def version() -> str:
    """Another one for other contents; the same in every web process that has these."""
    content = hashlib.sha256()
    for name in module_names():
        text = served(name)
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


class Modules:
    """To be mounted at PATH. Of another version than this, nothing is there: 404, which no browser
    keeps."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope["path"]).removeprefix(str(scope.get("root_path", "")))
        wanted, _, name = path.lstrip("/").partition("/")
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        if wanted != version() or name not in module_names():
            raise HTTPException(404, "no such module; reload the page")
        # The type is said here: what the system's list of types says of .js differs, and with
        # nosniff a browser runs no module of another type.
        headers = {"Cache-Control": KEEP, "Content-Type": TYPE}
        await Response(served(name), headers=headers)(scope, receive, send)
