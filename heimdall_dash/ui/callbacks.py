"""Clientside callbacks, all of them thin: they hand a changed property to the page's scripts."""

from collections.abc import Iterable

from dash import ClientsideFunction, Dash, Input

from heimdall_dash.charts import Chart
from heimdall_dash.ui import ids
from heimdall_dash.ui.compare_tab import COMPARE

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
    (ids.RELIABILITY_EPOCH, "value"),
    (ids.JOBS_SEARCH, "value"),
    (ids.JOBS_STATUS, "value"),
    (ids.JOBS_SORT, "value"),
    (ids.COMPARE_SELECT, "value"),
    (ids.COMPARE_METRIC, "value"),
    (ids.COMPARE_X, "value"),
]


def add_callbacks(app: Dash, charts: Iterable[Chart]) -> None:
    """charts: those whose cards stand on the page from the beginning."""
    app.clientside_callback(ClientsideFunction(NAMESPACE, "start"), Input(ids.PAGE_CONFIG, "data"))
    for prop in ("message", "state"):
        app.clientside_callback(
            ClientsideFunction(NAMESPACE, f"socket{prop.capitalize()}"),
            Input(ids.SOCKET, prop),
            prevent_initial_call=True,
        )
    scales = ((ids.scale(chart.id), "value") for chart in (*charts, COMPARE))
    for control, prop in (*CONTROLS, *scales):
        app.clientside_callback(
            ClientsideFunction(NAMESPACE, "control"),
            Input(control, prop),
            prevent_initial_call=True,
        )
