"""Who imports whom, read from the code: drawn into docs/architecture.md. The tests hold the rules.

`python scripts/draw_imports.py` writes the drawing; with `--check` it says whether it is fresh.
"""

import ast
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "architecture.md"
START, END = "<!-- drawn by scripts/draw_imports.py -->", "<!-- end of the drawing -->"

# Each room may import from rooms above it, and from nothing else. A module or package of
# heimdall_dash stands in one room.
ROOMS: dict[str, set[str]] = {
    "agreed": {
        "addresses", "background", "calibration", "cells", "charts", "clock", "config_errors",
        "errors", "frames", "log", "manifest", "metrics", "own_charts", "portions", "predictions",
        "records", "roles", "settings", "summary", "telemetry", "turns",
    },
    "machine": {
        "arrivals", "data_folder", "discovery", "installed", "part", "processes", "remains",
        "undertaker",
    },
    "store": {"store"},
    "queue": {"entries", "queue"},
    "publisher": {"__init__", "notebook", "publish", "publisher"},
    "client": {"figures", "not_finite", "organise", "read", "rest"},
    "integrations": {"importers", "integrations", "wandb"},
    "live": {"live"},
    "alerts": {"alerts"},
    "api": {"api", "removal"},
    "doors": {"doors"},
    "ui": {"ui"},
    "web": {"checks", "compaction", "compression", "server", "watch", "web"},
    "launcher": {"cli", "launcher", "__main__"},
}  # fmt: skip
OUTSIDE = ("trainer", "app")  # the demonstration, and the root that composes both

MEANINGS = {
    "agreed": "agreed: records, cells, frames, charts, manifest",
    "machine": "machine: processes, folders, who lives here",
    "store": "store/: keys, scripts, follower",
    "queue": "queue: what workers are to train",
    "publisher": "publisher, publish/: Job",
    "client": "client: REST from Python",
    "integrations": "integrations, importers",
    "live": "live/: hub and connections",
    "alerts": "alerts/: who is told",
    "api": "api/: REST",
    "doors": "doors/: who may come in",
    "ui": "ui/: the page",
    "web": "web: server and its watch",
    "launcher": "cli/, launcher",
    "trainer": "trainer/: the demonstration",
    "app": "app.py",
}


@cache
def modules() -> dict[str, Path]:
    """Every module of the product and the demonstration, by its full name."""
    files = [*ROOT.glob("heimdall_dash/**/*.py"), *ROOT.glob("trainer/*.py"), ROOT / "app.py"]
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in files}
    return {name.removesuffix(".__init__"): path for name, path in names.items()}


@cache
def imports(path: Path) -> frozenset[str]:
    """Full names of what a module imports, also inside functions; of `from a import b` both `a` and
    `a.b`, since only who knows all modules can say which of them is one."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(found)


@cache
def imports_within() -> dict[str, set[str]]:
    """Module → modules of this repository that it imports; a package stands for its `__init__`."""
    known = modules()
    found = {}
    for name, path in known.items():
        named = {one for one in imports(path) if one in known and one != name}
        packages = {one.rpartition(".")[0] for one in named}
        found[name] = {one for one in named if not (one in packages and _is_package(known[one]))}
    return found


def room_of(module: str) -> str:
    """Raises KeyError for a module that stands in no room: give it one in `ROOMS`."""
    first, *rest = module.split(".")
    if first in OUTSIDE:
        return first
    part = rest[0] if rest else "__init__"
    for room, parts in ROOMS.items():
        if part in parts:
            return room
    raise KeyError(f"{module} stands in no room of scripts/draw_imports.py")


def edges() -> set[tuple[str, str]]:
    """(room, room that it imports from)"""
    pairs = {(room_of(a), room_of(b)) for a, named in imports_within().items() for b in named}
    return {(a, b) for a, b in pairs if a != b}


def drawing() -> str:
    """A Mermaid flowchart. What nearly every room imports is said once instead of drawn."""
    drawn = sorted((a, b) for a, b in edges() if b != "agreed")
    rooms = [room for room in (*ROOMS, *OUTSIDE) if any(room in edge for edge in drawn)]
    lines = ["```mermaid", "flowchart LR"]
    lines += [f'    {room}["{MEANINGS[room]}"]' for room in rooms]
    lines += [f"    {a} --> {b}" for a, b in drawn]
    return "\n".join([START, *lines, "```", END])


def redrawn(text: str) -> str:
    before, _, rest = text.partition(START)
    return before + drawing() + rest.partition(END)[2]


def main(arguments: list[str]) -> int:
    text = PAGE.read_text(encoding="utf-8")
    fresh = redrawn(text)
    if "--check" in arguments:
        if text != fresh:
            print(f"{PAGE.name} is out of date: python scripts/draw_imports.py", file=sys.stderr)
        return int(text != fresh)
    PAGE.write_text(fresh, encoding="utf-8")
    return 0


def _is_package(path: Path) -> bool:
    return path.name == "__init__.py"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
