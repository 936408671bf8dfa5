"""The texts of the page: what the scripts ask for is there."""

import re
from pathlib import Path
from typing import Any

from heimdall_dash.training import LOCAL_FIELDS, TrainingConfig
from heimdall_dash.ui import texts
from heimdall_dash.ui.page import page_config

ASSETS = Path(__file__).parent.parent / "heimdall_dash" / "assets"
SCRIPTS = "\n".join(path.read_text() for path in sorted(ASSETS.glob("*.js")))


def test_every_field_of_the_form_has_a_label() -> None:
    only_with_a_dataset = {"val_fraction"}
    asked = TrainingConfig.model_fields.keys() - LOCAL_FIELDS - only_with_a_dataset
    assert texts.FIELDS.keys() == asked | {"job_name"}


def test_scripts_ask_for_texts_that_exist() -> None:
    asked = set(re.findall(r"\btexts\.([a-z0-9_]+)", SCRIPTS)) - {"length"}
    known: Any = page_config()["texts"]
    assert sorted(asked - known.keys()) == []
