"""One job: who it is and how it goes, the controls for reading, and its charts."""

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from heimdall_dash.ui import ids, texts
from heimdall_dash.ui.controls import attributes, labelled, segmented
from heimdall_dash.ui.organise import organise
from heimdall_dash.ui.runs_on_charts import go_to_epoch, grouping, readout, runs_on_charts
from heimdall_dash.ui.views import view_dialogs, views_bar


def metrics_tab() -> Component:
    return html.Div(
        [
            _job_bar(),
            html.Ul(
                id=ids.KEY_FIGURES,
                className="key-figures",
                **attributes(aria_label=texts.KEY_FIGURES_LABEL),
            ),
            *view_dialogs(),
            html.Div(id="alerts", className="alerts", role="status"),
            _reading_bar(),
            html.P(id=ids.VIEW_SAID, className="view-said", role="status"),
            html.H2(texts.CHARTS_TITLE, className="visually-hidden"),
            html.Div(id=ids.CHARTS, className="charts"),  # the browser makes the cards
            html.Section(id=ids.PREDICTIONS, hidden=True),
            html.Div(id=ids.OTHER_CHARTS),
            readout(),
            html.Div(_extra(), id="charts-store", hidden=True),
            html.Section(
                [html.P(line) for line in texts.ZOOM_HELP],
                className="help",
                tabIndex="-1",
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
                        placeholder=texts.JOB_SELECT_PLACEHOLDER,
                        nothingFoundMessage=texts.NOTHING_FOUND,
                        data=[],
                        searchable=True,
                        allowDeselect=False,
                        maxDropdownHeight=360,
                        className="job-select",
                        **attributes(aria_label=texts.JOB_SELECT_LABEL),
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
            runs_on_charts(),
            grouping(),
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
    """What one reaches for while reading, and the rest of the view: in one row, in two where the
    window is narrow, and on a phone in a drawer (browser/page/drawer.js). Who is read stands in the
    page's header while the job's own is out of sight, on a phone in this bar."""
    return html.Section(
        [
            html.Div(className="who who-bar", **attributes(aria_hidden="true")),
            html.Div(
                [
                    html.Div(
                        [
                            _smoothing(),
                            segmented(
                                ids.X_AXIS, texts.X_AXIS_LABEL, texts.X_AXIS_CHOICES, "epoch"
                            ),
                            _find(),
                            go_to_epoch(),
                        ],
                        className="bar-part",
                    ),
                    html.Div(
                        [
                            segmented(
                                ids.UPDATE_RATE, texts.RATE_LABEL, texts.RATE_CHOICES, "live"
                            ),
                            *views_bar(),
                            _more_of_the_view(),
                        ],
                        className="bar-part bar-rest",
                        id="bar-rest",
                    ),
                ],
                className="bar-drawer",
                id="bar-drawer",
            ),
            html.Button(
                texts.DRAWER,
                id="bar-toggle",
                className="button small",
                **attributes(aria_expanded="false", aria_controls="bar-drawer"),
            ),
        ],
        id="reading-bar",
        className="reading-bar",
        **attributes(aria_label=texts.VIEW_LABEL),
    )


def _find() -> Component:
    return html.Div(
        [
            dmc.TextInput(
                id=ids.CHART_SEARCH,
                label=texts.FIND_LABEL,
                placeholder=texts.FIND_PLACEHOLDER,
                size="xs",
                w=170,
                value="",
            ),
            html.Span(className="muted find-count", role="status"),
        ],
        id=ids.CHART_FILTER,
        className="find",
    )


def _smoothing() -> Component:
    return html.Div(
        [
            html.Span(
                [texts.SMOOTHING_LABEL, " ", html.Span(id="smoothing-value")],
                className="control-label",
            ),
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
        ],
        className="control",
    )


def _more_of_the_view() -> Component:
    """What is set once."""
    return html.Details(
        [
            html.Summary(texts.MORE_VIEW, **attributes(aria_label=texts.MORE_VIEW_LABEL)),
            html.Div(
                [
                    segmented(
                        ids.SCALE_ALL, texts.SCALE_ALL_LABEL, texts.SCALE_ALL_CHOICES, "default"
                    ),
                    dmc.Checkbox(
                        id=ids.LINKED_ZOOM, label=texts.LINKED_LABEL, checked=False, radius="sm"
                    ),
                    dmc.Checkbox(
                        id=ids.NOTIFY, label=texts.NOTIFY_LABEL, checked=False, radius="sm"
                    ),
                    html.Button(texts.ALERT_RULES, id=ids.ALERT_RULES, className="button small"),
                ],
                className="card menu-list",
            ),
        ],
        className="menu",
        id="more-view",
    )


def _extra() -> Component:
    """What only a preset reliability diagram has: the epoch that is laid beside the newest. The
    browser puts it into the chart's card."""
    slider = dmc.Slider(
        id=ids.RELIABILITY_EPOCH,
        value=0,
        min=0,
        max=1,
        step=1,
        size="sm",
        updatemode="drag",
        thumbLabel=texts.RELIABILITY_LABEL,
        className="slider",
    )
    return html.Div(labelled(texts.RELIABILITY_LABEL, slider), id="reliability-extra")
