"""The charts that a job brings for its own metrics: one definition for `Job.start`, for REST and
for what a local log holds.

`{"title": "IoU", "metrics": ["val/mIoU"], "unit": "%", "scale": "linear"}`; the last two may be
left out. A trainer that is installed here may say more of its charts, see `charts`.
"""

import json
from collections.abc import Mapping
from typing import Any, get_args

from heimdall_dash.charts import Scale
from heimdall_dash.errors import InvalidMetric
from heimdall_dash.metrics import MAX_NAME, name_problem, shown

MAX_CHARTS = 100
MAX_LINES = 50  # metrics on one chart
MAX_TITLE = 120  # characters
MAX_UNIT = 200  # characters
MAX_BYTES = 200_000  # of all charts as JSON
SCALES = get_args(Scale)
_KEYS = {"title", "metrics", "unit", "scale"}

CHARTS_SCHEMA: dict[str, Any] = {
    "type": "array",
    "maxItems": MAX_CHARTS,
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["title", "metrics"],
        "properties": {
            "title": {"type": "string", "minLength": 1, "maxLength": MAX_TITLE},
            "metrics": {
                "type": "array",
                "minItems": 1,
                "maxItems": MAX_LINES,
                "items": {"type": "string", "minLength": 1, "maxLength": MAX_NAME},
            },
            "unit": {
                "anyOf": [{"type": "string", "maxLength": MAX_UNIT}, {"type": "null"}],
                "description": "of its y axis",
            },
            "scale": {"enum": list(SCALES), "default": "linear"},
        },
    },
}


def checked_charts(charts: Any) -> list[dict[str, Any]]:
    """The charts with all four keys each; raises InvalidMetric, naming the place."""
    if not isinstance(charts, (list, tuple)) or len(charts) > MAX_CHARTS:
        raise InvalidMetric(
            f"charts are a list of at most {MAX_CHARTS} objects, got {shown(charts)}"
        )
    checked = [_chart(f"charts[{number}]", chart) for number, chart in enumerate(charts)]
    if (size := len(json.dumps(checked))) > MAX_BYTES:
        raise InvalidMetric(f"charts may have {MAX_BYTES} bytes of JSON, got {size}")
    return checked


def _chart(where: str, chart: Any) -> dict[str, Any]:
    if not isinstance(chart, Mapping):
        raise InvalidMetric(f'{where} is an object such as {{"title": "IoU", "metrics": ["iou"]}}')
    if foreign := [name for name in chart if name not in _KEYS]:
        raise InvalidMetric(f"{where}: there is no {shown(foreign[0])}, but {sorted(_KEYS)}")
    metrics, scale = chart.get("metrics"), chart.get("scale", "linear")
    if not isinstance(metrics, (list, tuple)) or not 1 <= len(metrics) <= MAX_LINES:
        raise InvalidMetric(
            f"{where}.metrics: 1 to {MAX_LINES} metrics' names, got {shown(metrics)}"
        )
    for name in metrics:
        if problem := name_problem(name):
            raise InvalidMetric(f"{where}.metrics: {problem}, got {shown(name)}")
    if scale not in SCALES:
        raise InvalidMetric(f"{where}.scale is one of {', '.join(SCALES)}, got {shown(scale)}")
    unit = chart.get("unit")
    return {
        "title": _text(f"{where}.title", chart.get("title"), MAX_TITLE),
        "metrics": list(metrics),
        "unit": None if unit is None else _text(f"{where}.unit", unit, MAX_UNIT),
        "scale": scale,
    }


def _text(where: str, text: Any, most: int) -> str:
    """On one line, not blank, without spaces around it."""
    stripped = text.strip() if isinstance(text, str) else ""
    if not 1 <= len(stripped) <= most or not stripped.isprintable():
        raise InvalidMetric(f"{where} is 1 to {most} printable characters, got {shown(text)}")
    return stripped
