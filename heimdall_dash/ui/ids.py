"""Ids of the page that something outside its own file refers to: callbacks, scripts, tests."""

from typing import Any

PAGE_CONFIG = "page-config"
SOCKET = "socket"

TABS = "tabs"
THEME_TOGGLE = "theme-toggle"
LOG_OUT = "log-out"
BANNERS = "banners"

JOBS_LIST = "jobs-list"
JOBS_SEARCH = "jobs-search"
JOBS_STATUS = "jobs-status"
JOBS_SORT = "jobs-sort"
CREATE_JOB = "create-job"
CREATE_OPEN = "create-open"
CREATE_MORE = "create-more"
CREATE_SUBMIT = "create-submit"
CREATE_MESSAGE = "create-message"
CREATED_JOB = "created-job"
NOTICES = "notices"
CONFIRM_DIALOG = "confirm-dialog"
CONFIRM_YES = "confirm-yes"
CONFIRM_NO = "confirm-no"

RUNS_TABLE = "runs-table"
RUNS_WANTED = "runs-wanted"
RUNS_PLACE = "runs-place"
RUNS_COLUMNS = "runs-columns"
RUNS_COLUMNS_DETAILS = "runs-columns-details"
RUNS_DIFFER = "runs-differ"
RUNS_HIDDEN = "runs-hidden"
RUNS_ACTIONS = "runs-actions"
PARAMETERS = "parameters"
PARAMETERS_DETAILS = "parameters-details"

JOB_RENAME = "job-rename"
JOB_TAGS = "job-tags"
JOB_GROUP = "job-group"
JOB_NOTES = "job-notes"
JOB_NOTES_SHOWN = "job-notes-shown"

JOB_SELECT = "job-select"
JOB_STATUS = "job-status"
JOB_PROGRESS = "job-progress"
JOB_FACTS = "job-facts"
CONNECTION_BADGE = "connection-badge"
DATA_AGE = "data-age"
EXPORT_CSV = "export-csv"
EXPORT_JSON = "export-json"

SMOOTHING = "smoothing"
X_AXIS = "x-axis"
UPDATE_RATE = "update-rate"
SCALE_ALL = "scale-all"
LINKED_ZOOM = "linked-zoom"
NOTIFY = "notify"
RELIABILITY_EPOCH = "reliability-epoch"
KEY_FIGURES = "key-figures"
VIEWS = "views"
VIEW_SAVE = "view-save"
VIEW_SAVE_AS = "view-save-as"
VIEW_LINK = "view-link"
VIEW_HIDDEN = "view-hidden"
VIEW_RESET = "view-reset"
VIEW_DELETE = "view-delete"
VIEW_DIALOG = "view-dialog"
VIEW_NAME = "view-name"
VIEW_STORE = "view-store"
VIEW_SAID = "view-said"
NEW_CHART = "new-chart"
NEW_CHART_DIALOG = "new-chart-dialog"
NEW_CHART_TITLE = "new-chart-title"
NEW_CHART_METRICS = "new-chart-metrics"
NEW_CHART_SCALE = "new-chart-scale"
NEW_CHART_MAKE = "new-chart-make"
NEW_CHART_MADE = "new-chart-made"
CHART_FILTER = "chart-filter"
CHART_SEARCH = "chart-search"
CHARTS = "charts"
OTHER_CHARTS = "other-charts"
PREDICTIONS = "predictions"

ALERT_RULES = "alert-rules"
RULES_DIALOG = "rules-dialog"
RULES_LIST = "rules-list"
RULES_SCOPE = "rules-scope"
RULE_NAME = "rule-name"
RULE_METRIC = "rule-metric"
RULE_WHEN = "rule-when"
RULE_VALUE = "rule-value"
RULE_FOR = "rule-for"
RULE_OF = "rule-of"
RULE_ADD = "rule-add"
RULE_MESSAGE = "rule-message"

RUN_ADD = "run-add"
RUN_PICKS = "run-picks"
GROUP_BY = "group-by"
GROUP_BAND = "group-band"
EPOCH_READOUT = "epoch-readout"
GOTO_EPOCH = "goto-epoch"


def scale(chart_id: str) -> str:
    """Id of a chart's log/linear toggle."""
    return f"scale-{chart_id}"


def drop_rule(name: Any) -> dict[str, Any]:
    """Id of the button that takes an alert rule away."""
    return {"type": "drop-rule", "name": name}


def new_job(name: Any) -> dict[str, Any]:
    """Id of a field of the form for a new job; with dash's ALL of all of them."""
    return {"type": "new-job", "name": name}


def new_job_switch(name: Any) -> dict[str, Any]:
    """Likewise of a switch, whose value is another property."""
    return {"type": "new-job-switch", "name": name}
