"""The page as Dash knows it: a callback finds what it listens to, with a trainer and without."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from dash import Dash
from fastapi import FastAPI

from heimdall_dash.manifest import NO_TRAINER, Manifest
from heimdall_dash.ui.alert_rules import Rules
from heimdall_dash.ui.page import build_page
from tests.small_trainer import MANIFEST

LATER = {"runs-table"}  # made when its tab is opened


def page_of(manifest: Manifest) -> Dash:
    rules = Rules(lambda: ([], []), lambda body: [], lambda name: [], [])
    return build_page(FastAPI(), manifest, lambda body: (None, []), rules)


def ids_in(layout: Any) -> Iterator[str]:
    for component in layout._traverse():
        known = getattr(component, "id", None)
        if isinstance(known, str):
            yield known


@pytest.mark.parametrize("manifest", [MANIFEST, NO_TRAINER], ids=["trainer", "none"])
def test_every_callback_finds_its_components(manifest: Manifest) -> None:
    page = page_of(manifest)
    page._setup_server()
    there = {*ids_in(page.layout), getattr(page.layout, "id", None)}
    asked = set()
    for callback in page.callback_map.values():
        for part in [*callback["inputs"], *callback["state"]]:
            if not part["id"].startswith("{"):
                asked.add(part["id"])
    assert asked - there - LATER == set(), json.dumps(sorted(asked - there))
    assert len(asked) > 20
