"""Every text of the page, in one place. `{name}` is filled in by the browser.

To translate the page, replace the values here, and those of the trainer's manifest.
"""

APP = "Heimdall"
TAGLINE = "Live training runs"
SKIP = "Skip to the content"
THEME_LABEL = "Light or dark"
LOG_OUT = "Sign out"
VIEW_LABEL = "View"
MORE_VIEW = "More"
MORE_VIEW_LABEL = "More of the view"
DRAWER = "View"

TAB_JOBS = "Jobs"
TAB_METRICS = "Metrics"

JOB_SELECT_LABEL = "Job"
JOB_SELECT_PLACEHOLDER = "Choose a job"
NOTHING_FOUND = "Nothing found"
PROGRESS_LABEL = "Progress of the chosen job"
EXPORT_LABEL = "Download all epochs"
FACTS_TITLE = "Config and facts"

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
    "On a focused chart: ← and → read one epoch after the other, with Shift ten; + and − zoom in "
    "time, < > ↑ ↓ move, F lets the heights follow, 0 or Escape follows the newest epoch.",
    "On a touch screen one finger scrolls, two zoom, and a tap reads the values.",
    "Enter on a focused chart opens its menu: scale, full width, place, pictures. Escape returns a "
    "chart from the full width.",
    "Anywhere: / goes to the search, ? comes here.",
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
JOBS_SEARCH_PLACEHOLDER = "Words, or lr < 0.01, tag:best, -failed"
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
RUNS_TITLE = "All runs"
RUNS_COLUMNS_LABEL = "Choose columns"
RUNS_DIFFER_LABEL = "Only what differs"
RUNS_HIDDEN_LABEL = "Hidden runs too"
PARAMETERS_TITLE = "Parameters against the key metric"
ORGANISE_TITLE = "Name, tags and notes"
RENAME_LABEL = "Name"
TAGS_LABEL = "Tags"
GROUP_LABEL = "Group"
NOTES_LABEL = "Notes (Markdown)"
CREATE_TITLE = "New training job"
FORM_NAME_HELP = "what people call the job"
FORM_NAME_MISSING = "Please give the job a name."
FORM_MORE = "More settings"
FORM_SUBMIT = "Queue this job"
FORM_SENT = "“{job}” is queued."
FORM_OPEN = "Its page"
FORM_UNSET = "decided by the trainer"
FORM_INVALID = "Please correct the marked fields."
FORM_ALLOWED = "Allowed: {allowed}"
FORM_RANGE = "{least} to {most}"
FORM_FROM = "{value} or more"
FORM_TO = "{value} or less"
FORM_ABOVE = "more than {value}"
FORM_BELOW = "less than {value}"
FORM_NO_TRAINER = (
    "No trainer is installed here, so no job can be queued. "
    "Runs from elsewhere appear by themselves."
)

ALERT_RULES = "Alert rules…"
RULES_TITLE = "Alert rules"
RULES_HELP = "Looked at every few seconds on the server, also with no page open."
RULES_TOLD = "Told on the run's page, and to {receivers}."
RULES_UNTOLD = (
    "Told on the run's page alone: HEIMDALL_ALERT_URLS names webhooks and services to be told too."
)
RULES_NONE = "No rule yet."
RULE_NAME = "Name"
RULE_METRIC = "Metric"
RULE_METRIC_HELP = "a name, or a pattern such as grad/*"
RULE_WHEN = "Tell when it is"
RULE_WHEN_CHOICES = [
    ("<", "below"), ("<=", "at most"), (">", "above"), (">=", "at least"),
    ("==", "equal to"), ("!=", "other than"),
]  # fmt: skip
RULE_VALUE = "Value"
RULE_FOR = "For how many values in a row"
RULE_OF = "Of"
RULE_OF_CHOICES = [("job", "this run"), ("project", "its project"), ("any", "all runs")]
RULE_ADD = "Add rule"
RULE_MISSING = "Needed"
RULE_VALUES = "for {n} values"
RULE_SECONDS = "for {n:g} s"
RULE_THIS = "this run"
RULE_JOB = "run {job}"
RULE_PROJECT = "project {project}"
RULE_ANY = "all runs"
RULE_DROP = "Take away the rule {name}"

