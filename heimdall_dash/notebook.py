"""A run in a notebook: its link, and the live page in a frame.

The page decides who may frame it: by default only what comes from this machine.
"""

from html import escape

HEIGHT_PX = 520


def job_html(name: str, state: str, url: str | None) -> str:
    """HTML for a cell's output. url: of the run's page, None while no dashboard was found."""
    head = f"<b>{escape(name)}</b> ({escape(state)})"
    if url is None:
        return f"<p>{head}: no dashboard was found yet; epochs are in the local log.</p>"
    link = escape(url)
    return (
        f'<p>{head}: <a href="{link}" target="_blank" rel="noopener">{link}</a></p>'
        f'<iframe src="{link}" title="{escape(name)}" width="100%" height="{HEIGHT_PX}" '
        f'style="border: 1px solid #8884; border-radius: 6px" loading="lazy"></iframe>'
    )
