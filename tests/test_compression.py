"""What comes compressed, and how: checked with a client that tells what it takes."""

import re

import brotli
import httpx
import pytest

from heimdall_dash.compression import ASSETS
from tests.conftest import Web

PLOTLY = "/assets/vendor/plotly-basic.min.js"


def test_every_pressed_file_holds_what_the_file_beside_it_holds() -> None:
    pressed = list(ASSETS.rglob("*.br"))
    assert [path.name for path in pressed] == ["plotly-basic.min.js.br"]
    for path in pressed:  # brotli.compress(…, quality=11, lgwin=24)
        assert brotli.decompress(path.read_bytes()) == path.with_suffix("").read_bytes()


@pytest.mark.parametrize(
    ("taken", "encoding", "most_bytes"),
    [
        ("gzip, deflate, br, zstd", "br", 335_000),
        ("zstd", "zstd", 380_000),
        ("gzip, br;q=0", "gzip", 420_000),
        ("identity", None, 1_200_000),
    ],
)
def test_a_large_script_comes_as_the_client_takes_it(
    web: Web, taken: str, encoding: str | None, most_bytes: int
) -> None:
    with httpx.stream("GET", web.url + PLOTLY, headers={"Accept-Encoding": taken}) as answer:
        wire = sum(len(part) for part in answer.iter_raw())
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["content-type"].startswith("text/javascript")
    assert wire <= most_bytes
    text = httpx.get(web.url + PLOTLY, headers={"Accept-Encoding": taken}).content
    assert text == (ASSETS / "vendor" / "plotly-basic.min.js").read_bytes()


def test_answers_and_files_are_compressed(web: Web) -> None:
    for path in ("/openapi.json", "/assets/style.css", "/_dash-layout"):
        answer = httpx.get(web.url + path, headers={"Accept-Encoding": "gzip"})
        assert answer.headers["content-encoding"] == "gzip", path


def test_first_page_loads_less_than_900_kilobytes(web: Web) -> None:
    """It took 1,150 with dcc and a polyfill, which only a note in Markdown needs here."""
    page = httpx.get(web.url).text
    found = re.findall(r'<(?:script src|link [^>]*href)="([^"]+)"', page)
    assert len(found) > 100
    assert not [path for path in found if re.search("dash_core|polyfill|dash_table|ag_grid", path)]
    wire = 0
    with httpx.Client(base_url=web.url, headers={"Accept-Encoding": "br, zstd"}) as client:
        for path in ("/", "/_dash-layout", "/_dash-dependencies", *found):
            answer = client.get(path)
            assert answer.status_code == 200, path
            wire += answer.num_bytes_downloaded + 300  # headers, as browsers count them
    assert 600_000 < wire < 890_000
