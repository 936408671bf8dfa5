"""What the dashboard is told of this trainer fits what the trainer does."""

import json
from pathlib import Path

from heimdall_dash.ui.create_form import form_fields
from heimdall_dash.ui.page import page_config
from trainer.config import TrainingConfig
from trainer.manifest import MANIFEST

GOLDEN = Path(__file__).parents[1] / "golden"

PRESETS = {
    "loss-chart", "rmse-chart", "learning-rate-chart", "distance-error-chart", "percentiles-chart",
    "uncertainty-chart", "reliability-chart", "gdop-chart", "gradient-chart",
}  # fmt: skip


def test_charts_are_the_nine_presets() -> None:
    assert {chart.id for chart in MANIFEST.charts} == PRESETS


def test_every_field_of_the_form_has_a_label() -> None:
    shown = TrainingConfig.model_fields.keys() - MANIFEST.local_fields - MANIFEST.hidden_fields
    assert MANIFEST.labels.keys() == shown
    assert set(MANIFEST.first_fields) <= shown
    assert MANIFEST.config_schema()["properties"].keys() == shown | MANIFEST.hidden_fields


def test_no_metric_is_described_twice() -> None:
    charted = {line.metric for chart in MANIFEST.charts for line in chart.lines}
    assert not charted & MANIFEST.known_metrics.keys()


def test_page_is_told_in_json() -> None:
    told = json.loads(json.dumps(page_config(MANIFEST), allow_nan=False))
    assert told["directions"]["coverage_68"] == 0.68
    assert told["card"]["label"] == "Last p68"


def test_form_asks_for_nothing_that_is_a_machine_s_own() -> None:
    asked = {field.name for field in form_fields(MANIFEST)}
    assert asked.isdisjoint({"dataset", "receivers", "val_fraction"})
    assert {"epochs", "learning_rate", "batch_size"} <= asked


def test_golden_rules_are_those_that_the_page_is_told() -> None:
    """The browser's own tests read the same file."""
    golden = json.loads((GOLDEN / "rules.json").read_text())
    told = page_config(MANIFEST)
    assert {name: told[name] for name in golden} == golden
    assert list(told["legal"]) == list(golden["legal"])  # the order of the buttons
