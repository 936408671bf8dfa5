"""A chart as a plotly figure, in Python: the page's specification, colours and texts, which come
as the page's scripts get them. What it leaves out is what only a live page needs: smoothing, marks
of epochs, the places of labels.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from math import log10
from typing import Any

Spec = dict[str, Any]
DASHES = ("solid", "dash", "dot", "dashdot")
HEIGHT_PX = 360


@dataclass(frozen=True)
class Source:
    """What is drawn: a job, its static facts, its history as columns."""

    job: Mapping[str, Any]
    facts: Mapping[str, Any]
    columns: Mapping[str, list[Any]]
    not_finite: Mapping[str, Any] | None = None


def chart_figure(
    page: Mapping[str, Any], source: Source, chart: str, scale: str | None, theme: str
) -> dict[str, Any]:
    """`{"data", "layout"}`. Raises LookupError for a chart that is not there, ValueError for a
    scale or theme that is none."""
    if scale not in (None, "log", "linear"):
        raise ValueError(f"a scale is 'log' or 'linear', got {scale!r}")
    if theme not in page["colors"]:
        raise ValueError(f"a theme is one of {', '.join(page['colors'])}, got {theme!r}")
    spec = proven(specification(page, source, chart), source.facts)
    spec = spec | {"drawn_scale": scale or spec.get("scale") or "linear"}
    colors = page["colors"][theme]
    if spec.get("kind") == "reliability":
        data = _reliability(spec, source, page["texts"], colors)
    else:
        data = _lines(spec, source, colors)
    layout = _layout(spec, source, page, colors)
    if spec.get("kind") == "reliability":
        layout["xaxis"]["title"]["text"] = page["texts"].get("axis_expected", "Expected")
    return {"data": data, "layout": layout}


def specification(page: Mapping[str, Any], source: Source, chart: str) -> Spec:
    """The chart's own, or one for a metric alone; raises LookupError."""
    for spec in page["charts"]:
        if spec["id"] == chart:
            return dict(spec)
    for own in source.job.get("charts") or []:
        if own.get("title") == chart:
            lines = [
                _line(metric, DASHES[place % len(DASHES)])
                for place, metric in enumerate(own["metrics"])
            ]
            unit = own.get("unit") or ""
            return {"id": chart, "title": chart, "y_label": unit or "Value", "unit": unit,
                    "lines": lines, "scale": own.get("scale", "linear")}  # fmt: skip
    if chart in source.columns and chart not in ("epoch", "timestamp"):
        known = (page.get("metrics") or {}).get(chart) or {}
        if known.get("proof") and known["proof"] not in source.facts:
            known = known | {"unit": ""}
        ideal = known.get("ideal")
        references = [] if ideal is None else [{"name": "Ideal", "value": ideal}]
        title, unit = known.get("title") or chart, known.get("unit") or ""
        return {"id": chart, "title": title, "y_label": unit or title, "unit": unit,
                "lines": [_line(chart, "solid", title)], "references": references}  # fmt: skip
    ids = ", ".join(spec["id"] for spec in page["charts"])
    raise LookupError(f"no chart and no metric {chart!r}; the page has {ids}, the job "
                      f"{', '.join(sorted(source.columns))}"[:2000])  # fmt: skip


def proven(spec: Spec, facts: Mapping[str, Any]) -> Spec:
    """As the page does: a job that lacks the fact which proves some words is shown without them."""
    is_proven = not spec.get("proof") or spec["proof"] in facts
    return spec if is_proven else spec | dict(spec.get("unproven") or {})


def _line(metric: str, dash: str, name: str | None = None) -> dict[str, Any]:
    return {"metric": metric, "name": name or metric, "dash": dash, "axis": 1, "unit": None}


def _lines(spec: Spec, source: Source, colors: Mapping[str, Any]) -> list[dict[str, Any]]:
    traces = []
    for place, line in enumerate(spec["lines"]):
        column = source.columns.get(line["metric"])
        if column is None or any(isinstance(value, list) for value in column):
            continue
        on_log = spec["drawn_scale"] == "log" and line["axis"] != 2
        marks = (source.not_finite or {}).get(line["metric"]) or {}
        x, y = _points(source.columns["epoch"], column, marks, on_log)
        unit = line["unit"] if line["unit"] is not None else spec["unit"]
        color = colors["lines"][place % len(colors["lines"])]
        traces.append({
            "type": "scatter", "mode": "lines" if len(x) > 1 else "lines+markers",
            "name": escape(line["name"], quote=False), "meta": line["metric"], "x": x, "y": y,
            "hovertemplate": "%{y:.4g}" + (f" {unit}" if unit else ""),
            "line": {"color": color, "width": 2, "dash": line["dash"]},
            **({"yaxis": "y2"} if line["axis"] == 2 else {}),
        })  # fmt: skip
    return traces


def _points(
    epochs: list[int], column: list[Any], marks: Mapping[str, str], on_log: bool
) -> tuple[list[int], list[float | None]]:
    """A line goes over cells that nobody wrote, and breaks where one was not finite, or cannot
    stand on a log axis."""
    x: list[int] = []
    y: list[float | None] = []
    for epoch, value in zip(epochs, column, strict=True):
        if value is None and str(epoch) not in marks:
            continue
        x.append(epoch)
        y.append(None if value is None or (on_log and value <= 0) else value)
    return x, y


