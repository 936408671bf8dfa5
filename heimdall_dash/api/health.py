"""`/health`: whether each part works, for people and for platforms."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

Check = Callable[[], str]
HEALTHY = "healthy"
SERVING = ("store", "live")  # without these there is nothing to show
NONE_HERE = "none here"  # a part that this place does without is not sick


def health_routes(checks: Mapping[str, Check], work: Mapping[str, Check]) -> APIRouter:
    """checks: by service, `healthy`, `none here`, or what is wrong; none of them raises.

    work: the same of what this process does in the background, asked without waiting
    """
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

    @routes.get("/health/live")
    async def live() -> JSONResponse:
        """For a platform that starts again what does not answer: 503 only where a fresh start of
        this process would help. An outage of the store is none of that."""
        stuck = [name for name, one in work.items() if "stuck" in one()]
        return JSONResponse({"status": "stuck" if stuck else "alive"}, 503 if stuck else 200)

    @routes.get("/health/ready")
    def ready() -> JSONResponse:
        """For a proxy that shares visitors out: 200 when this process can serve what is stored."""
        sick = [name for name in SERVING if checks[name]() != HEALTHY]
        if sick:
            return JSONResponse({"status": "unready", "detail": ", ".join(sick)}, 503)
        return JSONResponse({"status": "ready"})

    return routes
