"""A value that callbacks hand on: `dcc.Store` in memory, without the 115 kB that dcc takes on the
wire. Its browser's half, which draws nothing, is in assets/heimdall.js."""

from typing import Any

from dash.development.base_component import Component


class Value(Component):
    """One property, `data`: anything that JSON knows."""

    _namespace = "heimdall"
    _type = "Value"
    _prop_names = ["id", "data"]  # noqa: RUF012  # as Dash reads it
    _valid_wildcard_attributes: list[str] = []  # noqa: RUF012
    available_properties = _prop_names
    available_wildcard_properties: list[str] = []  # noqa: RUF012

    def __init__(self, id: str, data: Any = None) -> None:
        super().__init__(id=id, data=data)  # type: ignore[no-untyped-call]
