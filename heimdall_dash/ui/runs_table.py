"""The table of all runs on the tab Jobs. Its rows are the browser's modules' (runs/runs_table.js),
which also load the grid's script: 2 MB that nobody needs who only looks at charts."""

import dash_ag_grid as dag
import dash_mantine_components as dmc
from dash import Dash, Input, Output, html
from dash.development.base_component import Component

from heimdall_dash.ui import ids, texts
from heimdall_dash.ui.controls import attributes
from heimdall_dash.ui.value import Value

OPTIONS = {
    "rowSelection": {
        "mode": "multiRow",
        "selectAll": "filtered",
        "enableClickSelection": False,
    },
    "selectionColumnDef": {"pinned": "left"},
    "suppressFieldDotNotation": True,  # `config:model.depth` is a name, not a path
    "animateRows": False,
    "enableCellTextSelection": True,
    "ensureDomOrder": True,
    "pagination": True,
    "paginationPageSize": 100,
    "paginationPageSizeSelector": [25, 100, 1000],
}


def runs_section() -> Component:
    return html.Section(
        [
            html.H2(texts.RUNS_TITLE, className="runs-title"),
            html.Div(
                [
                    dmc.Checkbox(
                        id=ids.RUNS_DIFFER, label=texts.RUNS_DIFFER_LABEL, checked=True, radius="sm"
                    ),
                    dmc.Checkbox(
                        id=ids.RUNS_HIDDEN,
                        label=texts.RUNS_HIDDEN_LABEL,
                        checked=False,
                        radius="sm",
                    ),
                ],
                className="toolbar runs-toolbar",
            ),
            html.Details(
                [html.Summary(texts.RUNS_COLUMNS_LABEL), columns_choice()],
                id=ids.RUNS_COLUMNS_DETAILS,
            ),
            html.Div(id=ids.RUNS_ACTIONS, className="runs-actions"),
            Value(id=ids.RUNS_WANTED),
            html.Div(id=ids.RUNS_PLACE, className="runs-place"),
            html.Details(
                [html.Summary(texts.PARAMETERS_TITLE), html.Div(id=ids.PARAMETERS)],
                id=ids.PARAMETERS_DETAILS,
                className="card parameters-details",
            ),
        ],
        className="runs-section",
        **attributes(aria_label=texts.RUNS_TITLE),
    )


def columns_choice() -> Component:
    choice: Component = dmc.MultiSelect(
        id=ids.RUNS_COLUMNS,
        data=[],
        value=[],
        searchable=True,
        limit=100,
        hidePickedOptions=True,
        nothingFoundMessage=texts.NOTHING_FOUND,
        **attributes(aria_label=texts.RUNS_COLUMNS_LABEL),
    )
    return choice


def add_runs_table(app: Dash) -> None:
    @app.callback(
        Output(ids.RUNS_PLACE, "children"),
        Input(ids.RUNS_WANTED, "data"),
        prevent_initial_call=True,
    )
    async def runs_grid(_: object) -> Component:
        grid: Component = dag.AgGrid(
            id=ids.RUNS_TABLE,
            columnDefs=[],
            rowData=[],
            getRowId="params.data.id",
            dashGridOptions=OPTIONS,
            defaultColDef={"sortable": True, "resizable": True, "minWidth": 90},
            className="runs-grid",
            style={"height": "min(70vh, 640px)"},
        )
        return grid
