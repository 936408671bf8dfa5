"""Clientside callbacks, all of them thin: they hand a changed property to the page's scripts."""

from dash import ClientsideFunction, Dash, Input

from heimdall_dash.ui import ids
from heimdall_dash.ui.runs_table import add_runs_table

NAMESPACE = "heimdall"

CONTROLS: list[tuple[str, str]] = [
    (ids.TABS, "value"),
    (ids.JOB_SELECT, "value"),
    (ids.SMOOTHING, "value"),
    (ids.X_AXIS, "value"),
    (ids.UPDATE_RATE, "value"),
    (ids.SCALE_ALL, "value"),
    (ids.LINKED_ZOOM, "checked"),
    (ids.NOTIFY, "checked"),
    (ids.ALERT_RULES, "n_clicks"),
    (ids.RELIABILITY_EPOCH, "value"),
    (ids.VIEWS, "value"),
    (ids.VIEW_SAVE, "n_clicks"),
    (ids.VIEW_SAVE_AS, "n_clicks"),
    (ids.VIEW_LINK, "n_clicks"),
    (ids.VIEW_HIDDEN, "n_clicks"),
    (ids.VIEW_RESET, "n_clicks"),
    (ids.VIEW_DELETE, "n_clicks"),
    (ids.VIEW_STORE, "n_clicks"),
    (ids.VIEW_NAME, "value"),
    (ids.NEW_CHART, "n_clicks"),
    (ids.NEW_CHART_MADE, "data"),
    (ids.CHART_SEARCH, "value"),
    (ids.CONFIRM_YES, "n_clicks"),
    (ids.CONFIRM_NO, "n_clicks"),
    (ids.CONFIRM_DIALOG, "opened"),
    (ids.JOBS_SEARCH, "value"),
    (ids.JOBS_STATUS, "value"),
    (ids.JOBS_SORT, "value"),
    (ids.RUN_ADD, "value"),
    (ids.GROUP_BY, "value"),
    (ids.GROUP_BAND, "value"),
    (ids.GOTO_EPOCH, "value"),
    (ids.RUNS_COLUMNS, "value"),
    (ids.RUNS_DIFFER, "checked"),
    (ids.RUNS_HIDDEN, "checked"),
    (ids.JOB_RENAME, "value"),
    (ids.JOB_TAGS, "value"),
    (ids.JOB_GROUP, "value"),
    (ids.JOB_NOTES, "value"),
]


def add_callbacks(app: Dash) -> None:
    add_runs_table(app)
    app.clientside_callback(ClientsideFunction(NAMESPACE, "start"), Input(ids.PAGE_CONFIG, "data"))
    for prop in ("message", "state"):
        app.clientside_callback(
            ClientsideFunction(NAMESPACE, f"socket{prop.capitalize()}"),
            Input(ids.SOCKET, prop),
            prevent_initial_call=True,
        )
    for control, prop in CONTROLS:
        app.clientside_callback(
            ClientsideFunction(NAMESPACE, "control"),
            Input(control, prop),
            prevent_initial_call=True,
        )
