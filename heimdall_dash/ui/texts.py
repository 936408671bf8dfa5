"""Every text of the page, in one place. `{name}` is filled in by the browser.

To translate the page, replace the values here, and those of the trainer's manifest.
"""

APP = "Heimdall"
TAGLINE = "Live training runs"
SKIP = "Skip to the content"
THEME_LABEL = "Light or dark"
VIEW_LABEL = "View"

TAB_JOBS = "Jobs"
TAB_METRICS = "Metrics"
TAB_COMPARE = "Compare"

JOB_SELECT_LABEL = "Job"
JOB_SELECT_PLACEHOLDER = "Choose a job"
NOTHING_FOUND = "Nothing found"
PROGRESS_LABEL = "Progress of the chosen job"
EXPORT_LABEL = "Download all epochs"
FACTS_TITLE = "Configuration and facts"

SMOOTHING_LABEL = "Smoothing"
X_AXIS_LABEL = "Horizontal axis"
X_AXIS_CHOICES = [("epoch", "Epoch"), ("relative", "Relative time"), ("wall", "Wall time")]
RATE_LABEL = "Update"
RATE_CHOICES = [("live", "Live"), ("1s", "1 s"), ("5s", "5 s"), ("paused", "Paused")]
SCALE_LABEL = "Scale of {title}"
SCALE_CHOICES = [("log", "Log"), ("linear", "Linear")]
SCALE_ALL_LABEL = "All charts"
SCALE_ALL_CHOICES = [("default", "Default"), ("log", "Log"), ("linear", "Linear")]
LINKED_LABEL = "Linked zoom"
NOTIFY_LABEL = "Browser alerts"
RELIABILITY_LABEL = "Epoch to compare with the newest"
ZOOM_HELP = [
    "Drag over a chart to zoom, double-click to follow the newest epoch again.",
    "On a focused chart: + and − zoom in time, ← → ↑ ↓ move, F fits the heights, "
    ", and . read one epoch after the other, 0 or Escape follows the newest epoch.",
    "Enlarge gives a chart the full width; Escape returns it.",
]
VIEWS_LABEL = "Saved view"
VIEW_DEFAULT = "Default"
VIEW_MENU = "⋯"
VIEW_MENU_LABEL = "Save, share and change this view"
VIEW_SAVE = "Save"
VIEW_SAVE_AS = "Save as…"
VIEW_LINK = "Copy link"
VIEW_HIDDEN = "Show hidden charts"
VIEW_RESET = "Arrange as by default"
VIEW_DELETE = "Delete"
VIEW_STORE = "Save this view"
VIEW_NAME_LABEL = "Name"
VIEW_NAME_HELP = "Everybody who looks at runs of this project can choose it."
NEW_CHART = "New chart"
NEW_CHART_TITLE = "Title"
NEW_CHART_METRICS = "Metrics"
NEW_CHART_HELP = (
    "Names, or patterns such as grad/* (* is any text, ? one character). Enter adds one."
)
NEW_CHART_SCALE = "Scale"
NEW_CHART_MAKE = "Make this chart"
NEW_CHART_NONE = "Please choose at least one metric."
CLOSE = "Close"
KEY_FIGURES_LABEL = "Key figures of the newest epoch"
HELP_TITLE = "Reading the charts"
CHARTS_TITLE = "Charts"

JOBS_SEARCH_LABEL = "Search"
JOBS_SEARCH_PLACEHOLDER = "Name, id or status"
JOBS_STATUS_LABEL = "Status"
JOBS_STATUS_PLACEHOLDER = "Any"
JOBS_SORT_LABEL = "Order"
JOBS_SORT_CHOICES = [
    ("status", "Running first"),
    ("newest", "Newest first"),
    ("name", "Name"),
    ("best", "Best validation loss"),
    ("progress", "Furthest along"),
]
CREATE_TITLE = "New training job"

COMPARE_SELECT_LABEL = "Jobs to compare"
COMPARE_SELECT_PLACEHOLDER = "Choose two or more"
COMPARE_METRIC_LABEL = "Metric"
COMPARE_X_LABEL = "Horizontal axis"
COMPARE_X_CHOICES = [("epoch", "Epoch"), ("relative", "Relative time")]
COMPARE_TABLE_TITLE = "Configurations and best values"

