"""A run's config as JSON, from whatever a trainer has: a mapping, dataclass, Namespace, pydantic or
OmegaConf object. What JSON lacks is stored as text; what looks like a secret is masked.
"""

import dataclasses
import re
from argparse import Namespace
from collections.abc import Mapping
from math import isfinite
from typing import Any

import orjson

from heimdall_dash.metrics import shown, shown_name
from heimdall_dash.records import MAX_EPOCH, storable

MAX_BYTES = 1_000_000
MAX_LEVELS = 20
MAX_TEXT = 20_000  # characters of one value
MASK = "•••"
_SECRET = re.compile(
    r"(^|[^a-z])(pass(word|wd|phrase)?|secret|token|api_?key|private_?key|access_?key|"
    r"credentials?|auth(orization)?)s?($|[^a-z])",
    re.IGNORECASE,
)
_NO_SECRET = re.compile(
    r"(num|max|min|n|per|total|count|vocab|pad|eos|bos|unk|sep|cls|mask)_", re.I
)


def plain_config(config: Any) -> tuple[dict[str, Any], list[str]]:
    """The config as JSON carries it, and what had to be left out. Raises nothing."""
    troubles: list[str] = []
    try:
        found = _plain(mapping_of(config), 0)
    except Exception as error:
        return {}, [f"config cannot be read: {shown(error)}"]
    if not isinstance(found, dict):
        return {}, [f"config must be a mapping or an object with fields, got {shown(config)}"]
    sizes = {name: len(orjson.dumps(value)) for name, value in found.items()}
    while found and sum(sizes.values()) > MAX_BYTES:
        largest = max(sizes, key=lambda name: sizes[name])
        troubles.append(
            f"config {shown_name(largest)!r} is left out: {sizes[largest]} bytes of at most "
            f"{MAX_BYTES} for all"
        )
        del found[largest], sizes[largest]
    return found, troubles


def is_secret(name: str) -> bool:
    """Whether a value of this name should not be shown: `api_key`, `HF_TOKEN`; not `max_tokens`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_")
    if _NO_SECRET.search(words) or words.lower().endswith(("tokens", "token_id", "tokenizer")):
        return False
    return _SECRET.search(words) is not None


def mapping_of(config: Any) -> Any:
    """The mapping that an object of a known kind stands for; else the object."""
    if config is None:
        return {}
    if isinstance(config, Mapping):
        return config
    if dataclasses.is_dataclass(config) and not isinstance(config, type):
        return {f.name: getattr(config, f.name) for f in dataclasses.fields(config)}
    if isinstance(config, Namespace):
        return vars(config)
    for method in ("model_dump", "to_dict", "_asdict"):  # pydantic, transformers, namedtuple
        if callable(getattr(config, method, None)) and not isinstance(config, type):
            found = getattr(config, method)()
            if isinstance(found, Mapping):
                return found
    if hasattr(config, "__dict__") and not isinstance(config, type) and not callable(config):
        return {name: value for name, value in vars(config).items() if not name.startswith("_")}
    return config


def _plain(value: Any, level: int) -> Any:
    if level > MAX_LEVELS:
        return _text(value)
    if value is None or isinstance(value, (bool, str)):
        return storable(value)[:MAX_TEXT] if isinstance(value, str) else value
    if type(value) is int:
        return value if abs(value) <= MAX_EPOCH else _text(value)
    if type(value) is float:
        return value if isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {
            name: MASK if is_secret(name) and inner not in (None, "", True, False) else inner
            for name, inner in (
                (storable(str(key))[:200], _plain(_value(value, key), level + 1)) for key in value
            )
        }
    if isinstance(value, (list, tuple)) and not hasattr(value, "_asdict"):
        return [_plain(one, level + 1) for one in value[:10_000]]
    if isinstance(value, (set, frozenset)):
        return sorted((_plain(one, level + 1) for one in value), key=str)
    known = mapping_of(value) if _has_fields(value) else value
    if known is not value and isinstance(known, Mapping):
        return _plain(known, level + 1)
    if type(value).__module__.partition(".")[0] in {"numpy", "torch"} and hasattr(value, "item"):
        try:
            return _plain(value.item(), level + 1)
        except Exception:  # an array: its text says enough
            return _text(value)
    if type(value).__module__.partition(".")[0] == "omegaconf":  # its lists
        return [_plain(one, level + 1) for one in value]
    return _text(value)


def _value(mapping: Mapping[Any, Any], key: Any) -> Any:
    """OmegaConf raises for a value that is still missing, or refers to one that is."""
    try:
        return mapping[key]
    except Exception as error:
        return f"({shown(error)})"


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
    return storable(text)[:MAX_TEXT]
