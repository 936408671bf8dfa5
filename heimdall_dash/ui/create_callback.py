"""Submitting the form: checked on the server by what also checks `POST /jobs`; every wrong field is
marked at once, with what it allows."""

import asyncio
from collections.abc import Callable
from typing import Any

from dash import ALL, ClientsideFunction, Dash, Input, Output, State, html, no_update

from heimdall_dash.manifest import Manifest
from heimdall_dash.ui import ids, texts
from heimdall_dash.ui.create_form import MORE, NAME, form_fields
from heimdall_dash.ui.form_fields import FormField, typed

Attempt = Callable[[dict[str, Any]], tuple[str | None, list[dict[str, Any]]]]
"""Makes a job of a body as `POST /jobs` takes it: its id, or what is wrong as `{loc, msg}`."""

FIELDS, SWITCHES = ids.new_job(ALL), ids.new_job_switch(ALL)


def add_create_callbacks(app: Dash, manifest: Manifest, attempt: Attempt) -> None:
    if manifest.config is None:
        return
    fields = {field.name: field for field in form_fields(manifest)}

    @app.callback(
        Output(FIELDS, "error"),
        Output(SWITCHES, "error"),
        Output(ids.CREATE_MESSAGE, "children"),
        Output(ids.CREATE_MORE, "value"),
        Output(ids.CREATE_OPEN, "value"),
        Output(ids.CREATED_JOB, "data"),
        Output(ids.NOTICES, "sendNotifications"),
        Input(ids.CREATE_SUBMIT, "n_clicks"),
        Input(ids.new_job(NAME), "n_submit"),
        State(FIELDS, "id"),
        State(FIELDS, "value"),
        State(SWITCHES, "id"),
        State(SWITCHES, "checked"),
        State(ids.CREATE_MORE, "value"),
        running=[(Output(ids.CREATE_SUBMIT, "loading"), True, False)],
        prevent_initial_call=True,
    )
    async def submit(
        _clicks: Any, _entered: Any, names: Any, values: Any, switches: Any, states: Any, more: Any
    ) -> tuple[Any, ...]:
        given = {one["name"]: value for one, value in zip(names, values, strict=True)}
        given |= {one["name"]: value for one, value in zip(switches, states, strict=True)}
        job_id, problems = await asyncio.to_thread(attempt, _body(fields, given))
        errors, general = _errors(fields, problems)
        marks = [[errors.get(one["name"], "") for one in some] for some in (names, switches)]
        if job_id is None:
            message = " ".join([texts.FORM_INVALID if errors else "", *general]).strip()
            folded = set(errors) & set(fields) - set(manifest.first_fields)
            return *marks, message, MORE if folded else more, *[no_update] * 3
        return *marks, "", more, None, job_id, [_notice(job_id, str(given.get(NAME)).strip())]

    app.clientside_callback(
        ClientsideFunction("heimdall", "control"),
        Input(ids.CREATED_JOB, "data"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("heimdall", "focusWrong"),
        Input(FIELDS, "error"),
        prevent_initial_call=True,
    )


def _notice(job_id: str, name: str) -> dict[str, Any]:
    link = html.A(texts.FORM_OPEN, href=f"?tab=metrics&job={job_id}")
    message = html.Span([texts.FORM_SENT.format(job=name), " ", link])
    return {"action": "show", "id": f"created {job_id}", "message": message}


def _body(fields: dict[str, FormField], given: dict[str, Any]) -> dict[str, Any]:
    """Only what differs from its default is sent, so that defaults stay the server's."""
    config = {}
    for name, value in given.items():
        field = fields.get(name)
        meant = value if field is None else typed(field, value)
        if name != NAME and meant is not None and (field is None or meant != field.initial):
            config[name] = meant
    return {"job_name": given.get(NAME) or "", "config": config}


def _errors(
    fields: dict[str, FormField], problems: list[dict[str, Any]]
) -> tuple[dict[str, str], list[str]]:
    """A text for each wrong field, and what belongs to none."""
    errors: dict[str, str] = {}
    general = []
    for problem in problems:
        path = [part for part in problem["loc"] if part not in {"body", "config"}]
        name = str(path[0]) if path else ""
        if name == NAME or name in fields:
            errors[name] = " ".join(
                [*filter(None, [errors.get(name)]), _told(fields, name, problem)]
            )
        else:
            general.append(f"{name}: {problem['msg']}" if name else problem["msg"])
    return errors, general


def _told(fields: dict[str, FormField], name: str, problem: dict[str, Any]) -> str:
    """A fault with what the field allows, unless it is one of several fields together."""
    if name == NAME:
        is_missing = problem["type"] == "string_too_short"
        return texts.FORM_NAME_MISSING if is_missing else str(problem["msg"])
    allowed = fields[name].range
    if not allowed or problem["type"] == "impossible":
        return f"{problem['msg']}."
    return f"{problem['msg']}. {texts.FORM_ALLOWED.format(allowed=allowed)}."
