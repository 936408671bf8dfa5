"""`/metrics`: the web process's numbers, for Prometheus."""

from collections.abc import Iterable

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response

from heimdall_dash import telemetry
from heimdall_dash.background import Background


def telemetry_routes(work: Iterable[Background]) -> APIRouter:
    """work: what is begun again when it ends."""
    routes = APIRouter(tags=["health"])

    @routes.get("/metrics", response_class=Response)
    def metrics() -> Response:
        """Prometheus' text format."""
        for one in work:
            telemetry.restarts.labels(one.name).set(one.ends)
        return Response(telemetry.numbers(), media_type=CONTENT_TYPE_LATEST)

    return routes
