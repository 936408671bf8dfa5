"""The browser's modules as the server hands them out."""

import json
import re
import subprocess
from pathlib import Path

import httpx
import pytest

from heimdall_dash.ui.modules import FOLDER, LAZY, module_names, served, version
from tests.conftest import Web


def preloaded(web: Web) -> list[str]:
    page = httpx.get(web.url)
    return re.findall(r'<link rel="modulepreload"[^>]* href="([^"]+)"', page.text)


def test_index_preloads_every_module_and_names_the_way_in(web: Web) -> None:
    paths = preloaded(web)
    assert paths == [f"/browser/{version()}/{name}" for name in module_names() if name not in LAZY]
    assert f'id="browser-main" href="/browser/{version()}/main.js"' in httpx.get(web.url).text


def test_modules_are_kept_for_ever_and_run_by_browsers_that_do_not_guess_types(web: Web) -> None:
    for path in preloaded(web):
        answer = httpx.get(web.url + path)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.content == served(path.split("/", 3)[3])


# Prints the words of each file, without comments, as Node's own parser reads them.
WORDS = """
const { parse } = require("internal/deps/acorn/acorn/dist/acorn");
const { readFileSync } = require("node:fs");
const words = (path) => {
  const onToken = [];
  parse(readFileSync(path, "utf8"), { ecmaVersion: "latest", sourceType: "module", onToken });
  return onToken.map(({ type, value }) => [type.label, value?.pattern ?? String(value)]);
};
console.log(JSON.stringify(process.argv.slice(1).map(words)));
"""


def test_modules_come_without_most_comments_and_are_the_same_programs(tmp_path: Path) -> None:
    pairs = []
    for name in module_names():
        copy = tmp_path / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(served(name))
        pairs += [FOLDER / name, copy]
        text, own = copy.read_text(), (FOLDER / name).read_text()
        assert "/**\n" not in text
        assert text.count("\n") == own.count("\n")
    node = Path(__file__).parents[1] / "scripts" / "node.sh"
    call = [node, "--expose-internals", "--no-warnings", "-e", WORDS, *pairs]
    words = json.loads(subprocess.run(call, capture_output=True, check=True, text=True).stdout)
    for name, own, copied in zip(module_names(), words[::2], words[1::2], strict=True):
        assert copied == own, name


def test_modules_are_compressed(web: Web) -> None:
    path = f"/browser/{version()}/series/columns.js"
    answer = httpx.get(web.url + path, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"


@pytest.mark.parametrize("path", ["/browser/", "/browser/0123456789abcdef/main.js"])
def test_another_version_is_not_there(web: Web, path: str) -> None:
    answer = httpx.get(web.url + path, follow_redirects=True)
    assert (answer.status_code, "cache-control" in answer.headers) == (404, False)


@pytest.mark.parametrize(
    "name", ["", "wire", "wire/none.js", "../assets/style.css", "%2e%2e/py.typed"]
)
def test_nothing_but_modules_is_there(web: Web, name: str) -> None:
    raw = httpx.URL(f"{web.url}/browser/{version()}/{name}")
    assert httpx.get(raw).status_code == 404


def test_dash_does_not_load_modules_by_itself(web: Web) -> None:
    scripts = re.findall(r'<script[^>]* src="([^"]+)"', httpx.get(web.url).text)
    assert not [path for path in scripts if "browser/" in path]
    assert (
        len(
            [
                path
                for path in scripts
                if "/heimdall.js" in path or path.startswith("assets/heimdall")
            ]
        )
        <= 1
    )
