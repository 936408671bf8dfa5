"""`/health`: whether each part works, for people and for platforms."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

Check = Callable[[], str]
HEALTHY = "healthy"
NONE_HERE = "none here"  # a part that this place does without is not sick


def health_routes(checks: Mapping[str, Check]) -> APIRouter:
    """checks: by service, `healthy`, `none here`, or what is wrong; none of them raises."""
    routes = APIRouter(tags=["health"])

    @routes.get("/health")
    def health() -> JSONResponse:
        """200 when all is well; 503 and the sick part's name otherwise."""
        services = {name: check() for name, check in checks.items()}
        sick = [name for name, state in services.items() if state not in {HEALTHY, NONE_HERE}]
        answer: dict[str, Any] = {
            "status": "unhealthy" if sick else HEALTHY,
            "services": services,
        }
        if sick:
            answer["detail"] = f"not healthy: {', '.join(sick)}"
        return JSONResponse(answer, 503 if sick else 200)

    return routes
