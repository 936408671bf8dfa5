"""The bar on top: name, tabs, theme."""

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from heimdall_dash.ui import ids, texts
from heimdall_dash.ui.controls import attributes


def header() -> Component:
    return html.Header(
        [
            html.Div(
                [
                    html.Span(className="logo", **attributes(aria_hidden="true")),
                    html.H1(texts.APP, className="brand"),
                    html.Span(texts.TAGLINE, className="tagline"),
                ],
                className="brand-row",
            ),
            dmc.TabsList(
                [
                    dmc.TabsTab(texts.TAB_JOBS, value="jobs"),
                    dmc.TabsTab(texts.TAB_METRICS, value="metrics"),
                ],
            ),
            dmc.ColorSchemeToggle(
                id=ids.THEME_TOGGLE,
                lightIcon=html.Span("☀", **attributes(aria_hidden="true")),
                darkIcon=html.Span("☾", **attributes(aria_hidden="true")),
                variant="default",
                size="lg",
                **attributes(aria_label=texts.THEME_LABEL),
            ),
        ],
        className="app-header",
    )
