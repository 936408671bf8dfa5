"""Controls that several parts of the page share: a labelled row of choices."""

from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component


def choices(pairs: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"value": value, "label": label} for value, label in pairs]


def segmented(control_id: str, label: str, pairs: list[tuple[str, str]], value: str) -> Component:
    """One choice out of a few, all visible."""
    return labelled(
        label,
        dmc.SegmentedControl(
            id=control_id,
            data=choices(pairs),
            value=value,
            size="xs",
            **attributes(aria_label=label),
        ),
    )


def attributes(**values: str) -> dict[str, Any]:
    """HTML attributes whose names are no Python names: `aria_label` becomes `aria-label`."""
    return {name.replace("_", "-"): value for name, value in values.items()}


def labelled(label: str, control: Any) -> Component:
    return html.Div([html.Span(label, className="control-label"), control], className="control")
