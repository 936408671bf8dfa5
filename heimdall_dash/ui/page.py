"""The whole page on a given server: layout, styles, clientside callbacks. It has no data of its
own: the browser fetches it by REST and WebSocket."""

from pathlib import Path

import dash_mantine_components as dmc
from dash import Dash, dcc, html
from dash.development.base_component import Component
from fastapi import FastAPI

from heimdall_dash.ui import ids, texts, theme
from heimdall_dash.ui.callbacks import add_callbacks
from heimdall_dash.ui.charts import COMPARE, charts_json
from heimdall_dash.ui.compare_tab import compare_tab
from heimdall_dash.ui.header import header
from heimdall_dash.ui.jobs_tab import jobs_tab
from heimdall_dash.ui.key_figures import key_figures_json
from heimdall_dash.ui.metrics_tab import metrics_tab
from heimdall_dash.ui.other_metrics import known_metrics_json
from heimdall_dash.ui.sockets import sockets

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
  </body>
</html>
"""

ASSETS = Path(__file__).resolve().parent.parent / "assets"


def build_page(server: FastAPI) -> Dash:
    """A Dash app on `server`, at `/`."""
    app = Dash(
        "heimdall_dash",
        server=server,  # type: ignore[arg-type]  # dash 4.4's types know no FastAPI
        assets_folder=str(ASSETS),
        title=texts.APP,
        update_title="",
        index_string=INDEX,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
        serve_locally=True,
    )
    # Dash opens a socket of its own on FastAPI although no callback uses one (dash 4.4); that is
    # one idle connection per tab, and one more line in the console for each lost link.
    app.backend.websocket_capability = False
    app.layout = layout()
    add_callbacks(app)
    return app


def layout() -> Component:
    return dmc.MantineProvider(
        [
            dcc.Store(id=ids.PAGE_CONFIG, data=page_config()),
            *sockets(),
            html.A(texts.SKIP, href="#content", className="skip-link"),
            dmc.Tabs(
                [
                    header(),
                    html.Div(id=ids.BANNERS, className="banners", role="status"),
                    html.Main(
                        [
                            dmc.TabsPanel(jobs_tab(), value="jobs"),
                            dmc.TabsPanel(metrics_tab(), value="metrics"),
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


def page_config() -> dict[str, object]:
    """What the browser's scripts are told once: chart specifications, colours, texts."""
    return {
        "charts": charts_json(),
        "key_figures": key_figures_json(),
        "metrics": known_metrics_json(),
        "compare": COMPARE.id,
        "colors": theme.PLOT,
        "font": theme.MANTINE["fontFamily"],
        "texts": texts.BROWSER | {"units": texts.UNITS},
        "status": texts.STATUS,
        "fields": texts.FIELDS,
        "api": "/api/v1/training",
        "socket": "/ws/training",
    }
