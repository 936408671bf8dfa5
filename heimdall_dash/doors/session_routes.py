"""What the page asks of itself: may whoever looks at it change anything, is there a way out?"""

from typing import Any

from fastapi import APIRouter, Request

from heimdall_dash.api.refusals import documented
from heimdall_dash.roles import Role


def session_routes(has_token: bool) -> APIRouter:
    routes = APIRouter(prefix="/api/v1/training", tags=["session"])

    @routes.get("/session", responses=documented())
    async def session(request: Request) -> dict[str, Any]:
        """`role`: `all`, or `read` for who may look alone. `has_token`: is one asked for?"""
        return {"role": request.scope.get("heimdall.role", Role.ALL), "has_token": has_token}

    return routes