def _reliability(
    spec: Spec, source: Source, texts: Mapping[str, str], colors: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Observed against expected coverage, of the newest epoch."""
    ends = [0.0, 1.0]
    diagonal = {
        "type": "scatter", "mode": "lines", "name": texts.get("diagonal", "Calibrated"), "x": ends,
        "y": ends, "line": {"color": colors["reference"], "width": 1.2, "dash": "longdash"},
    }  # fmt: skip
    rows = source.columns.get(spec["lines"][0]["metric"]) or []
    newest = next((i for i in reversed(range(len(rows))) if isinstance(rows[i], list)), None)
    if newest is None:
        return [diagonal]
    observed, expected = rows[newest], source.facts.get("reliability_expected")
    if not isinstance(expected, list) or len(expected) != len(observed):
        expected = [(place + 1) / (len(observed) + 1) for place in range(len(observed))]
    word = texts.get("axis_epoch", "Epoch")
    return [
        {
            "type": "scatter", "mode": "lines+markers",
            "name": f"{word} {source.columns['epoch'][newest]}", "x": expected, "y": observed,
            "meta": spec["lines"][0]["metric"],
            "line": {"color": colors["lines"][0], "width": 2, "dash": "solid"},
        },
        diagonal,
    ]  # fmt: skip


def _layout(
    spec: Spec, source: Source, page: Mapping[str, Any], colors: Mapping[str, Any]
) -> dict[str, Any]:
    on_log = spec["drawn_scale"] == "log"
    axis = {
        "gridcolor": colors["grid"], "linecolor": colors["axis"], "zeroline": False,
        "showline": True, "tickcolor": colors["axis"],
    }  # fmt: skip
    shapes, annotations = _references(spec, source.facts, on_log, colors)
    step = source.job.get("step_name") or "epoch"
    word = page["texts"].get("axis_epoch", "Epoch") if step == "epoch" else escape(step)
    layout: dict[str, Any] = {
        "title": {"text": escape(_scaled(spec, spec["title"], " ({})", page["texts"])),
                  "x": 0.02, "xanchor": "left"},
        "font": {"family": page.get("font"), "size": 12, "color": colors["text"]},
        "paper_bgcolor": colors["paper"], "plot_bgcolor": colors["paper"],
        "height": HEIGHT_PX, "hovermode": "x unified",
        "showlegend": len(spec["lines"]) > 1 or spec["lines"][0]["name"] != spec["title"],
        "legend": {"orientation": "h", "x": 0, "y": -0.19, "yanchor": "top"},
        "xaxis": axis | {"title": {"text": word}},
        "yaxis": axis | {
            "type": "log" if on_log else "linear",
            "title": {"text": escape(_scaled(spec, spec["y_label"], " - {}", page["texts"]))},
        },
        "shapes": shapes, "annotations": annotations,
    }  # fmt: skip
    if on_log and spec.get("ticks"):
        layout["yaxis"] |= {
            "tickvals": list(spec["ticks"]), "ticktext": [tick_text(v) for v in spec["ticks"]]
        }  # fmt: skip
    if spec.get("y2_label"):
        layout["yaxis2"] = {
            "title": {"text": escape(spec["y2_label"])}, "overlaying": "y", "side": "right",
            "range": spec.get("y2_range"), "showgrid": False, "color": colors["muted"],
        }  # fmt: skip
    return layout


def _scaled(spec: Spec, text: str, form: str, texts: Mapping[str, str]) -> str:
    """The scale is told where it is log, or where the chart's own default is."""
    if spec["drawn_scale"] == "log":
        return text + form.format(texts.get("log_scale", "Log Scale"))
    if spec.get("scale") == "log":
        return text + form.format(texts.get("linear_scale", "Linear Scale"))
    return text


def _references(
    spec: Spec, facts: Mapping[str, Any], on_log: bool, colors: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Constants, and those of the job's facts that are known and fit on the axis."""
    shapes, annotations = [], []
    for reference in spec.get("references") or []:
        fact = reference.get("fact")
        value = facts.get(fact) if fact else reference.get("value")
        if not isinstance(value, (int, float)) or isinstance(value, bool) or (
            on_log and value <= 0
        ):  # fmt: skip
            continue
        place = next((i for i, line in enumerate(spec["lines"])
                      if line["metric"] == reference.get("of")), None)  # fmt: skip
        color = colors["reference"] if place is None else colors["lines"][place]
        shapes.append({
            "type": "line", "xref": "paper", "yref": "y", "x0": 0, "x1": 1, "y0": value,
            "y1": value, "name": reference["name"],
            "line": {"color": color, "width": 1.3, "dash": "dot" if fact else "longdash"},
        })  # fmt: skip
        if reference.get("of") is None:
            annotations.append({
                "text": escape(reference["name"]), "showarrow": False, "xref": "paper", "x": 1,
                "xanchor": "right", "yref": "y", "y": log10(value) if on_log else value,
                "yanchor": "bottom", "font": {"size": 11, "color": colors["muted"]},
            })  # fmt: skip
    return shapes, annotations


def tick_text(value: float) -> str:
    """0.05, 0.5, 1, 10, 100, 1k, 2.5k, 10k, as on the page."""
    for least, divisor, sign in ((1e6, 1e6, "M"), (1e3, 1e3, "k")):
        if value >= least:
            return f"{value / divisor:.1f}".removesuffix(".0") + sign
    decimals = 0 if value >= 100 else 1 if value >= 1 else 2
    text = f"{value:.{decimals}f}" if value >= 0.01 else f"{value:.2g}"
    return text.rstrip("0").rstrip(".") if "." in text else text
