"""`/health`: whether each part works, for people and for platforms."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from heimdall_dash.errors import StoreUnavailable
from heimdall_dash.live.hub import Hub
from heimdall_dash.store.store import Store


def health_routes(store: Store, hub: Hub) -> APIRouter:
    routes = APIRouter(tags=["health"])

    @routes.get("/health")
    def health() -> JSONResponse:
        """200 when all is well; 503 and the sick part's name otherwise."""
        services = _services(store, hub)
        sick = [name for name, state in services.items() if state != "healthy"]
        answer: dict[str, Any] = {
            "status": "unhealthy" if sick else "healthy",
            "services": services,
        }
        if sick:
            answer["detail"] = f"not healthy: {', '.join(sick)}"
        return JSONResponse(answer, 503 if sick else 200)

    return routes


def _services(store: Store, hub: Hub) -> dict[str, str]:
    try:
        store.ping()
        worker = "healthy" if store.workers() else "unhealthy: no worker gave a sign of life"
    except StoreUnavailable as error:
        return {"store": f"unhealthy: {error}", "live": _live(hub), "worker": "unknown"}
    return {"store": "healthy", "live": _live(hub), "worker": worker}


def _live(hub: Hub) -> str:
    return "healthy" if hub.available else "unhealthy: not following the store"