RUN_ADD_LABEL = "More runs"
RUN_ADD_PLACEHOLDER = "Lay over…"
RUN_PICKS_LABEL = "Runs on the charts"
GROUP_BY_LABEL = "Group runs by"
GROUP_KEY_LABEL = "Which line is which group"
GROUP_BY_NONE = "A line each"
GROUP_BAND_LABEL = "Band"
GROUP_BAND_CHOICES = [("range", "min–max"), ("sd", "±1 sd")]
FIND_LABEL = "Find charts"
FIND_PLACEHOLDER = "Title or metric"
GOTO_LABEL = "Go to epoch"
READOUT_LABEL = "Exact values at the crosshair"

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
    "app": APP,
    "connected": "CONNECTED",
    "connecting": "CONNECTING...",
    "runs_count": "{shown} of {total} runs, {picked} selected",
    "runs_show": "Show together",
    "runs_csv": "CSV of the table",
    "runs_export": "Copy export command",
    "runs_tag": "Tag",
    "runs_group": "Group",
    "runs_hide": "Hide",
    "runs_unhide": "Show again",
    "runs_delete": "Delete",
    "runs_question": "Delete {n} runs?",
    "runs_yes": "Yes, delete",
    "runs_keep": "Keep",
    "runs_undo": "Undo",
    "run_going": "{n} run is deleted in {seconds} s",
    "runs_going": "{n} runs are deleted in {seconds} s",
    "runs_failed": "{n} of the runs could not be changed: {reason}",
    "runs_last": "{metric}, last",
    "runs_best": "{metric}, best",
    "runs_state": "State",
    "runs_name": "Name",
    "runs_progress": "Progress",
    "runs_tags": "Tags",
    "runs_created": "Created",
    "runs_duration": "Duration",
    "parameters_none": "Select at least three runs that differ in a parameter and have the metric.",
    "parameters_of": "{n} runs against {metric}",
    "parameters_rank": "{name}: rank correlation {rho}",
    "parameters_brush": "Drag along an axis to keep the runs inside; click it to let all in again.",
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
    "save_csv": "Save values as CSV",
    "enlarge": "Enlarge",
    "shrink": "Own size again",
    "enlarge_label": "Enlarge {title}",
    "follow_label": "{title}: follow the newest epoch",
    "scale_label": "Scale of {title}",
    "log": "Log",
    "linear": "Linear",
    "chart_keys": "Keys: left and right read epochs, + − zoom, < > and up and down move, "
    "F lets the heights follow, 0 follows the newest epoch, Enter opens what else there is.",
    "find_count": "{shown} of {total} charts",
    "find_nothing": "No chart found",
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
    "empty_hidden": "Every run is hidden: the line beside a run's name shows it again.",
    "empty_no_job": "No job yet. Start one on the Jobs tab, or with make run.",
    "empty_queued": "Queued: waits for a free worker.",
    "empty_pending": "Pending: waits for the first epoch of the trainer outside.",
    "empty_running": "Waits for the first epoch of {job}.",
    "empty_metric": "Waits for an epoch with {metrics}.",
    "empty_final": "This job published no {metrics}.",
    "empty_so_far": "This job published no {metrics} so far.",
    "empty_jobs": "No job yet. Open “New training job” above to start one.",
    "empty_filter": "No job matches this search.",
    "more_jobs": "Show {n} more",
    "jobs_count": "{shown} of {total} jobs",
    "jobs_count_cards": "{shown} of {total} jobs: what goes on, or has just ended. Below are all.",
    "open_metrics": "Open",
    "pause": "Pause",
    "resume": "Resume",
    "cancel": "Cancel",
    "delete": "Delete",
    "action_label": "{action} {job}",
    "confirm_cancel": "Cancel “{job}”? It stops for good; its epochs stay.",
    "confirm_delete": "Delete “{job}” with all its epochs? It can be undone for a minute.",
    "delete_going": "“{job}” is deleted in a minute. Undo stands above the table of all runs.",
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
    "pick_eye": "Show or hide {job}",
    "pick_remove": "Take {job} off the charts",
    "pick_unknown": "not there",
    "pick_loading": "loading",
    "pick_most": "{n} runs at most stand on the charts; {left} more were left out.",
    "group_none": "A line each",
    "group_group": "Group",
    "group_tag": "Tag",
    "group_config": "Config: {name}",
    "group_without": "none",
    "group_runs": "{n} runs",
    "group_run": "1 run",
    "group_note": "mean of each group; band: {band}",
    "band_range": "min–max",
    "band_sd": "±1 sd",
    "more_runs": "{n} runs",
    "axis_relative_run": "Time since each run's first epoch ({unit})",
    "readout_none": "no value",
    "readout_by_chart": "By chart",
    "readout_by_value": "By value",
    "readout_close": "Close",
    "readout_sort": "Order",
    "readout_near": "nearest to {epoch}",
    "readout_more": "{n} more values: scroll, or hide runs",
    "smoothing_value": "Smoothing {weight}",
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
