"""Viewers of all jobs; more of them in `test_plain.py`."""

from pathlib import Path

from heimdall_dash.store.embedded import EmbeddedStore
from tests.conftest import Web, web_settings
from tests.viewers import Viewer


def test_viewer_of_all_jobs_is_told_when_the_store_goes_and_comes_back(
    own_valkey: EmbeddedStore, tmp_path: Path
) -> None:
    with (
        Web(web_settings(own_valkey.url, tmp_path / "web")) as web,
        Viewer(web.ws_url, framed=True) as viewer,
    ):
        viewer.next_of("sync")
        own_valkey.stop()
        away = viewer.next_of("store", timeout_s=20)
        viewer.ack(away)
        own_valkey.start()
        back = viewer.next_of("store", timeout_s=20)
    assert (away["available"], back["available"]) == (False, True)
