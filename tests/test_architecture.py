"""Who may import whom, and who may know which library: read from the code."""

from collections.abc import Callable

import pytest

from scripts.draw_imports import (
    OUTSIDE,
    PAGE,
    ROOMS,
    edges,
    imports,
    imports_within,
    modules,
    redrawn,
    room_of,
)

# Rooms that do not look at all that stands above them.
NARROW = {
    "machine": {"agreed"},
    "store": {"agreed"},
    "queue": {"agreed", "store"},
    "publisher": {"agreed", "machine", "store"},
    "client": {"agreed", "machine", "publisher"},
    "live": {"agreed", "store"},
    "ui": {"agreed"},
    "launcher": {"agreed", "machine", "store", "publisher", "client", "integrations"},
    "trainer": {"agreed", "store", "queue", "publisher"},
}

KNOWN_BY: dict[str, Callable[[str], bool]] = {
    "redis": lambda m: room_of(m) == "store" or m == "heimdall_dash.entries",
    "rq": lambda m: m in {"heimdall_dash.entries", "trainer.worker"},
    "dash": lambda m: room_of(m) == "ui",
    "fastapi": lambda m: (
        room_of(m) in {"api", "doors", "live", "web", "app"} or m == "heimdall_dash.ui.page"
    ),
    "uvicorn": lambda m: m == "heimdall_dash.web" or m.endswith("_guard"),
    "torch": lambda m: room_of(m) in {"trainer", "integrations"},
}


def libraries(module: str) -> set[str]:
    return {name.split(".")[0] for name in imports(modules()[module])}


def test_every_module_stands_in_a_room() -> None:
    for module in modules():
        room_of(module)


def test_rooms_import_only_from_rooms_before_them() -> None:
    order = [*ROOMS, *OUTSIDE]
    for room, other in edges():
        assert order.index(other) < order.index(room), f"{room} imports from {other}"


@pytest.mark.parametrize("room", NARROW)
def test_room_looks_only_where_it_should(room: str) -> None:
    assert {other for one, other in edges() if one == room} <= NARROW[room]


def test_product_does_not_know_its_demonstration_nor_its_root() -> None:
    for module, named in imports_within().items():
        if module.startswith("heimdall_dash"):
            assert not {one for one in named if room_of(one) in OUTSIDE}, module


def test_only_what_works_for_the_queue_knows_store_and_queue_in_the_trainer() -> None:
    known = {f"trainer.{name}" for name in ("worker", "attempt", "hung", "stores", "mirror")}
    for module, named in imports_within().items():
        if room_of(module) == "trainer" and module not in known:
            assert not {one for one in named if room_of(one) in {"store", "queue"}}, module


@pytest.mark.parametrize("library", KNOWN_BY)
def test_library_is_known_in_its_own_few_files(library: str) -> None:
    users = [module for module in modules() if library in libraries(module)]
    assert users, "the rule is about something that is used"
    assert [module for module in users if not KNOWN_BY[library](module)] == []


def test_modules_import_in_no_circle() -> None:
    within, done, path = imports_within(), set[str](), list[str]()

    def visit(module: str) -> None:
        assert module not in path, " → ".join([*path[path.index(module) :], module])
        if module not in done:
            path.append(module)
            for other in sorted(within[module]):
                visit(other)
            path.pop()
            done.add(module)

    for module in sorted(within):
        visit(module)


def test_drawing_is_fresh() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert redrawn(text) == text, "python scripts/draw_imports.py"
