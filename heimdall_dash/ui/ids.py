"""Ids of the page that something outside its own file refers to: callbacks, scripts, tests."""

PAGE_CONFIG = "page-config"
SOCKET = "socket"

TABS = "tabs"
THEME_TOGGLE = "theme-toggle"
BANNERS = "banners"

JOBS_LIST = "jobs-list"
JOBS_SEARCH = "jobs-search"
JOBS_STATUS = "jobs-status"
JOBS_SORT = "jobs-sort"
CREATE_JOB = "create-job"

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
CHART_FILTER = "chart-filter"
CHARTS = "charts"
OTHER_CHARTS = "other-charts"

COMPARE_SELECT = "compare-select"
COMPARE_METRIC = "compare-metric"
COMPARE_X = "compare-x"
COMPARE_CHART = "compare-chart"
COMPARE_TABLE = "compare-table"


def scale(chart_id: str) -> str:
    """Id of a chart's log/linear toggle."""
    return f"scale-{chart_id}"