STATUS = {
    "pending": "pending",
    "queued": "queued",
    "running": "running",
    "paused": "paused",
    "completed": "completed",
    "failed": "failed",
    "cancelled": "cancelled",
}

UNITS = {
    "m": "Metres (m)",
    "km": "Kilometres (km)",
    "s": "Seconds (s)",
    "ms": "Milliseconds (ms)",
    "µs": "Microseconds (µs)",
    "ns": "Nanoseconds (ns)",
    "min": "Minutes (min)",
    "h": "Hours (h)",
    "%": "Share (%)",
    "dB": "Level (dB)",
    "dBm": "Level (dBm)",
    "Hz": "Frequency (Hz)",
    "kHz": "Frequency (kHz)",
    "MHz": "Frequency (MHz)",
    "°": "Angle (°)",
    "rad": "Angle (rad)",
    "B": "Size (B)",
    "kB": "Size (kB)",
    "MB": "Size (MB)",
    "GB": "Size (GB)",
    "steps": "Steps",
    "fraction": "Fraction",
}

FIELD_NAME = "Name"
"""Label of a new job's name; those of its config come from the trainer's manifest."""

BROWSER: dict[str, str] = {
    "connected": "CONNECTED",
    "connecting": "CONNECTING...",
    "badge_help": "Link to the server, apart from the job's own state",
    "log_scale": "Log Scale",
    "linear_scale": "Linear Scale",
    "axis_epoch": "Epoch",
    "axis_relative": "Time since the first epoch ({unit})",
    "axis_wall": "Wall time (local)",
    "axis_expected": "Expected coverage",
    "expected": "Expected",
    "diagonal": "Perfectly calibrated",
    "raw": "raw",
    "point": "point",
    "points": "points",
    "not_on_log": "{n} not shown on a log axis",
    "gap": "1 gap: no finite value there (shaded)",
    "gaps": "{n} gaps: no finite value there (shaded)",
    "thinned": "{returned} of {total} epochs drawn; minima and maxima kept",
    "mark_best": "Best epoch {epoch}",
    "eta": "about {time} left",
    "no_epoch_yet": "no epoch yet",
    "ago": "{time} ago",
    "value_at_epoch": "{value} · epoch {epoch}",
    "data_age": "last epoch {time} ago",
    "job_label": "{job} ({status}) - Epoch {epochs}",
    "epoch_count": "{current}/{total}",
    "epoch_of": "Epoch {current} of {total}",
    "epoch_at": "Epoch {current}",
    "delivered_all": "all {stored} stored epochs are here",
    "delivered_held": "{held} epochs are here so far",
    "delivered_some": "{held} of {stored} stored epochs are here",
    "best_loss": "Best val. loss",
    "newest_epoch": "Last epoch",
    "created": "Created",
    "stalled": "no sign of life",
    "follow": "Follow",
    "save_png": "Save as PNG",
    "save_svg": "Save as SVG",
    "enlarge": "Enlarge",
    "enlarge_label": "Enlarge {title}",
    "follow_label": "{title}: follow the newest epoch",
    "scale_label": "Scale of {title}",
    "log": "Log",
    "linear": "Linear",
    "chart_keys": "Keys: + − zoom, arrows move, F fits heights, comma and period read epochs, "
    "0 follows the newest epoch.",
    "find_label": "Find charts",
    "find_placeholder": "Title or metric",
    "find_count": "{shown} of {total} charts",
    "find_nothing": "No chart matches this search.",
    "value": "Value",
    "ideal": "Ideal: {value}",
    "key_waiting": "waits for the first epoch",
    "key_within": "within the target of {target}",
    "key_above": "not yet within {target}",
    "key_partner": "predicted {value}",
    "key_partner_ratio": "predicted {value}, {ratio} × as much",
    "key_expected": "calibrated: {expected}, off by {off}",
    "key_best": "best {value} at epoch {epoch}",
    "key_floor": "lowest possible {value}",
    "key_missing": "no value at epoch {epoch}",
    "key_older": "last {value} at epoch {epoch}",
    "view_default": VIEW_DEFAULT,
    "view_hidden": "Show {n} hidden charts",
    "view_saved": "View “{name}” is saved.",
    "view_deleted": "View “{name}” is deleted.",
    "view_name_missing": "Please give the view a name.",
    "view_link_copied": "The link is in the clipboard.",
    "view_link": "The link: {link}",
    "pinned_title": "Pinned",
    "section_count": "{n} charts",
    "more_charts": "Show {n} more charts",
    "chart_menu_label": "More for {title}",
    "pin": "Pin to the top",
    "unpin": "Unpin",
    "hide": "Hide",
    "earlier": "Move forward",
    "later": "Move back",
    "join": "Join with…",
    "join_label": "Chart to lay over {title}",
    "part": "Separate again",
    "remove_chart": "Remove",
    "empty_no_chart": "No metric that a chart could show so far.",
    "empty_ended": "This job is {status}: it ended before its first epoch.",
    "empty_loading": "Loading…",
    "empty_no_job": "No job yet. Start one on the Jobs tab, or with make run.",
    "empty_queued": "Queued: waits for a free worker.",
    "empty_pending": "Pending: waits for the first epoch of the trainer outside.",
    "empty_running": "Waits for the first epoch of {job}.",
    "empty_metric": "Waits for an epoch with {metrics}.",
    "empty_final": "This job published no {metrics}.",
    "empty_so_far": "This job published no {metrics} so far.",
    "empty_compare": "Choose jobs above to lay their curves over one another.",
    "empty_compare_metric": "None of the chosen jobs has this metric yet.",
    "empty_jobs": "No job yet. Open “New training job” above to start one.",
    "empty_filter": "No job matches this search.",
    "more_jobs": "Show {n} more",
    "jobs_count": "{shown} of {total} jobs",
    "open_metrics": "Open",
    "pause": "Pause",
    "resume": "Resume",
    "cancel": "Cancel",
    "delete": "Delete",
    "action_label": "{action} {job}",
    "confirm_cancel": "Cancel “{job}”? It stops for good; its epochs stay.",
    "confirm_delete": "Delete “{job}” with all its epochs? This cannot be undone.",
    "confirm_yes_cancel": "Cancel the job",
    "confirm_yes_delete": "Delete it",
    "confirm_no": "Keep it",
    "action_failed": "{action} was refused: {reason}",
    "server_away": "The server does not answer. Trying again.",
    "store_away": "The store is out of reach. Charts stand still until it is back; "
    "no epoch is lost.",
    "link_refused": "The server ended this connection: {reason} (code {code}).",
    "unknown_job": "This job does not exist, or was deleted.",
    "reason_failed": "The job failed: {message}",
    "alert_stalled": "The trainer gives no sign of life although the job counts as running.",
    "alert_nan": "Not a finite number at epoch {epoch}: {metrics}.",
    "alert_divergence": "The validation loss diverges: {loss}, after {best} at best.",
    "ended_because": "Ended: {reason}",
    "reason_early": "Ended early, at epoch {epoch} of {total}: {reason}",
    "reason_pausing": "Asked to pause; stops after the present batch.",
    "reason_paused": "Paused after epoch {epoch}. Resume goes on from there.",
    "reason_cancelling": "Asked to cancel; stops after the present batch.",
    "reason_cancelled": "Cancelled after epoch {epoch}. Its epochs stay.",
    "reason_cancelled_because": "Cancelled after epoch {epoch}: {reason}",
    "form_name_help": "what people call the job",
    "form_name_missing": "Please give the job a name.",
    "form_more": "More settings",
    "form_submit": "Queue this job",
    "form_sent": "“{job}” is queued.",
    "form_by_scenario": "decided by the trainer",
    "form_loading": "Loading the form…",
    "form_invalid": "Please correct the marked fields.",
    "compare_lower": "Best {metric} (lower is better)",
    "compare_higher": "Best {metric} (higher is better)",
    "compare_target": "{metric} nearest to {target}",
    "compare_lowest": "Lowest {metric}",
    "compare_highest": "Highest {metric}",
    "compare_best": "best",
    "compare_last_row": "Newest {metric}",
    "compare_status": "Status",
    "compare_epoch": "Epoch",
    "compare_same": "Show the {n} settings that agree",
    "compare_differs": "differs",
    "compare_setting": "Setting",
    "facts_config": "Configuration",
    "facts_facts": "Facts",
    "facts_notes": "Notes",
    "note_times": "{note} ({n} such notes, epochs {first} to {last})",
    "note_often": "{note} ({n} such notes)",
    "newest_note": "{note}",
    "newest_note_of": "{note} (newest of {n} notes)",
    "facts_none": "Nothing recorded.",
    "yes": "yes",
    "no": "no",
}
