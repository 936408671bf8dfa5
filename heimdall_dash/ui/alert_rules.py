"""Rules of one's own, on the page: what there is, one more, one less. Looked at on the server, so
that nobody has to leave a page open."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, ctx, html, no_update
from dash.development.base_component import Component

from heimdall_dash.ui import ids, texts
from heimdall_dash.ui.controls import attributes, choices, labelled
from heimdall_dash.ui.value import Value

Problems = list[dict[str, Any]]
FIELDS = {
    "name": ids.RULE_NAME,
    "metric": ids.RULE_METRIC,
    "value": ids.RULE_VALUE,
    "for_epochs": ids.RULE_FOR,
}


@dataclass(frozen=True)
class Rules:
    """What the page can do with rules. Each may say why it was not done, as `{loc, msg}`."""

    known: Callable[[], tuple[Sequence[Mapping[str, Any]], Problems]]  # by name
    put: Callable[[dict[str, Any]], Problems]
    drop: Callable[[str], Problems]
    receivers: Sequence[str]  # who is told, without secrets


def rules_dialog(receivers: Sequence[str]) -> Component:
    told = (
        texts.RULES_TOLD.format(receivers=", ".join(receivers)) if receivers else texts.RULES_UNTOLD
    )
    dialog: Component = dmc.Modal(
        [
            html.P(f"{texts.RULES_HELP} {told}", className="help"),
            html.Ul(id=ids.RULES_LIST, className="rules"),
            html.Div(_fields(), className="rule-form"),
            html.P(id=ids.RULE_MESSAGE, className="form-message", role="status"),
            html.Div(
                dmc.Button(texts.RULE_ADD, id=ids.RULE_ADD),
                className="dialog-buttons",
            ),
            Value(id=ids.RULES_SCOPE),
        ],
        id=ids.RULES_DIALOG,
        title=texts.RULES_TITLE,
        keepMounted=True,
        size="lg",
        closeButtonProps={"aria-label": texts.CLOSE},
    )
    return dialog


def _fields() -> list[Component]:
    return [
        dmc.TextInput(id=ids.RULE_NAME, label=texts.RULE_NAME, value=""),
        dmc.Autocomplete(
            id=ids.RULE_METRIC,
            label=texts.RULE_METRIC,
            description=texts.RULE_METRIC_HELP,
            data=[],
            value="",
            limit=60,
            maxDropdownHeight=240,
        ),
        dmc.Select(
            id=ids.RULE_WHEN,
            label=texts.RULE_WHEN,
            data=choices(texts.RULE_WHEN_CHOICES),
            value="<",
            allowDeselect=False,
        ),
        dmc.NumberInput(id=ids.RULE_VALUE, label=texts.RULE_VALUE, value="", hideControls=True),
        dmc.NumberInput(id=ids.RULE_FOR, label=texts.RULE_FOR, value=1, min=1, allowDecimal=False),
        labelled(
            texts.RULE_OF,
            dmc.SegmentedControl(
                id=ids.RULE_OF,
                data=choices(texts.RULE_OF_CHOICES),
                value="job",
                size="xs",
                **attributes(aria_label=texts.RULE_OF),
            ),
        ),
    ]


def add_rule_callbacks(app: Dash, rules: Rules) -> None:
    @app.callback(
        Output(ids.RULES_LIST, "children"),
        Output(ids.RULE_MESSAGE, "children"),
        *(Output(field, "error") for field in FIELDS.values()),
        Output(ids.RULE_NAME, "value"),
        Input(ids.RULES_SCOPE, "data"),
        Input(ids.RULE_ADD, "n_clicks"),
        Input(ids.drop_rule(ALL), "n_clicks"),
        State(ids.RULE_NAME, "value"),
        State(ids.RULE_METRIC, "value"),
        State(ids.RULE_WHEN, "value"),
        State(ids.RULE_VALUE, "value"),
        State(ids.RULE_FOR, "value"),
        State(ids.RULE_OF, "value"),
        running=[(Output(ids.RULE_ADD, "loading"), True, False)],
        prevent_initial_call=True,
    )
    async def change(
        scope: Any, _added: Any, _dropped: Any, name: Any, metric: Any, when: Any, value: Any,
        for_epochs: Any, of: Any,
    ) -> tuple[Any, ...]:  # fmt: skip
        asked, problems, is_added = ctx.triggered_id, [], False
        if asked == ids.RULE_ADD:
            given = {"name": name, "metric": metric, "when": when, "value": value}
            body = given | {"for_epochs": for_epochs, **_scope(scope, of)}
            problems = _missing(body) or await asyncio.to_thread(rules.put, body)
            is_added = not problems
        elif isinstance(asked, dict) and ctx.triggered[0]["value"]:
            problems = await asyncio.to_thread(rules.drop, asked["name"])
        known, unread = await asyncio.to_thread(rules.known)
        message, errors = _told([*problems, *unread])
        listed = [_rule(rule, scope) for rule in known] or html.Li(texts.RULES_NONE)
        return listed, message, *errors, "" if is_added else no_update


def _missing(body: dict[str, Any]) -> Problems:
    return [
        {"loc": [name], "msg": texts.RULE_MISSING} for name in FIELDS if body[name] in (None, "")
    ]


def _scope(scope: Any, of: str) -> dict[str, Any]:
    """Which runs the rule is about; a run of no project is its own."""
    known = scope if isinstance(scope, dict) else {}
    if of == "job" or (of == "project" and not known.get("project")):
        return {"job_id": known.get("job_id")}
    return {"project": known.get("project")} if of == "project" else {}


def _told(problems: Problems) -> tuple[str, list[str]]:
    """What belongs to no field, and a text for each field."""
    errors = dict.fromkeys(FIELDS, "")
    general = []
    for problem in problems:
        name = next((str(part) for part in problem["loc"] if part in errors), None)
        if name is None:
            general.append(str(problem["msg"]))
        else:
            errors[name] = f"{str(problem['msg']).removesuffix('.')}."
    return " ".join(general), list(errors.values())


def _rule(rule: Mapping[str, Any], scope: Any) -> Component:
    words = f"{rule['metric']} {rule['when']} {rule['value']:g}"
    if rule["for_epochs"] > 1:
        words += f" {texts.RULE_VALUES.format(n=rule['for_epochs'])}"
    if rule["for_s"]:
        words += f" {texts.RULE_SECONDS.format(n=rule['for_s'])}"
    own = isinstance(scope, dict) and rule["job_id"] == scope.get("job_id")
    if rule["job_id"]:
        where = texts.RULE_THIS if own else texts.RULE_JOB.format(job=rule["job_id"][:8])
    else:
        project = rule["project"]
        where = texts.RULE_PROJECT.format(project=project) if project else texts.RULE_ANY
    label = texts.RULE_DROP.format(name=rule["name"])
    return html.Li(
        [
            html.Strong(rule["name"]),
            html.Span(words, className="rule-words"),
            html.Span(where, className="muted"),
            html.Button(
                "×",
                id=ids.drop_rule(rule["name"]),
                className="button tiny",
                title=label,
                **attributes(aria_label=label),
            ),
        ]
    )
