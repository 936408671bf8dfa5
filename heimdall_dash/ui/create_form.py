"""The form for a new job, made from the schema of the trainer that will run it."""

from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from heimdall_dash.manifest import Manifest
from heimdall_dash.ui import ids, texts
from heimdall_dash.ui.form_fields import FormField, field_of, input_of
from heimdall_dash.ui.value import Value

NAME = "job_name"
OPEN, MORE = "form", "more"  # values of the accordions' only item


def form_fields(manifest: Manifest) -> list[FormField]:
    """Those that stand unfolded first, in the manifest's order; no field without a trainer."""
    schema: dict[str, Any] = manifest.config_schema()
    fields = {
        name: field_of(name, part, schema.get("$defs", {}), manifest.labels.get(name, name))
        for name, part in schema["properties"].items()
        if name not in manifest.hidden_fields
    }
    first = [fields.pop(name) for name in manifest.first_fields if name in fields]
    return [*first, *fields.values()]


def create_form(manifest: Manifest) -> Component:
    """Without a trainer a line says why nothing can be queued here."""
    if manifest.config is None:
        return html.P(texts.FORM_NO_TRAINER, id=ids.CREATE_JOB, className="form-absent")
    return html.Div(
        [
            Value(id=ids.CREATED_JOB),
            _folded(
                ids.CREATE_OPEN,
                OPEN,
                texts.CREATE_TITLE,
                html.Div(_inside(manifest), id=ids.CREATE_JOB),
            ),
        ],
        className="create-job",
    )


def _inside(manifest: Manifest) -> list[Component]:
    fields = form_fields(manifest)
    unset = str(manifest.texts.get("form_by_scenario", texts.FORM_UNSET))
    inputs = [input_of(field, unset) for field in fields]
    shown = sum(field.name in manifest.first_fields for field in fields)
    name = dmc.TextInput(
        id=ids.new_job(NAME), label=texts.FIELD_NAME, description=texts.FORM_NAME_HELP, value=""
    )
    return [
        html.Div([name, *inputs[:shown]], className="form-grid"),
        _folded(
            ids.CREATE_MORE,
            MORE,
            texts.FORM_MORE,
            html.Div(inputs[shown:], className="form-grid"),
        ),
        html.Div(
            [
                dmc.Button(texts.FORM_SUBMIT, id=ids.CREATE_SUBMIT),
                html.P(id=ids.CREATE_MESSAGE, className="form-message", role="status"),
            ],
            className="form-end",
        ),
    ]


def _folded(accordion_id: str, value: str, title: str, inside: Component) -> Component:
    item = dmc.AccordionItem(
        [dmc.AccordionControl(title), dmc.AccordionPanel(inside)],
        value=value,
    )
    made: Component = dmc.Accordion([item], id=accordion_id, value=None, variant="contained")
    return made
