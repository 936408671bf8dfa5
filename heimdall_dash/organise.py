"""Put runs in order from a script or a notebook, as one does on the page; seen at once by everybody
who looks.

from heimdall_dash import organise
organise.change("a72a2296", tags=["baseline"], group="ablation", notes="without **warm-up**")
"""

from typing import Any

from heimdall_dash.read import id_of, url_of
from heimdall_dash.rest import Rest, quoted

KEEP: Any = object()  # what is not named stays as it is


def change(
    job: Any,
    *,
    name: str = KEEP,
    tags: list[str] | None = KEEP,
    group: str | None = KEEP,
    notes: str | None = KEEP,
    is_hidden: bool = KEEP,
    url: str | None = None,
) -> dict[str, Any]:
    """Rename, tag, group, note in Markdown or hide a job: any of them; None takes away.

    job: an id or its beginning, a `Job`, a row of `read.jobs()`. tags: all that it has from then
    on. url: of the dashboard, found as `read` finds it. Returns the job as it is now. Raises
    DashboardRefused for what cannot be, DashboardUnavailable.
    """
    wanted = {
        "job_name": name, "tags": tags, "group": group, "notes": notes, "is_hidden": is_hidden,
    }  # fmt: skip
    body = {field: value for field, value in wanted.items() if value is not KEEP}
    rest = Rest.find(url or url_of(job))
    changed: dict[str, Any] = rest.change(f"/jobs/{quoted(rest.find_id(id_of(job)))}", body)
    return changed
