"""`wandb.config` and `wandb.summary`: mappings with attributes, whose changes are told."""

from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

from heimdall_dash.publish.config import mapping_of


class Told(MutableMapping[str, Any]):
    """`config.lr`, `config["lr"]`; a change is told at once."""

    def __init__(self, values: Any, tell: Callable[[dict[str, Any]], None]) -> None:
        """values: any object that a config may be; what is there from the start is not told."""
        object.__setattr__(self, "_values", as_values(values))
        object.__setattr__(self, "_tell", tell)

    def update(self, *values: Any, allow_val_change: bool | None = None, **more: Any) -> None:
        new = {name: value for one in values for name, value in as_values(one).items()} | more
        self._values.update(new)
        if new:
            self._tell(new)

    def setdefaults(self, values: Any) -> None:
        self.update({n: v for n, v in as_values(values).items() if n not in self._values})

    def as_dict(self) -> dict[str, Any]:
        return dict(self._values)

    def learn(self, values: dict[str, Any]) -> None:
        """Take values that are told in another way."""
        self._values.update(values)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self.update({name: value})

    def __delitem__(self, name: str) -> None:
        del self._values[name]  # what was told stays told

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __getattr__(self, name: str) -> Any:
        try:
            return object.__getattribute__(self, "_values")[name]
        except KeyError:
            raise AttributeError(f"no value of the name {name!r} was set") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self.update({name: value})

    def __repr__(self) -> str:
        return repr(self._values)


def as_values(values: Any) -> dict[str, Any]:
    """Its fields by their names. Raises TypeError where it has none."""
    found = mapping_of(values)
    if not hasattr(found, "items"):
        raise TypeError(f"expected a mapping or an object with fields, got {type(values).__name__}")
    # as W&B has it: {"lr": {"value": 0.1, "desc": …}} of a config file
    return {str(name): value for name, value in found.items()}
