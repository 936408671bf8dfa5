"""The bar on top: name, tabs, theme."""

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from heimdall_dash.ui import ids, texts
from heimdall_dash.ui.controls import attributes


def header(prefix: str = "/") -> Component:
    """prefix: path of the page, with a slash at its end."""
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
            html.Div(className="who who-header", **attributes(aria_hidden="true")),
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
            html.Form(  # shown where there is a token
                html.Button(texts.LOG_OUT, type="submit", className="log-out"),
                id=ids.LOG_OUT,
                action=f"{prefix}logout",
                method="POST",
            ),
        ],
        className="app-header",
    )
