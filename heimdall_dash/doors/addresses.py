"""Addresses as the page and its proxy see them: the path that a proxy serves us under, and a token
in an address, which is taken out of it."""

from urllib.parse import parse_qsl, quote, urlencode

from starlette.types import Scope

from heimdall_dash.addresses import PREFIX


def page_path(scope: Scope, prefix: str) -> Scope:
    """The scope with its path as this server knows it: some proxies leave the prefix, others take
    it away."""
    path = scope["path"]
    if prefix != "/" and (path + "/").startswith(prefix):
        path = "/" + path[len(prefix) :]
        return {**scope, "path": path, "raw_path": quote(path).encode(), PREFIX: prefix}
    return {**scope, PREFIX: prefix}


def without_token(scope: Scope) -> tuple[str, list[str]]:
    """Path and query without `token`, and what `token` said."""
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    rest = urlencode([(name, value) for name, value in query if name != "token"])
    path = scope.get("raw_path") or scope["path"].encode()
    place = path.decode("latin-1").partition("?")[0] + (f"?{rest}" if rest else "")
    return place, [value for name, value in query if name == "token"]
