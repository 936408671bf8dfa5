"""Several jobs on one chart, and what differs between their configurations."""

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from heimdall_dash.charts import Chart
from heimdall_dash.ui import ids, texts
from heimdall_dash.ui.chart_card import chart_card
from heimdall_dash.ui.controls import attributes, segmented

COMPARE = Chart(ids.COMPARE_CHART, "Comparison", "Value", "", ())


def compare_tab() -> Component:
    return html.Div(
        [
            html.Div(
                [
                    dmc.MultiSelect(
                        id=ids.COMPARE_SELECT,
                        label=texts.COMPARE_SELECT_LABEL,
                        placeholder=texts.COMPARE_SELECT_PLACEHOLDER,
                        nothingFoundMessage=texts.NOTHING_FOUND,
                        data=[],
                        value=[],
                        searchable=True,
                        clearable=True,
                        maxValues=12,
                        className="grow",
                    ),
                    dmc.Select(
                        id=ids.COMPARE_METRIC,
                        label=texts.COMPARE_METRIC_LABEL,
                        data=["val_loss"],
                        value="val_loss",
                        searchable=True,
                        allowDeselect=False,
                        nothingFoundMessage=texts.NOTHING_FOUND,
                    ),
                    segmented(
                        ids.COMPARE_X, texts.COMPARE_X_LABEL, texts.COMPARE_X_CHOICES, "epoch"
                    ),
                ],
                className="toolbar",
            ),
            html.Div(chart_card(COMPARE), className="compare-chart-box"),
            html.Section(
                id=ids.COMPARE_TABLE,
                className="card table-card",
                tabIndex="0",
                **attributes(aria_label=texts.COMPARE_TABLE_TITLE),
            ),
        ],
        className="tab-body",
    )
