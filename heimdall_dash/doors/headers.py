"""What every answer tells the browser: no sniffing, no framing by others, no foreign code."""

from collections.abc import Callable, Iterable

from starlette.types import Message, Scope, Send

# Files of the program itself, the same for everybody: they may be kept.
OPEN_FILES = ("/assets/", "/browser/", "/_dash-component-suites/", "/docs-files/")

NO_SNIFFING = (b"x-content-type-options", b"nosniff")
# What is said of a document says nothing about these, of which the page loads a hundred: 60 kB.
NO_DOCUMENTS = (b"text/javascript", b"application/javascript", b"text/css", b"font/")
DOCUMENTS = [
    NO_SNIFFING,
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"referrer-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
]


def content_policy(script_hashes: Iterable[str]) -> bytes:
    """Scripts come from here alone, and nothing is evaluated.

    script_hashes: of the scripts that stand in the page itself, `'sha256-…'`
    """
    rules = {
        "default-src": "'self'",
        "script-src": " ".join(["'self'", *script_hashes]),
        "style-src": "'self' 'unsafe-inline'",  # Plotly and Mantine write styles at elements
        "img-src": "'self' data: blob:",  # a chart saved as PNG
        "font-src": "'self' data:",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'self'",
    }
    return "; ".join(f"{name} {sources}" for name, sources in rules.items()).encode()


def with_headers(
    scope: Scope, send: Send, policy: Callable[[], bytes], *, needs_token: bool
) -> Send:
    async def with_them(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = list(message["headers"])
            said = {name.lower(): value for name, value in given}
            more = [NO_SNIFFING]
            if not said.get(b"content-type", b"").startswith(NO_DOCUMENTS):
                more = [*DOCUMENTS, (b"content-security-policy", policy())]
            if needs_token and not scope["path"].startswith(OPEN_FILES):
                more.append((b"cache-control", b"no-store"))
            given += [one for one in more if one[0] not in said]
            message["headers"] = given
        await send(message)

    return with_them
