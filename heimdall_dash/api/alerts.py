"""REST for alert rules: who is to be told when a metric goes where it should not."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError
from starlette.concurrency import run_in_threadpool

from heimdall_dash.alerts.rules import Rule, When, rule_of
from heimdall_dash.api.json_body import json_body, read_json
from heimdall_dash.api.refusals import Refused, documented, problems
from heimdall_dash.api.schemas import Label, MetricName
from heimdall_dash.errors import NotAllowed, StoreUnavailable
from heimdall_dash.publish.birth import MAX_WORD
from heimdall_dash.store.alerts import AlertStore

PREFIX = "/api/v1/training/alerts"
MAX_RULES = 500
Problems = list[dict[str, Any]]
RuleName = Annotated[str, Path(min_length=1, max_length=MAX_WORD)]


class NewRule(BaseModel):
    """When somebody is to be told."""

    model_config = ConfigDict(extra="forbid")

    metric: MetricName = Field(description="a metric's name, or a pattern such as `grad/*`")
    when: When
    value: FiniteFloat
    for_epochs: int = Field(1, ge=1, le=1_000_000, strict=True, description="values in a row")
    for_s: float = Field(0.0, ge=0.0, le=1e7, allow_inf_nan=False, description="seconds at least")
    project: Label | None = Field(None, description="null: jobs of any project")
    job_id: Label | None = Field(None, description="null: any job")


class NamedRule(NewRule):
    name: Label


def alert_routes(alerts: AlertStore) -> APIRouter:
    routes = APIRouter(prefix=PREFIX, tags=["alerts"])

    @routes.get("", responses=documented())
    def list_rules() -> dict[str, Any]:
        """All rules, by name."""
        found = alerts.rules()
        return {"rules": [{"name": name, **found[name]} for name in sorted(found)]}

    @routes.put("/{name}", openapi_extra=json_body(NewRule), responses=documented(400, 409, 413))
    async def put_rule(name: RuleName, request: Request) -> Any:
        """Make a rule, or replace it. It is looked at within a few seconds."""
        new = NewRule.model_validate(await read_json(request))
        return await run_in_threadpool(_put, alerts, name, new)

    @routes.delete("/{name}", status_code=204, responses=documented(404))
    def delete_rule(name: RuleName) -> Response:
        if not alerts.delete_rule(name):
            return JSONResponse({"detail": f"there is no rule {name!r}"}, 404)
        return Response(status_code=204)

    return routes


def _put(alerts: AlertStore, name: str, new: NewRule) -> dict[str, Any]:
    """Raises Refused."""
    known = alerts.rules()
    if name not in known and len(known) >= MAX_RULES:
        raise Refused(409, f"there are {MAX_RULES} rules, the most there can be")
    rule = asdict(Rule(name=name, **new.model_dump()))
    del rule["name"]
    alerts.put_rule(name, rule)
    return {"name": name, **rule}


# For the page: what the routes do, and what is wrong as 422 tells it.


def known_rules(alerts: AlertStore) -> tuple[list[dict[str, Any]], Problems]:
    """By name."""
    try:
        found = alerts.rules()
    except StoreUnavailable as error:
        return [], _said(error)
    rules = (rule_of(name, found[name]) for name in sorted(found))
    return [asdict(rule) for rule in rules if rule is not None], []


def attempt_rule(alerts: AlertStore, body: dict[str, Any]) -> Problems:
    try:
        new = NamedRule.model_validate(body)
        _put(alerts, new.name, NewRule.model_validate(new.model_dump(exclude={"name"})))
    except ValidationError as error:
        return problems(error)
    except Refused as error:
        return [{"loc": [], "msg": error.detail}]
    except (NotAllowed, StoreUnavailable) as error:
        return _said(error)
    return []


def drop_rule(alerts: AlertStore, name: str) -> Problems:
    try:
        alerts.delete_rule(name)
    except (NotAllowed, StoreUnavailable) as error:
        return _said(error)
    return []


def _said(error: Exception) -> Problems:
    return [{"loc": [], "msg": str(error)}]
