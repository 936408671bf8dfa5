"""What scripts hand to `wandb.log` beside numbers: taken, so that they run, and not kept."""

from typing import Any

KINDS = (
    "Image", "Table", "Histogram", "Html", "Video", "Audio", "Artifact", "Object3D", "Molecule",
    "Plotly", "Graph", "JoinedTable", "Bokeh",
)  # fmt: skip


class Media:
    """Any of them. Arguments are forgotten at once; calls on it lead to itself."""

    kind = "media"

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name in NUMERIC:
            raise AttributeError(name)
        return lambda *_, **__: self


NUMERIC = frozenset({"item", "tolist", "numel", "size", "shape", "keys"})  # it is no number

CLASSES: dict[str, type[Media]] = {kind: type(kind, (Media,), {"kind": kind}) for kind in KINDS}


def media_kind(value: Any) -> str | None:
    """Which of them the value is, or a list of them holds; None: it is none."""
    if isinstance(value, (list, tuple)) and value:
        value = value[0]
    if isinstance(value, Media):
        return value.kind
    return (
        "Plotly" if type(value).__module__.partition(".")[0] in {"plotly", "matplotlib"} else None
    )
