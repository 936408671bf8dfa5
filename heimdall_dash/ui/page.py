"""The whole page on a given server: layout, styles, clientside callbacks. It has no data of its
own: the browser fetches it by REST and WebSocket."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import dash_mantine_components as dmc
from dash import Dash, html
from dash.development.base_component import Component
from fastapi import FastAPI

from heimdall_dash.manifest import NO_TRAINER, Manifest
from heimdall_dash.records import FINAL, LEGAL, MOST_RUNS
from heimdall_dash.ui import diagram_texts, ids, texts, theme
from heimdall_dash.ui.alert_rules import Rules, add_rule_callbacks, rules_dialog
from heimdall_dash.ui.callback_door import close_dash
from heimdall_dash.ui.callbacks import add_callbacks
from heimdall_dash.ui.confirm import confirm_dialog
from heimdall_dash.ui.create_callback import Attempt, add_create_callbacks
from heimdall_dash.ui.header import header
from heimdall_dash.ui.jobs_tab import jobs_tab
from heimdall_dash.ui.metrics_tab import metrics_tab
from heimdall_dash.ui.modules import PATH, Modules, preloads
from heimdall_dash.ui.sockets import socket
from heimdall_dash.ui.value import Value
from heimdall_dash.ui.views import add_view_callbacks

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


# The page has no `dash_table`, and Dash loads its script always (dash 4.4).
NEVER = re.compile(r'<script src="[^"]*/dash_table/bundle[^"]*"></script>')
# Dash would load these always, too: 1.9 MB, 500 kB of them compressed. The browser's half loads
# them when they are first needed (browser/runs/later.js): the grid for the tab Jobs, dcc,
# and the polyfill whose generators dcc's own loading goes by, for the first note in Markdown.
LATER = {
    "grid": re.compile(r'<script src="([^"]*/dash_ag_grid[./][^"]*)"></script>'),
    "markdown": re.compile(r'<script src="([^"]*/dash/(?:deps/polyfill|dcc/)[^"]*)"></script>'),
}


class LeanDash(Dash):
    """Loads what the page needs at once, and no other of Dash's scripts."""

    def interpolate_index(self, *args: Any, **parts: Any) -> str:
        scripts = NEVER.sub("", parts["scripts"])
        for what, script in LATER.items():
            scripts = script.sub(
                rf'<script type="text/plain" data-later="{what}" data-src="\1"></script>', scripts
            )
        parts["scripts"] = scripts
        return str(super().interpolate_index(*args, **parts))  # type: ignore[no-untyped-call]


def build_page(
    server: FastAPI, manifest: Manifest, attempt: Attempt, rules: Rules, prefix: str = "/"
) -> Dash:
    """A Dash app on `server`, at `/`, and the modules of its browser's half.

    attempt: makes a job of what was typed into the form
    rules: whom alerts are told, and when
    prefix: path under which browsers see the page, with a slash at its end
    """
    server.mount(PATH, Modules(), name="browser")  # before Dash, which answers all other paths
    app = LeanDash(
        "heimdall_dash",
        server=server,  # type: ignore[arg-type]  # dash 4.4's types know no FastAPI
        assets_folder=str(ASSETS),
        title=texts.APP,
        update_title="",
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
        serve_locally=True,
        routes_pathname_prefix="/",
        requests_pathname_prefix=prefix,
    )
    # Dash opens a socket of its own on FastAPI although no callback uses one (dash 4.4); that is
    # one idle connection per tab, and one more line in the console for each lost link.
    app.backend.websocket_capability = False
    app.index_string = INDEX.replace(
        "<!-- modules -->", preloads(app.config.requests_pathname_prefix)
    )
    app.layout = layout(manifest, prefix, rules.receivers)
    close_dash(app, server)
    add_callbacks(app)
    add_create_callbacks(app, manifest, attempt)
    add_view_callbacks(app)
    add_rule_callbacks(app, rules)
    return app


def layout(manifest: Manifest, prefix: str = "/", receivers: Sequence[str] = ()) -> Component:
    page: Component = dmc.MantineProvider(
        [
            Value(id=ids.PAGE_CONFIG, data=page_config(manifest, prefix)),
            socket(),
            rules_dialog(receivers),
            confirm_dialog(),
            dmc.NotificationContainer(id=ids.NOTICES, position="bottom-right", autoClose=8000),
            html.A(texts.SKIP, href="#content", className="skip-link"),
            dmc.Tabs(
                [
                    header(prefix),
                    html.Div(id=ids.BANNERS, className="banners", role="status"),
                    html.Main(
                        [
                            dmc.TabsPanel(jobs_tab(manifest), value="jobs"),
                            dmc.TabsPanel(metrics_tab(), value="metrics"),
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


def page_config(manifest: Manifest = NO_TRAINER, prefix: str = "/") -> dict[str, Any]:
    """What the browser's scripts are told once: specifications, colours, texts, rules."""
    card = manifest.card
    return {
        "charts": [asdict(chart) for chart in manifest.charts],
        "key_figures": [asdict(figure) for figure in manifest.key_figures],
        "metrics": {name: asdict(known) for name, known in manifest.known_metrics.items()},
        "directions": dict(manifest.directions),
        "card": None if card is None else asdict(card),
        "most_runs": MOST_RUNS,
        "colors": theme.PLOT,
        "font": theme.MANTINE["fontFamily"],
        "texts": _texts(manifest),
        "status": texts.STATUS,
        "final": sorted(FINAL),
        "legal": {action: sorted(statuses) for action, statuses in LEGAL.items()},
        "api": f"{prefix}api/v1/training",
        "socket": f"{prefix}ws/training",
    }


def _texts(manifest: Manifest) -> dict[str, Any]:
    return {**texts.BROWSER, **diagram_texts.TEXTS, "units": texts.UNITS, **manifest.texts}
