"""Command line options made from the fields of TrainingConfig, so that the two cannot differ."""

from __future__ import annotations

import argparse
import json
import tomllib
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from heimdall_dash.config_errors import place
from trainer.config import TrainingConfig
from trainer.errors import TrainerError

ALIASES = {"learning_rate": ["--lr"], "refine_steps": ["--steps"]}


class ConfigError(TrainerError):
    """An option or a line of a config file is impossible; the message names the field."""


def add_config_options(parser: argparse.ArgumentParser) -> None:
    """One option per field, with unit, default and range in its help text."""
    group = parser.add_argument_group("training", "each with [unit; default; range]")
    for name, field in TrainingConfig.model_fields.items():
        flags = ["--" + name.replace("_", "-"), *ALIASES.get(name, [])]
        keywords: dict[str, Any] = {"default": argparse.SUPPRESS, "help": _help(field)}
        if field.annotation is bool:
            keywords["action"] = argparse.BooleanOptionalAction
        else:
            keywords["metavar"] = _metavar(field)
        group.add_argument(*flags, dest=name, **keywords)
    group.add_argument(
        "--config", type=Path, metavar="FILE", help="a .toml or .json file of these, by field name"
    )


def config_from(
    arguments: argparse.Namespace, base: dict[str, Any] | None = None
) -> TrainingConfig:
    """The checked config: defaults, then `base`, then the file, then the options.

    raises: ConfigError, one line for each impossible field
    """
    values = dict(base or {})
    if getattr(arguments, "config", None) is not None:
        values |= _read(arguments.config)
    for name, field in TrainingConfig.model_fields.items():
        if hasattr(arguments, name):
            values[name] = _typed(getattr(arguments, name), field)
    try:
        return TrainingConfig.model_validate(values)
    except ValidationError as error:
        raise ConfigError("\n".join(_explained(e) for e in error.errors())) from None


def _typed(text: Any, field: FieldInfo) -> Any:
    """Empty or "none" is None where a field allows it; pydantic reads the rest."""
    allows_none = type(None) in get_args(field.annotation)
    if allows_none and isinstance(text, str) and text.lower() in ("", "none"):
        return None
    return text


def _explained(error: Any) -> str:
    where = ".".join(str(part) for part in place(error))
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        message = "there is no such field"
    shown = f" (got {error['input']!r})" if error["loc"] else ""
    return f"{where}: {message}{shown}" if where else message


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        values = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from None
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: expected fields with values")
    return values


def _help(field: FieldInfo) -> str:
    extra = field.json_schema_extra
    unit = extra.get("unit") if isinstance(extra, dict) else None
    default = "the scenario's" if field.default is None else str(field.default)
    if unit == "path":
        default = "none"
    parts = [str(unit), f"default {default}", _range(field)]
    text = f"{field.description} [{'; '.join(p for p in parts if p)}]"
    return text.replace("%", "%%")


def _range(field: FieldInfo) -> str:
    limits = {}
    for constraint in field.metadata:
        for kind in ("ge", "gt", "le", "lt"):
            if getattr(constraint, kind, None) is not None:
                limits[kind] = getattr(constraint, kind)
    if not limits:
        return ""
    low = f"{limits['ge']:g}" if "ge" in limits else f"above {limits.get('gt', '-inf'):g}"
    return f"{low} to {limits.get('le', float('inf')):.10g}"


def _metavar(field: FieldInfo) -> str:
    names = [value for value in get_args(field.annotation) if isinstance(value, str)]
    if names:
        return "{" + ",".join(names) + "}"
    kinds = get_args(field.annotation) or (field.annotation,)
    return {int: "N", float: "X", str: "TEXT"}.get(kinds[0], "X")
