"""A run's config as JSON, from whatever a trainer has: a mapping, dataclass, Namespace, pydantic or
OmegaConf object. What JSON lacks is stored as text; what looks like a secret is masked.
"""

import dataclasses
from argparse import Namespace
from collections.abc import Mapping
from math import isfinite
from typing import Any

import orjson

from heimdall_dash.metrics import shown, shown_name
from heimdall_dash.publish.secrets import is_secret
from heimdall_dash.records import MAX_DEPTH, MAX_EPOCH, storable

MAX_BYTES = 1_000_000
MAX_LEVELS = MAX_DEPTH - 1  # a dashboard checks the depth, too
MAX_TEXT = 20_000  # characters of one value
MAX_VALUES = 200_000  # of all levels; more are no JSON of MAX_BYTES
MAX_ITEMS = 10_000  # of one list
MOST_NAMED = 5  # of what is left out for its size
MASK = "•••"
TOO_MANY = f"config has more than {MAX_VALUES} values: what is nested further is shortened"


def plain_config(config: Any) -> tuple[dict[str, Any], list[str]]:
    """The config as JSON carries it, and what had to be cut or left out. Raises nothing."""
    try:
        fields = mapping_of(config)
        if not isinstance(fields, Mapping):
            wanted = "config must be a mapping or an object with fields"
            return {}, [f"{wanted}, got {shown(config)}"]
        reading = _Reading()
        found = reading.mapping(fields)
    except Exception as error:
        return {}, [f"config cannot be read: {shown(error)}"]
    return found, reading.troubles + _fitted(found)


def _fitted(found: dict[str, Any]) -> list[str]:
    """Take out the largest values until all fit; which these are."""
    sizes = {name: len(orjson.dumps({name: value})) for name, value in found.items()}
    total, left_out = sum(sizes.values()), []
    for name in sorted(sizes, key=lambda name: sizes[name], reverse=True):
        if total <= MAX_BYTES:
            break
        total -= sizes[name]
        left_out.append(name)
        del found[name]
    troubles = [
        f"config {shown_name(name)!r} is left out: {sizes[name]} bytes of at most {MAX_BYTES} "
        "for all"
        for name in left_out[:MOST_NAMED]
    ]
    if (more := len(left_out) - MOST_NAMED) > 0:
        troubles.append(f"and {more} further values of the config, for the same reason")
    return troubles


def mapping_of(config: Any) -> Any:
    """The mapping that an object of a known kind stands for; else the object."""
    if config is None:
        return {}
    if isinstance(config, Mapping):
        return config
    if dataclasses.is_dataclass(config) and not isinstance(config, type):
        return {f.name: _field(config, f.name) for f in dataclasses.fields(config)}
    if isinstance(config, Namespace):
        return vars(config)
    for method in ("model_dump", "to_dict", "_asdict"):  # pydantic, transformers, namedtuple
        if callable(getattr(config, method, None)) and not isinstance(config, type):
            found = getattr(config, method)()
            if isinstance(found, Mapping):
                return found
    if hasattr(config, "__dict__") and not isinstance(config, type) and not callable(config):
        public = {name: value for name, value in vars(config).items() if not name.startswith("_")}
        return public or config
    return config


def _field(config: Any, name: str) -> Any:
    """A dataclass may lack a field that its constructor did not set."""
    try:
        return getattr(config, name)
    except Exception as error:
        return f"({shown(error)})"


class _Reading:
    """One config being read: what it may still cost, and what was cut. A value that cannot be read
    costs no other; one that holds itself, or explodes, costs little."""

    def __init__(self) -> None:
        self.troubles: list[str] = []
        self._values = 0
        self._around: list[int] = []  # ids of the values that this one lies in

    def mapping(self, fields: Mapping[Any, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key in fields:
            name = _text(key)[:200]
            if name in found:
                self.troubles.append(f"config has two values under {shown_name(name)!r}")
            value = self.value(_item(fields, key), name)
            is_hidden = is_secret(name) and value not in (None, "", True, False)
            found[name] = MASK if is_hidden else value
        return found

    def value(self, value: Any, name: str) -> Any:
        """name: under which it stands, for what is said of it."""
        self._values += 1
        kind = type(value)
        if value is None or kind is bool:
            return value
        if kind is int and abs(value) <= MAX_EPOCH:
            return value
        if kind is float:
            return value if isfinite(value) else str(value)
        if self._values >= MAX_VALUES:
            if self.troubles[-1:] != [TOO_MANY]:
                self.troubles.append(TOO_MANY)
            return shown(value)
        if id(value) in self._around or len(self._around) >= MAX_LEVELS:
            return shown(value)
        self._around.append(id(value))
        try:
            return self._nested(value, name)
        except Exception:
            return self._cut(_text(value), name)
        finally:
            self._around.pop()

    def _nested(self, value: Any, name: str) -> Any:
        if isinstance(value, str):
            return self._cut(storable(value), name)
        if isinstance(value, Mapping):
            return self.mapping(value)
        if isinstance(value, (list, tuple)) and not hasattr(value, "_asdict"):
            if len(value) > MAX_ITEMS:
                self.troubles.append(f"config {shown_name(name)!r} is cut after {MAX_ITEMS} items")
            return [self.value(one, name) for one in value[:MAX_ITEMS]]
        if isinstance(value, (set, frozenset)):
            return sorted((self.value(one, name) for one in value), key=str)
        known = mapping_of(value) if _has_fields(value) else value
        if known is not value and isinstance(known, Mapping):
            return self.mapping(known)
        module = type(value).__module__.partition(".")[0]
        if module in {"numpy", "torch"} and _is_one_number(value):
            return self.value(value.item(), name)
        if module == "omegaconf":  # its lists; a missing item raises only when it is asked for
            return [self.value(_item(value, index), name) for index in range(len(value))]
        return self._cut(_text(value), name)

    def _cut(self, text: str, name: str) -> str:
        if len(text) > MAX_TEXT:
            self.troubles.append(
                f"config {shown_name(name)!r} is cut: {len(text)} characters of at most {MAX_TEXT}"
            )
        return text[:MAX_TEXT]


def _item(values: Any, key: Any) -> Any:
    """OmegaConf raises for a value that is still missing, or refers to one that is."""
    try:
        return values[key]
    except Exception as error:
        return f"({shown(error)})"


def _is_one_number(value: Any) -> bool:
    """Of arrays with more elements the text says enough."""
    count = value.numel() if hasattr(value, "numel") else getattr(value, "size", 0)
    return hasattr(value, "item") and isinstance(count, int) and count == 1


def _has_fields(value: Any) -> bool:
    """Of the nested objects only those that are plainly records: any other is its text."""
    return (
        (dataclasses.is_dataclass(value) and not isinstance(value, type))
        or isinstance(value, Namespace)
        or (hasattr(value, "model_dump") and not isinstance(value, type))
        or hasattr(value, "_asdict")
    )


def _text(value: Any) -> str:
    try:
        text = str(value)
    except Exception:
        text = shown(value)
    return storable(text)
