"""One chart's card: toolbar, plot, and the line of notes under it."""

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from heimdall_dash.charts import Chart
from heimdall_dash.ui import ids, texts
from heimdall_dash.ui.controls import attributes


def chart_card(chart: Chart, extra: Component | None = None) -> Component:
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
            *([extra] if extra is not None else []),
            html.P(className="chart-note", **attributes(data_note=chart.id, aria_live="off")),
        ],
        className="card chart-card",
        **attributes(aria_label=chart.title, data_chart=chart.id),
    )
