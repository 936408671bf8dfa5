"""A trainer's JSON schema as inputs: one per field, with its unit, meaning, range and default."""

from dataclasses import dataclass
from typing import Any, Literal

import dash_mantine_components as dmc
from dash.development.base_component import Component

from heimdall_dash.ui import ids, texts
from heimdall_dash.ui.controls import choices

NO_UNIT = {"name", "number", "1", "norm", "yes/no"}

Kind = Literal["number", "integer", "text", "choice", "switch"]


@dataclass(frozen=True)
class FormField:
    """initial: the schema's default; None where the trainer decides. least, most: its range as
    people read it, "" where there is no end."""

    name: str
    kind: Kind
    label: str
    help: str
    unit: str = ""
    choices: tuple[str, ...] = ()
    initial: Any = None
    is_optional: bool = False
    least: str = ""
    most: str = ""

    @property
    def range(self) -> str:
        """What is allowed, for people; "" where anything is."""
        if self.choices:
            return ", ".join(self.choices)
        if self.least and self.most:
            return texts.FORM_RANGE.format(least=self.least, most=self.most)
        return self.least or self.most


def field_of(
    name: str, schema: dict[str, Any], definitions: dict[str, Any], label: str
) -> FormField:
    """A field that may be null has variants in the schema, and a named type stands elsewhere."""
    variants = [_resolved(one, definitions) for one in schema.get("anyOf", [schema])]
    main = schema | next(one for one in variants if one.get("type") != "null")
    options = main.get("enum") or ([main["const"]] if "const" in main else [])
    unit = schema.get("unit", "")
    return FormField(
        name,
        _kind(main, options),
        label,
        schema.get("description", ""),
        "" if unit in NO_UNIT or unit in label.lower() else unit,
        tuple(str(one) for one in options),
        schema.get("default"),
        any(one.get("type") == "null" for one in variants),
        _end(main.get("minimum"), main.get("exclusiveMinimum"), texts.FORM_ABOVE, texts.FORM_FROM,
             is_range="maximum" in main or "exclusiveMaximum" in main),
        _end(main.get("maximum"), main.get("exclusiveMaximum"), texts.FORM_BELOW, texts.FORM_TO,
             is_range="minimum" in main or "exclusiveMinimum" in main),
    )  # fmt: skip


def input_of(field: FormField, unset: str) -> Component:
    """unset: what an empty field that may be empty means."""
    made: Component = _input(field, unset)  # Mantine's components have no types
    return made


def _input(field: FormField, unset: str) -> Any:
    common: dict[str, Any] = {
        "id": ids.new_job(field.name),
        "label": f"{field.label} ({field.unit})" if field.unit else field.label,
        "description": _described(field),
    }
    if field.kind == "switch":
        return dmc.Switch(
            **common | {"id": ids.new_job_switch(field.name)}, checked=bool(field.initial)
        )
    if field.kind == "choice":
        return dmc.Select(
            **common,
            data=choices([(one, one) for one in field.choices]),
            value=field.initial,
            clearable=field.is_optional,
            allowDeselect=field.is_optional,
        )
    if field.kind == "integer":
        return dmc.NumberInput(
            **common,
            value="" if field.initial is None else field.initial,
            allowDecimal=False,
            clampBehavior="none",  # what is out of range is said, not silently changed
            placeholder=unset if field.is_optional else "",
        )
    return dmc.TextInput(  # NumberInput takes no 1e-4, as people write learning rates
        **common,
        value="" if field.initial is None else str(field.initial).removesuffix(".0"),
        inputProps={"inputMode": "decimal"} if field.kind == "number" else None,
        placeholder=unset if field.is_optional else "",
    )


def typed(field: FormField, value: Any) -> Any:
    """What was typed as the config wants it; None for what is left to the trainer. Text that is no
    number stays as it is: the model says what is wrong with it."""
    if field.kind == "switch":
        return bool(value)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if field.kind not in {"number", "integer"} or not isinstance(value, str):
        return value
    try:
        return int(value) if field.kind == "integer" else float(value)
    except ValueError:
        return value


def _resolved(variant: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in variant:
        found: dict[str, Any] = definitions[variant["$ref"].rsplit("/", 1)[1]]
        return found
    return variant


def _kind(main: dict[str, Any], options: list[Any]) -> Kind:
    if options:
        return "choice"
    kinds: dict[str, Kind] = {"boolean": "switch", "integer": "integer", "number": "number"}
    return kinds.get(main.get("type", ""), "text")


def _end(inclusive: Any, exclusive: Any, strict: str, plain: str, *, is_range: bool) -> str:
    """One end of a range: the bare number where the other end stands beside it."""
    if inclusive is not None:
        number = _number(inclusive)
        return number if is_range else plain.format(value=number)
    return "" if exclusive is None else strict.format(value=_number(exclusive))


def _number(value: float) -> str:
    return f"{value:,}".removesuffix(".0")


def _described(field: FormField) -> str:
    if not field.range or field.choices:
        return field.help
    return f"{field.help} ({field.range})"
