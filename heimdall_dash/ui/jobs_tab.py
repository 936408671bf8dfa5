"""All jobs: search, filter, order, the form for a new one and the cards."""

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from heimdall_dash.manifest import Manifest
from heimdall_dash.ui import ids, texts
from heimdall_dash.ui.controls import choices
from heimdall_dash.ui.create_form import create_form
from heimdall_dash.ui.runs_table import runs_section

CARD_ORDER = "p68"  # its name in links that people have kept


def jobs_tab(manifest: Manifest) -> Component:
    return html.Div(
        [
            create_form(manifest),
            html.Div(
                [
                    dmc.TextInput(
                        id=ids.JOBS_SEARCH,
                        label=texts.JOBS_SEARCH_LABEL,
                        placeholder=texts.JOBS_SEARCH_PLACEHOLDER,
                        value="",
                        className="grow",
                    ),
                    dmc.MultiSelect(
                        id=ids.JOBS_STATUS,
                        label=texts.JOBS_STATUS_LABEL,
                        placeholder=texts.JOBS_STATUS_PLACEHOLDER,
                        data=choices(list(texts.STATUS.items())),
                        value=[],
                        clearable=True,
                        className="grow",
                    ),
                    dmc.Select(
                        id=ids.JOBS_SORT,
                        label=texts.JOBS_SORT_LABEL,
                        data=choices(_orders(manifest)),
                        value="status",
                        allowDeselect=False,
                    ),
                ],
                className="toolbar",
            ),
            html.Div(id=ids.JOBS_LIST, className="jobs-list"),
            runs_section(),
        ],
        className="tab-body",
    )


def _orders(manifest: Manifest) -> list[tuple[str, str]]:
    """With one by the metric that the cards show, where there is one."""
    if manifest.card is None:
        return texts.JOBS_SORT_CHOICES
    return [*texts.JOBS_SORT_CHOICES, (CARD_ORDER, manifest.card.order_label)]
