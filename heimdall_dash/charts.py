"""How a chart is described: the page makes its cards from such specifications and hands them to the
browser as JSON, so that every chart comes from one mechanism. Which preset charts there are, a
trainer says in its manifest; what a job may bring itself is in `own_charts`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Scale = Literal["log", "linear"]
Dash = Literal["solid", "dash", "dot", "dashdot"]


@dataclass(frozen=True)
class Line:
    """One metric on one chart; `axis` 2 stands on the right."""

    metric: str
    name: str
    dash: Dash = "solid"
    axis: Literal[1, 2] = 1
    unit: str | None = None  # None: the chart's
    color: int | None = None  # place in the theme's list: one metric, one colour on every chart
    role: Literal["train", "val", "test"] | None = None  # training is drawn lighter


@dataclass(frozen=True)
class Reference:
    """A horizontal line: a constant, or one of the job's static facts (absent: not drawn). With
    `of` it takes the colour of that metric's line and its value stands in the note below."""

    name: str
    value: float | None = None
    fact: str | None = None
    of: str | None = None


@dataclass(frozen=True)
class Chart:
    """`ticks`: preferred tick values on a log axis; the browser adds to them where they are few.

    `proof`: the fact without which some fields claim too much, because anybody may publish a
    metric of that name; a job that lacks it is shown with what `unproven` says in their place.
    """

    id: str
    title: str
    y_label: str
    unit: str
    lines: tuple[Line, ...]
    scale: Scale = "linear"
    references: tuple[Reference, ...] = ()
    ticks: tuple[float, ...] = ()
    y2_label: str | None = None
    y2_range: tuple[float, float] | None = None
    kind: Literal["lines", "reliability"] = "lines"
    hint: str = ""
    says_scale: bool = False  # in the title, too
    proof: str | None = None
    unproven: Mapping[str, str] = field(default_factory=dict)
