"""REST for saved views: by project and name, checked, bounded, seen by everybody."""

from typing import Any

import httpx
import pytest

from heimdall_dash.store import views as stored
from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.keys import VIEWS
from heimdall_dash.store.store import Store

VIEW = {
    "pinned": ["other:acc"],
    "hidden": ["other:gpu*/util"],
    "order": {"": ["loss-chart", "other:acc"]},
    "joined": {"other:loss": ["other:acc"]},
    "charts": [{"title": "Gradients", "metrics": ["grad/*"], "unit": None, "scale": "log"}],
    "scales": {"loss-chart": "log"},
    "smoothing": 0.6,
    "x_axis": "relative",
}
EMPTY: dict[str, Any] = {
    "pinned": [], "hidden": [], "order": {}, "joined": {}, "charts": [], "scales": {},
    "smoothing": 0.0, "x_axis": "epoch",
}  # fmt: skip


@pytest.fixture(autouse=True)
def no_views(valkey: EmbeddedStore) -> None:
    """The server is every test's of this process: another may have left views."""
    store = Store(valkey.url)
    store.call(lambda client: client.delete(VIEWS))
    store.close()


def test_view_is_kept_by_project_and_name(client: httpx.Client) -> None:
    assert client.get("/views").json() == {"views": []}
    put = client.put("/views/mine", json=VIEW)
    assert (put.status_code, put.json()["view"]) == (200, VIEW)
    client.put("/views/a%2Fb ü", params={"project": "vision"}, json={}).raise_for_status()
    assert client.get("/views").json() == {"views": ["mine"]}
    assert client.get("/views", params={"project": "vision"}).json() == {"views": ["a/b ü"]}
    found = client.get("/views/a%2Fb ü", params={"project": "vision"}).json()
    assert found == {"name": "a/b ü", "project": "vision", "view": EMPTY}
    assert client.get("/views/mine").json()["view"] == VIEW
    assert client.get("/views/mine", params={"project": "vision"}).status_code == 404

    client.put("/views/mine", json={"smoothing": 0.5}).raise_for_status()
    assert client.get("/views/mine").json()["view"] == EMPTY | {"smoothing": 0.5}
    assert client.delete("/views/mine").status_code == 204
    assert client.delete("/views/mine").status_code == 404
    assert client.get("/views/mine").json()["detail"] == "there is no view 'mine'"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"pinned": "all"}, "pinned"),
        ({"hidden": [""]}, "hidden"),
        ({"smoothing": 1}, "smoothing"),
        ({"scales": {"a": "cubic"}}, "scales"),
        ({"x_axis": "moon"}, "x_axis"),
        ({"charts": [{"title": "", "metrics": ["a"]}]}, "charts"),
        ({"colour": "red"}, "colour"),
        ([], "body"),
    ],
)
def test_impossible_view_is_refused_by_field(client: httpx.Client, body: Any, field: str) -> None:
    answer = client.put("/views/wrong", json=body)
    assert answer.status_code == 422
    assert field in str(answer.json()["detail"])
    assert client.get("/views/wrong").status_code == 404


def test_views_are_bounded_in_name_size_and_number(
    client: httpx.Client, valkey: EmbeddedStore
) -> None:
    assert client.put(f"/views/{'x' * 81}", json={}).status_code == 422
    assert client.put("/views/%20x", json={}).status_code == 422
    large = {"pinned": ["c" * 400 + str(i) for i in range(300)]}
    assert client.put("/views/large", json=large).status_code == 413
    assert client.put("/views/x", content=b"{").status_code == 400
    store = Store(valkey.url)
    fields = {f'[null, "v{i}"]': "{}" for i in range(stored.MAX_VIEWS)}
    store.call(lambda connection: connection.hset(VIEWS, mapping=fields))
    refused = client.put("/views/one more", json={})
    assert refused.status_code == 409
    assert "500 views" in refused.json()["detail"]
    assert client.put("/views/v7", json=VIEW).status_code == 200
    store.call(lambda connection: connection.hset(VIEWS, '[null, "broken"]', "{"))
    store.call(lambda connection: connection.hset(VIEWS, "broken", "{}"))
    assert client.get("/views/broken").status_code == 404
    assert len(client.get("/views").json()["views"]) == stored.MAX_VIEWS + 1
    store.close()
