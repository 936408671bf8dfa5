"""The whole page on a given server: layout, styles, clientside callbacks. It has no data of its
own: the browser fetches it by REST and WebSocket."""

import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import dash_mantine_components as dmc
from dash import Dash, dcc, html
from dash.development.base_component import Component
from fastapi import FastAPI

from heimdall_dash.manifest import NO_TRAINER, Manifest
from heimdall_dash.records import FINAL, LEGAL
from heimdall_dash.ui import ids, texts, theme
from heimdall_dash.ui.callbacks import add_callbacks
from heimdall_dash.ui.compare_tab import COMPARE, compare_tab
from heimdall_dash.ui.header import header
from heimdall_dash.ui.jobs_tab import jobs_tab
from heimdall_dash.ui.metrics_tab import metrics_tab
from heimdall_dash.ui.modules import PATH, Modules, preloads
from heimdall_dash.ui.sockets import socket

INDEX = """<!DOCTYPE html>
<html lang="en">
  <head>
    {%metas%}
    <title>{%title%}</title>
    <link rel="icon" type="image/svg+xml" href="assets/favicon.svg">
    {%css%}
  </head>
  <body>
    {%app_entry%}
    <footer>
      {%config%}
      {%scripts%}
      {%renderer%}
    </footer>
    <!-- modules -->
  </body>
</html>
"""

ASSETS = Path(__file__).resolve().parent.parent / "assets"


TABLE_SCRIPT = re.compile(r'<script src="[^"]*/dash_table/bundle[^"]*"></script>')


class DashWithoutTable(Dash):
    """The page has no `dash_table`, and Dash loads its script always (dash 4.4): 10 kB that pay for
    the modules' types."""

    def interpolate_index(self, *args: Any, **parts: Any) -> str:
        parts["scripts"] = TABLE_SCRIPT.sub("", parts["scripts"])
        return str(super().interpolate_index(*args, **parts))  # type: ignore[no-untyped-call]


def build_page(server: FastAPI, manifest: Manifest = NO_TRAINER) -> Dash:
    """A Dash app on `server`, at `/`, and the modules of its browser's half."""
    server.mount(PATH, Modules(), name="browser")  # before Dash, which answers all other paths
    app = DashWithoutTable(
        "heimdall_dash",
        server=server,  # type: ignore[arg-type]  # dash 4.4's types know no FastAPI
        assets_folder=str(ASSETS),
        title=texts.APP,
        update_title="",
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
        serve_locally=True,
    )
    # Dash opens a socket of its own on FastAPI although no callback uses one (dash 4.4); that is
    # one idle connection per tab, and one more line in the console for each lost link.
    app.backend.websocket_capability = False
    app.index_string = INDEX.replace(
        "<!-- modules -->", preloads(app.config.requests_pathname_prefix)
    )
    app.layout = layout(manifest)
    add_callbacks(app, manifest.charts)
    return app


def layout(manifest: Manifest) -> Component:
    page: Component = dmc.MantineProvider(
        [
            dcc.Store(id=ids.PAGE_CONFIG, data=page_config(manifest)),
            socket(),
            html.A(texts.SKIP, href="#content", className="skip-link"),
            dmc.Tabs(
                [
                    header(),
                    html.Div(id=ids.BANNERS, className="banners", role="status"),
                    html.Main(
                        [
                            dmc.TabsPanel(jobs_tab(manifest), value="jobs"),
                            dmc.TabsPanel(metrics_tab(manifest.charts), value="metrics"),
                            dmc.TabsPanel(compare_tab(), value="compare"),
                        ],
                        id="content",
                        tabIndex="-1",
                    ),
                ],
                id=ids.TABS,
                value="metrics",
                keepMounted=True,
            ),
        ],
        theme=theme.MANTINE,
        defaultColorScheme="auto",
    )
    return page


def page_config(manifest: Manifest = NO_TRAINER) -> dict[str, Any]:
    """What the browser's scripts are told once: specifications, colours, texts, rules."""
    card = manifest.card
    return {
        "charts": [asdict(chart) for chart in manifest.charts],
        "key_figures": [asdict(figure) for figure in manifest.key_figures],
        "metrics": {name: asdict(known) for name, known in manifest.known_metrics.items()},
        "directions": dict(manifest.directions),
        "card": None if card is None else asdict(card),
        "compare": COMPARE.id,
        "colors": theme.PLOT,
        "font": theme.MANTINE["fontFamily"],
        "texts": _texts(manifest),
        "status": texts.STATUS,
        "final": sorted(FINAL),
        "legal": {action: sorted(statuses) for action, statuses in LEGAL.items()},
        "form": {
            "first": list(manifest.first_fields),
            "hidden": sorted(manifest.hidden_fields | manifest.local_fields),
        },
        "fields": {"job_name": texts.FIELD_NAME, **manifest.labels},
        "api": "/api/v1/training",
        "socket": "/ws/training",
    }


def _texts(manifest: Manifest) -> dict[str, Any]:
    return {**texts.BROWSER, "units": texts.UNITS, **manifest.texts}
