"""One job: who it is and how it goes, the controls for reading, and its charts."""

from collections.abc import Iterable

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from heimdall_dash.charts import Chart
from heimdall_dash.ui import ids, texts
from heimdall_dash.ui.chart_card import chart_card
from heimdall_dash.ui.controls import attributes, labelled, segmented
from heimdall_dash.ui.organise import organise


def metrics_tab(charts: Iterable[Chart]) -> Component:
    return html.Div(
        [
            _job_bar(),
            html.Ul(
                id=ids.KEY_FIGURES,
                className="key-figures",
                **attributes(aria_label=texts.KEY_FIGURES_LABEL),
            ),
            html.Div(id="alerts", className="alerts", role="status"),
            _reading_bar(),
            html.H2(texts.CHARTS_TITLE, className="visually-hidden"),
            html.Div(
                [chart_card(chart, _extra(chart)) for chart in charts],
                id=ids.CHARTS,
                className="charts",
            ),
            html.Div(id=ids.OTHER_CHARTS),
            html.Section(
                [html.P(line) for line in texts.ZOOM_HELP],
                className="help",
                **attributes(aria_label=texts.HELP_TITLE),
            ),
        ],
        className="tab-body metrics-body",
    )


def _job_bar() -> Component:
    return html.Section(
        [
            html.Div(
                [
                    dmc.Select(
                        id=ids.JOB_SELECT,
                        label=texts.JOB_SELECT_LABEL,
                        placeholder=texts.JOB_SELECT_PLACEHOLDER,
                        nothingFoundMessage=texts.NOTHING_FOUND,
                        data=[],
                        searchable=True,
                        allowDeselect=False,
                        maxDropdownHeight=360,
                        className="job-select",
                    ),
                    html.Div(
                        [
                            html.Span(id=ids.JOB_STATUS, className="status"),
                            html.Span(
                                id=ids.CONNECTION_BADGE,
                                className="badge",
                                hidden=True,
                                role="status",
                            ),
                            html.Span(id=ids.DATA_AGE, className="data-age"),
                        ],
                        className="badges",
                    ),
                    html.Div(className="job-actions", id="job-actions"),
                    html.Div(
                        [
                            html.A("CSV", id=ids.EXPORT_CSV, className="button", download=""),
                            html.A("JSON", id=ids.EXPORT_JSON, className="button", download=""),
                        ],
                        className="exports",
                        role="group",
                        **attributes(aria_label=texts.EXPORT_LABEL),
                    ),
                ],
                className="job-row",
            ),
            html.Div(
                id=ids.JOB_PROGRESS,
                className="progress-row",
                role="progressbar",
                **attributes(aria_label=texts.PROGRESS_LABEL),
            ),
            html.Details(
                [
                    html.Summary(texts.FACTS_TITLE),
                    html.Div(id=ids.JOB_FACTS, className="facts"),
                ],
                className="facts-details",
            ),
            organise(),
        ],
        className="card job-bar",
        **attributes(aria_label=texts.JOB_SELECT_LABEL),
    )


def _reading_bar() -> Component:
    return html.Section(
        [
            labelled(
                texts.SMOOTHING_LABEL,
                dmc.Slider(
                    id=ids.SMOOTHING,
                    value=0,
                    min=0,
                    max=0.99,
                    step=0.01,
                    size="sm",
                    updatemode="drag",
                    thumbLabel=texts.SMOOTHING_LABEL,
                    className="slider",
                ),
            ),
            segmented(ids.X_AXIS, texts.X_AXIS_LABEL, texts.X_AXIS_CHOICES, "epoch"),
            segmented(ids.UPDATE_RATE, texts.RATE_LABEL, texts.RATE_CHOICES, "live"),
            segmented(ids.SCALE_ALL, texts.SCALE_ALL_LABEL, texts.SCALE_ALL_CHOICES, "default"),
            html.Div(id=ids.CHART_FILTER, className="control find"),
            dmc.Checkbox(id=ids.LINKED_ZOOM, label=texts.LINKED_LABEL, checked=False, radius="sm"),
            dmc.Checkbox(id=ids.NOTIFY, label=texts.NOTIFY_LABEL, checked=False, radius="sm"),
        ],
        className="reading-bar",
        **attributes(aria_label=texts.VIEW_LABEL),
    )


def _extra(chart: Chart) -> Component | None:
    """What only a reliability diagram has: the epoch that is laid beside the newest."""
    if chart.kind != "reliability":
        return None
    return labelled(
        texts.RELIABILITY_LABEL,
        dmc.Slider(
            id=ids.RELIABILITY_EPOCH,
            value=0,
            min=0,
            max=1,
            step=1,
            size="sm",
            updatemode="drag",
            thumbLabel=texts.RELIABILITY_LABEL,
            className="slider",
        ),
    )
