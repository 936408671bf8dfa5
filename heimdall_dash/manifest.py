"""What a trainer that is installed here says of itself, so that the product around it need not know
its metrics, units and settings. It is handed over where the web server is composed; an empty one
means that there is no trainer: jobs come from outside, and are shown by what they publish.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from heimdall_dash.charts import Chart

if TYPE_CHECKING:
    from pydantic import BaseModel

Direction = Literal["lower", "higher"] | float  # which way is better; a number is the aim


@dataclass(frozen=True)
class KeyFigure:
    """A number above the charts: a metric's newest value, and what it is to be held against. Shown
    for jobs that have the metric. What is None is not said. `proof` and `unproven` as in `Chart`.
    """

    metric: str
    label: str
    unit: str
    target: float | None = None  # at most this is the aim
    expected: float | None = None  # exactly this is the aim
    partner: str | None = None  # a metric that should be equal
    floor: str | None = None  # a fact: nothing can be lower
    with_best: bool = False  # the job's best epoch is of this metric
    proof: str | None = None
    unproven: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class KnownMetric:
    """Words for a metric that stands in no chart of the manifest. Any other gets its title and unit
    from its name, in the browser.

    ideal: a constant to draw, where the perfect value is one. proof: the fact without which neither
    unit nor hint is claimed, as in `Chart`; None: true whoever published it.
    """

    title: str
    unit: str
    hint: str
    ideal: float | None = None
    proof: str | None = None


@dataclass(frozen=True)
class CardMetric:
    """What a job's card shows beside its best validation loss: a metric's newest value."""

    metric: str
    label: str
    unit: str
    order_label: str  # in the list of orders: the smallest first


@dataclass(frozen=True)
class Manifest:
    """Each field may be left empty: then the product says nothing of the kind.

    key_metrics: of every job that a worker here trains, as a job from outside may bring its own.
    directions: of metrics whose names do not tell.
    config: the model that `config` of a new job is checked with; its field `epochs` is the job's
    total. local_fields: those that name something on the trainer's own machine, which nobody may
    set over the network. hidden_fields: those that the page's form leaves out besides;
    first_fields: those that it shows unfolded. labels: of all that it shows.
    texts: in place of the page's own, by the same name.
    """

    charts: tuple[Chart, ...] = ()
    key_figures: tuple[KeyFigure, ...] = ()
    known_metrics: Mapping[str, KnownMetric] = field(default_factory=dict)
    key_metrics: Mapping[str, Literal["min", "max"]] = field(default_factory=dict)
    directions: Mapping[str, Direction] = field(default_factory=dict)
    card: CardMetric | None = None
    config: type[BaseModel] | None = None
    local_fields: frozenset[str] = frozenset()
    hidden_fields: frozenset[str] = frozenset()
    first_fields: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)

    def config_schema(self) -> dict[str, Any]:
        """JSON schema of what may be set over the network; without a trainer: of nothing."""
        if self.config is None:
            return {"type": "object", "properties": {}, "additionalProperties": False}
        schema = self.config.model_json_schema()
        for name in self.local_fields:
            schema["properties"].pop(name, None)
        return schema


NO_TRAINER = Manifest()
