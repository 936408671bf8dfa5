"""Several runs on the same charts: which ones, how grouped, and what they say at one epoch."""

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from heimdall_dash.ui import ids, texts
from heimdall_dash.ui.controls import attributes, labelled, segmented


def runs_on_charts() -> Component:
    """The browser writes one entry per run; the select adds and takes away, and shows no pills:
    the entries beside it say what is chosen."""
    return html.Div(
        [
            dmc.MultiSelect(
                id=ids.RUN_ADD,
                placeholder=texts.RUN_ADD_PLACEHOLDER,
                nothingFoundMessage=texts.NOTHING_FOUND,
                data=[],
                value=[],
                searchable=True,
                clearable=False,
                hidePickedOptions=False,
                maxDropdownHeight=360,
                className="run-add",
                **attributes(aria_label=texts.RUN_ADD_LABEL),
            ),
            html.Ul(
                id=ids.RUN_PICKS,
                className="run-picks",
                **attributes(aria_label=texts.RUN_PICKS_LABEL),
            ),
            html.P(id="run-picks-note", className="run-picks-note", role="status", hidden=True),
        ],
        className="runs-row",
    )


def grouping() -> Component:
    """Shown with several runs."""
    by = dmc.Select(
        id=ids.GROUP_BY,
        data=[{"value": "none", "label": texts.GROUP_BY_NONE}],
        value="none",
        searchable=True,
        allowDeselect=False,
        nothingFoundMessage=texts.NOTHING_FOUND,
        size="xs",
        w=170,
        **attributes(aria_label=texts.GROUP_BY_LABEL),
    )
    band = segmented(ids.GROUP_BAND, texts.GROUP_BAND_LABEL, texts.GROUP_BAND_CHOICES, "range")
    return html.Div(
        [
            labelled(texts.GROUP_BY_LABEL, by),
            band,
            html.Ul(
                id="group-key",
                className="run-picks group-key",
                hidden=True,
                **attributes(aria_label=texts.GROUP_KEY_LABEL),
            ),
        ],
        id="grouping",
        className="grouping",
        hidden=True,
    )


def go_to_epoch() -> Component:
    field: Component = dmc.NumberInput(
        id=ids.GOTO_EPOCH,
        label=texts.GOTO_LABEL,
        value="",
        min=0,
        allowDecimal=False,
        hideControls=True,
        size="xs",
        w=110,
        debounce=400,
    )
    return field


def readout() -> Component:
    """Fixed to the window's edge that is away from the pointer; the browser writes it."""
    return html.Section(
        id=ids.EPOCH_READOUT,
        className="epoch-readout",
        hidden=True,
        tabIndex="0",
        **attributes(aria_label=texts.READOUT_LABEL, aria_live="off"),
    )
