"""One question before a job is ended or deleted. The browser asks it (browser/runs/job_actions.js):
the buttons that lead here stand on cards that stream."""

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from heimdall_dash.ui import ids
from heimdall_dash.ui.controls import attributes


def confirm_dialog() -> Component:
    keep = html.Button(id=ids.CONFIRM_NO, className="button", **attributes(data_autofocus=""))
    go = html.Button(id=ids.CONFIRM_YES, className="button danger")
    dialog: Component = dmc.Modal(
        html.Div([keep, go], className="dialog-buttons"),
        id=ids.CONFIRM_DIALOG,
        withCloseButton=False,
        centered=True,
        keepMounted=True,
    )
    return dialog
