"""The comparison's card: toolbar, plot, and the line of notes under it. Those of a job's charts are
made in the browser, when its metrics come (browser/charts/card.js)."""

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from heimdall_dash.charts import Chart
from heimdall_dash.ui import ids, texts
from heimdall_dash.ui.controls import attributes


def chart_card(chart: Chart) -> Component:
    """The browser draws into the element whose id is the chart's; buttons carry `data-do`."""
    return html.Section(
        [
            html.Div(
                [
                    dmc.SegmentedControl(
                        id=ids.scale(chart.id),
                        data=[{"value": v, "label": label} for v, label in texts.SCALE_CHOICES],
                        value=chart.scale,
                        size="xs",
                        **attributes(aria_label=texts.SCALE_LABEL.format(title=chart.title)),
                    ),
                    html.Div(className="chart-buttons", **attributes(data_buttons=chart.id)),
                ],
                className="chart-tools",
            ),
            html.Div(id=chart.id, className="chart", tabIndex="0", role="group"),
            html.P(className="chart-note", **attributes(data_note=chart.id, aria_live="off")),
        ],
        className="card chart-card",
        **attributes(aria_label=chart.title, data_chart=chart.id),
    )
