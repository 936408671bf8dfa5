"""A run in a notebook: its link, and the live page, or one of its charts, in a frame.

The page decides who may frame it: by default only what comes from this machine.
"""

from dataclasses import dataclass
from html import escape
from urllib.parse import quote

HEIGHT_PX = 520
CHART_HEIGHT_PX = 420


def job_html(name: str, state: str, url: str | None) -> str:
    """HTML for a cell's output. url: of the run's page, None while no dashboard was found."""
    head = f"<b>{escape(name)}</b> ({escape(state)})"
    if url is None:
        return f"<p>{head}: no dashboard was found yet; epochs are in the local log.</p>"
    link = escape(url)
    return f'<p>{head}: <a href="{link}" target="_blank" rel="noopener">{link}</a></p>' + _frame(
        url, name, HEIGHT_PX
    )


@dataclass(frozen=True)
class LiveChart:
    """One chart of a run's page, live, as a cell's output; `url` is its address for any frame."""

    name: str
    chart: str
    url: str | None

    def _repr_html_(self) -> str:
        if self.url is None:
            return job_html(self.name, self.chart, None)
        return _frame(self.url, f"{self.name}: {self.chart}", CHART_HEIGHT_PX)


def live_chart(name: str, url: str | None, chart: str) -> LiveChart:
    """chart: a chart's id on the page, or a metric's name; url: of the run's page."""
    return LiveChart(name, chart, None if url is None else f"{url}&embed={quote(chart, safe='')}")


def _frame(url: str, title: str, height_px: int) -> str:
    return (
        f'<iframe src="{escape(url)}" title="{escape(title)}" width="100%" height="{height_px}" '
        f'style="border: 1px solid #8884; border-radius: 6px" loading="lazy"></iframe>'
    )
