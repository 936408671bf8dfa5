"""The page where the token is shown once: a plain form, in light and dark, without a script."""

from html import escape
from urllib.parse import parse_qs

from starlette.types import Receive, Scope

from heimdall_dash.doors.scopes import header

LOGIN, LOGOUT = "/login", "/logout"
MAX_FORM_BYTES = 16 * 1024
MAX_THEN = 8000  # characters of the address to go on to

PAGE = """<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>Sign in · Heimdall Dash</title>
    <link rel="icon" type="image/svg+xml" href="data:,">
    <style>
      :root {{ color-scheme: light dark; --text: #212529; --muted: #5c636a; --paper: #fff;
        --back: #f8f9fa; --line: #868e96; --button: #3b5bdb; --wrong: #c92a2a; }}
      @media (prefers-color-scheme: dark) {{ :root {{ --text: #d5d9de; --muted: #a3a9b1;
        --paper: #1b1e24; --back: #14161a; --line: #6c757d; --button: #4263eb;
        --wrong: #ff8787; }} }}
      * {{ box-sizing: border-box; }}
      body {{ margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem;
        background: var(--back); color: var(--text);
        font: 1rem/1.5 Inter, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }}
      main {{ width: min(24rem, 100%); padding: 2rem; border-radius: .75rem;
        background: var(--paper); box-shadow: 0 1px 8px rgb(0 0 0 / .15); }}
      h1 {{ margin: 0 0 .25rem; font-size: 1.4rem; font-weight: 650; }}
      p {{ margin: 0 0 1.25rem; color: var(--muted); }}
      p[role=alert] {{ color: var(--wrong); }}
      label {{ display: block; font-weight: 600; margin-bottom: .25rem; }}
      input, button {{ width: 100%; min-height: 2.75rem; font: inherit; border-radius: .5rem; }}
      input {{ padding: 0 .75rem; border: 1px solid var(--line); background: transparent;
        color: inherit; }}
      button {{ margin-top: 1rem; border: 0; background: var(--button); color: #fff;
        font-weight: 600; cursor: pointer; }}
      :focus-visible {{ outline: 3px solid var(--button); outline-offset: 2px; }}
    </style>
  </head>
  <body>
    <main>
      <h1>Heimdall Dash</h1>
      <p id="hint">This dashboard asks for the token that it was started with
        (<code>HEIMDALL_TOKEN</code>).</p>
      {problem}
      <form method="post" action="{action}">
        <input type="hidden" name="then" value="{then}">
        <label for="token">Token</label>
        <input id="token" name="token" type="password" required autofocus
          autocomplete="current-password" aria-describedby="hint"{invalid}>
        <button type="submit">Sign in</button>
      </form>
    </main>
  </body>
</html>
"""


def login_page(prefix: str, then: str, problem: str = "") -> bytes:
    """prefix: path of the page; then: where to go on, below it; problem: with what was shown."""
    page = PAGE.format(
        action=escape(prefix + LOGIN[1:]),
        then=escape(then[:MAX_THEN]),
        problem=f'<p role="alert" id="wrong">{escape(problem)}</p>' if problem else "",
        invalid=' aria-invalid="true" aria-errormessage="wrong"' if problem else "",
    )
    return page.encode()


def asked_for(scope: Scope) -> bool:
    """Whether a browser asks for a page, not a program or a script of the page's."""
    wants_page = "text/html" in header(scope, b"accept")
    return wants_page and not scope["path"].startswith(("/api/", "/_dash-", "/assets/"))


async def posted(receive: Receive) -> tuple[str, str]:
    """The token of the form, and where to go on; both empty where it is not that form."""
    body, more = b"", True
    while more and len(body) <= MAX_FORM_BYTES:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    try:
        form = parse_qs(body[:MAX_FORM_BYTES].decode("ascii"), max_num_fields=10)
    except ValueError:
        form = {}
    return form.get("token", [""])[0], form.get("then", [""])[0]
