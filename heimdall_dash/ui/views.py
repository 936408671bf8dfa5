"""Saved views and charts of one's own: the controls and dialogs, and what a new chart must be.

The arrangement itself is the browser's (browser/charts/arrangement.js), which keeps it by REST
(browser/page/views.js). Here is what waits for a click.
"""

from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, html, no_update
from dash.development.base_component import Component

from heimdall_dash.errors import InvalidMetric
from heimdall_dash.own_charts import checked_charts
from heimdall_dash.ui import ids, texts
from heimdall_dash.ui.controls import attributes, choices, labelled
from heimdall_dash.ui.value import Value

MOST_OFFERED = 60  # metrics in the list at once; typing narrows it


def views_bar() -> list[Component]:
    """The saved views, what can be done with them, and the button for a chart of one's own."""
    return [
        labelled(
            texts.VIEWS_LABEL,
            html.Div(
                [
                    dmc.Select(
                        id=ids.VIEWS,
                        data=[{"value": "", "label": texts.VIEW_DEFAULT}],
                        value="",
                        allowDeselect=False,
                        searchable=True,
                        nothingFoundMessage=texts.NOTHING_FOUND,
                        size="xs",
                        w=150,
                        **attributes(aria_label=texts.VIEWS_LABEL),
                    ),
                    _menu(),
                    dmc.Button(texts.NEW_CHART, id=ids.NEW_CHART, size="xs", variant="default"),
                ],
                className="views-row",
            ),
        ),
    ]


def _menu() -> Component:
    entries = [
        (ids.VIEW_SAVE, texts.VIEW_SAVE),
        (ids.VIEW_SAVE_AS, texts.VIEW_SAVE_AS),
        (ids.VIEW_LINK, texts.VIEW_LINK),
        (ids.VIEW_HIDDEN, texts.VIEW_HIDDEN),
        (ids.VIEW_RESET, texts.VIEW_RESET),
        (ids.VIEW_DELETE, texts.VIEW_DELETE),
    ]
    # not dmc.Menu (2.8.1): the div that it wraps around its target has a button's attributes
    return html.Details(
        [
            html.Summary(
                texts.VIEW_MENU, id="view-menu", **attributes(aria_label=texts.VIEW_MENU_LABEL)
            ),
            html.Div(
                [html.Button(words, id=item, className="menu-item") for item, words in entries],
                className="card menu-list",
            ),
        ],
        className="menu",
    )


def view_dialogs() -> list[Component]:
    return [
        dmc.Modal(
            [
                dmc.TextInput(
                    id=ids.VIEW_NAME,
                    label=texts.VIEW_NAME_LABEL,
                    description=texts.VIEW_NAME_HELP,
                ),
                _dialog_end(ids.VIEW_STORE, texts.VIEW_STORE),
            ],
            id=ids.VIEW_DIALOG,
            title=texts.VIEW_SAVE_AS,
            keepMounted=True,
            closeButtonProps={"aria-label": texts.CLOSE},
        ),
        dmc.Modal(
            [
                dmc.TextInput(id=ids.NEW_CHART_TITLE, label=texts.NEW_CHART_TITLE),
                dmc.TagsInput(
                    id=ids.NEW_CHART_METRICS,
                    label=texts.NEW_CHART_METRICS,
                    description=texts.NEW_CHART_HELP,
                    data=[],
                    value=[],
                    limit=MOST_OFFERED,
                    splitChars=[],
                    maxDropdownHeight=240,
                    clearable=True,
                ),
                labelled(
                    texts.NEW_CHART_SCALE,
                    dmc.SegmentedControl(
                        id=ids.NEW_CHART_SCALE,
                        data=choices(texts.SCALE_CHOICES),
                        value="linear",
                        size="xs",
                        **attributes(aria_label=texts.NEW_CHART_SCALE),
                    ),
                ),
                _dialog_end(ids.NEW_CHART_MAKE, texts.NEW_CHART_MAKE),
            ],
            id=ids.NEW_CHART_DIALOG,
            title=texts.NEW_CHART,
            keepMounted=True,
            closeButtonProps={"aria-label": texts.CLOSE},
        ),
        Value(id=ids.NEW_CHART_MADE),
    ]


def _dialog_end(button_id: str, words: str) -> Component:
    button = html.Button(words, id=button_id, className="button primary")
    return html.Div(button, className="dialog-buttons")


def add_view_callbacks(app: Dash) -> None:
    @app.callback(
        Output(ids.NEW_CHART_MADE, "data"),
        Output(ids.NEW_CHART_METRICS, "error"),
        Output(ids.NEW_CHART_DIALOG, "opened"),
        Input(ids.NEW_CHART_MAKE, "n_clicks"),
        State(ids.NEW_CHART_TITLE, "value"),
        State(ids.NEW_CHART_METRICS, "value"),
        State(ids.NEW_CHART_SCALE, "value"),
        prevent_initial_call=True,
    )
    async def make_chart(
        clicks: int | None, title: str | None, metrics: list[str] | None, scale: str
    ) -> tuple[Any, ...]:
        return made_chart(title, metrics, scale)


def made_chart(title: str | None, metrics: list[str] | None, scale: str) -> tuple[Any, Any, Any]:
    """The chart, the reason why there is none, and whether the dialog stays open."""
    chosen = metrics or []
    named = (title or "").strip() or ", ".join(chosen)[:120]
    try:
        [chart] = checked_charts([{"title": named, "metrics": chosen, "scale": scale}])
    except InvalidMetric as error:
        return no_update, texts.NEW_CHART_NONE if not chosen else str(error), True
    return chart, None, False
