"""`/docs`: Swagger UI from the package `fastapi-offline`, so that nothing comes from a stranger's
server and nothing is missing without a network."""

from pathlib import Path

import fastapi_offline
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

FILES = "/docs-files"
FOLDER = Path(fastapi_offline.__file__).parent / "static"

PAGE = """<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Heimdall Dash · REST</title>
    <link rel="icon" type="image/svg+xml" href="assets/favicon.svg">
    <link rel="stylesheet" href="docs-files/swagger-ui.css">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="docs-files/swagger-ui-bundle.js"></script>
    <script src="docs-start.js"></script>
  </body>
</html>
"""

# A file of its own, since the page's policy lets no script stand in a page.
START = """SwaggerUIBundle({
  url: "openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null,
});
"""


def add_docs(server: FastAPI) -> None:
    server.mount(FILES, StaticFiles(directory=FOLDER), name="docs-files")

    async def docs(request: Request) -> Response:
        return HTMLResponse(PAGE)

    async def start(request: Request) -> Response:
        return Response(START, media_type="text/javascript")

    server.add_route("/docs", docs, methods=["GET"], include_in_schema=False)
    server.add_route("/docs-start.js", start, methods=["GET"], include_in_schema=False)
