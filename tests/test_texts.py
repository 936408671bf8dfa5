"""The texts of the page: what the scripts ask for is there."""

import re
from typing import Any

from heimdall_dash.ui.modules import FOLDER
from heimdall_dash.ui.page import page_config

SCRIPTS = "\n".join(path.read_text() for path in sorted(FOLDER.rglob("*.js")))


def test_scripts_ask_for_texts_that_exist() -> None:
    asked = set(re.findall(r"\btexts\.([a-z0-9_]+)\b(?!\()", SCRIPTS)) - {"length"}
    known: Any = page_config()["texts"]
    assert sorted(asked - known.keys()) == []
