"""Read back what a dashboard has: runs and histories as pandas DataFrames, charts as plotly
figures.

from heimdall_dash import read
read.jobs()                                  # a row per job
read.history("a72a2296")                     # a row per epoch
read.predictions("a72a2296")                 # a row per point that is kept of the newest epoch
read.figure("a72a2296", "loss-chart")        # as the page draws it; or "val_loss", any metric

From HEIMDALL_URL, else the newest dashboard that you run on this machine; with HEIMDALL_TOKEN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from heimdall_dash.errors import DashboardRefused, HeimdallError
from heimdall_dash.figures import Source, chart_figure
from heimdall_dash.not_finite import put_not_finite
from heimdall_dash.rest import Rest, quoted

if TYPE_CHECKING:
    import pandas
    import plotly.graph_objects

TIMES = ("created_at", "started_at", "completed_at", "last_metric_at", "estimated_completion")


def jobs(
    *, status: str | None = None, limit: int | None = None, url: str | None = None
) -> pandas.DataFrame:
    """A row per job, newest first, indexed by its id; the config as `config.…` columns.

    limit: the newest so many; None: all. Raises DashboardUnavailable, DashboardRefused, ImportError
    without pandas.
    """
    pd = _pandas()
    found, _ = Rest.find(url).jobs(status=status, limit=limit)
    rows = []
    for job in found:
        config = job.pop("config", None) or {}
        rows.append(job | {f"config.{name}": value for name, value in config.items()})
    table = pd.DataFrame(rows)
    if table.empty:
        return pd.DataFrame(columns=["job_name", "status"], index=pd.Index([], name="id"))
    for name in TIMES:
        if name in table:
            table[name] = pd.to_datetime(table[name], utc=True, format="ISO8601")
    return table.set_index("id")


def history(job: Any, *metrics: str, url: str | None = None) -> pandas.DataFrame:
    """A row per epoch, indexed by it (or by the job's step_name), all of the job's metrics or the
    named ones, and `timestamp`. NaN is also a cell that nobody wrote: `attrs["not_finite"]` names
    those that were NaN; infinities stand as such.

    job: an id or its beginning, a `Job`, a row of `jobs()`. Raises as `jobs`.
    """
    pd = _pandas()
    rest = Rest.find(url or url_of(job))
    shown, answer = _asked(rest, job, metrics)
    columns, marks = answer["columns"], answer.get("not_finite") or {}
    put_not_finite(columns, marks)
    table = pd.DataFrame(columns)
    if "timestamp" in table:
        table["timestamp"] = pd.to_datetime(table["timestamp"], utc=True, format="ISO8601")
    for name in table.columns.difference(["epoch", "timestamp"]):
        if not any(isinstance(value, list) for value in columns[name]):
            table[name] = pd.to_numeric(table[name])
    step_name = shown["job"].get("step_name") or "epoch"
    table = table.set_index("epoch").rename_axis(step_name)
    table.attrs = {"job": shown["job"], "facts": shown["facts"], "not_finite": marks}
    return table


def predictions(job: Any, epoch: int | None = None, *, url: str | None = None) -> pandas.DataFrame:
    """The kept predictions of an epoch (default: the newest), a row per point by its label:
    `truth`, `mean`, `sigma`; of two dimensions `truth_x`, …, `cov_xx`, `cov_xy`, `cov_yy`. `attrs`
    has the epoch, the unit, all `epochs` of which some are kept, and the rest.

    Raises as `jobs`; DashboardRefused where none are kept of that epoch.
    """
    pd = _pandas()
    rest = Rest.find(url or url_of(job))
    job_id = rest.find_id(id_of(job))
    query = {} if epoch is None else {"epoch": epoch}
    answer = rest.get(f"/jobs/{quoted(job_id)}/predictions", query)
    kept = answer["predictions"]
    if kept is None:
        return pd.DataFrame(index=pd.Index([], name="label"))
    table = pd.DataFrame(index=pd.Index(kept["labels"], name="label"))
    axes = [""] if kept["dimensions"] == 1 else ["_x", "_y"]
    spread = ["sigma"] if kept["dimensions"] == 1 else ["cov_xx", "cov_xy", "cov_yy"]
    for part, names in (
        ("truth", [f"truth{axis}" for axis in axes]),
        ("mean", [f"mean{axis}" for axis in axes]), ("spread", spread),
    ):  # fmt: skip
        for place, name in enumerate(names):
            table[name] = [values[place] for values in kept[part]]
    told = ("epoch", "unit", "axes", "total", "left_out", "places")
    table.attrs = {name: kept[name] for name in told} | {"epochs": answer["epochs"]}
    return table


def figure(
    job: Any, chart: str, *, scale: str | None = None, theme: str = "light", url: str | None = None
) -> plotly.graph_objects.Figure:
    """A chart of the job, by the same specification as the page's.

    chart: an id of the page (`loss-chart`), the title of a chart that the job brought, or the
    name of any metric. scale: `log` or `linear`; default the chart's own. theme: `light`, `dark`.
    Raises as `jobs`, and LookupError for a chart that neither page nor job has.
    """
    try:
        import plotly.graph_objects as go
    except ImportError as error:
        raise ImportError("figures need plotly: pip install 'heimdall-dash[read]'") from error
    rest = Rest.find(url or url_of(job))
    shown, answer = _asked(rest, job, ())
    source = Source(shown["job"], shown["facts"] or {}, answer["columns"], answer.get("not_finite"))
    drawn = chart_figure(_page_config(rest), source, chart, scale, theme)
    return go.Figure(drawn)


def _asked(rest: Rest, job: Any, metrics: tuple[str, ...]) -> tuple[Any, Any]:
    job_id = rest.find_id(id_of(job))
    query = {"metrics": list(metrics)} if metrics else {}
    shown = rest.get(f"/jobs/{quoted(job_id)}")
    return shown, rest.get(f"/jobs/{quoted(job_id)}/metrics", query)


def id_of(job: Any) -> str:
    """Of an id, a publisher's `Job`, or a row of `jobs()`, whose name is its id."""
    for name in ("id", "name"):
        if not isinstance(job, str) and isinstance(found := getattr(job, name, None), str):
            return found
    if isinstance(job, str):
        return job
    raise DashboardRefused(404, f"a job is named by its id, got {type(job).__name__}")


def url_of(job: Any) -> str | None:
    """Of the dashboard that a publisher's `Job` was found at."""
    told = getattr(job, "url", None)
    return told.partition("/?")[0] if isinstance(told, str) and told.startswith("http") else None


def _page_config(rest: Rest) -> dict[str, Any]:
    """What the page tells its scripts: specifications, colours, texts."""
    found = _store(rest.layout())
    if found is None:
        raise HeimdallError(f"{rest.url} is a page of another version: its charts are not told")
    return found


def _store(node: Any) -> dict[str, Any] | None:
    """The first component of a Dash layout whose data are charts and colours."""
    if isinstance(node, dict):
        props = node.get("props")
        data = props.get("data") if isinstance(props, dict) else None
        if isinstance(data, dict) and {"charts", "colors", "texts"} <= data.keys():
            return data
        node = list(node.values())
    if isinstance(node, list):
        return next((found for part in node if (found := _store(part)) is not None), None)
    return None


def _pandas() -> Any:
    try:
        import pandas
    except ImportError as error:
        raise ImportError("DataFrames need pandas: pip install 'heimdall-dash[read]'") from error
    return pandas
