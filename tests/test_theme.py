"""Contrast of what is drawn: WCAG 2.2 AA, also while charts are dimmed because they are stale."""

import itertools
import math
import re

import pytest

from heimdall_dash.ui.page import ASSETS
from heimdall_dash.ui.theme import PLOT

STALE_OPACITY = re.compile(r"\.is-stale \.plot \.scatterlayer \{ opacity: ([0-9.]+); \}")
SHADES = ("light", "dark")


def rgb(color: str) -> tuple[float, ...]:
    return tuple(int(color[i : i + 2], 16) for i in (1, 3, 5))


def luminance(color: tuple[float, ...]) -> float:
    """source: WCAG 2.2, relative luminance"""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (part / 255 for part in color)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def dimmed(color: tuple[float, ...], paper: tuple[float, ...], opacity: float) -> tuple[float, ...]:
    """As the browser draws it: grey first (CSS grayscale), then through to the paper."""
    grey = 0.2126 * color[0] + 0.7152 * color[1] + 0.0722 * color[2]
    return tuple(opacity * grey + (1 - opacity) * part for part in paper)


@pytest.mark.parametrize("shade", SHADES)
def test_texts_have_4_5_to_1_and_lines_3_to_1(shade: str) -> None:
    colors = PLOT[shade]
    paper = rgb(colors["paper"])
    for name in ("text", "muted"):
        assert contrast(rgb(colors[name]), paper) >= 4.5, name
        assert contrast(rgb(colors[name]), rgb(colors["hover"])) >= 4.5, name
    for line in (*colors["lines"], *colors["runs"], colors["reference"]):
        assert contrast(rgb(line), paper) >= 3, line


@pytest.mark.parametrize("shade", SHADES)
def test_dimmed_lines_still_have_3_to_1(shade: str) -> None:
    found = STALE_OPACITY.search((ASSETS / "style.css").read_text())
    assert found is not None
    opacity = float(found.group(1))
    assert opacity < 0.9, "dimmed enough to be seen"
    paper = rgb(PLOT[shade]["paper"])
    for line in (*PLOT[shade]["lines"], *PLOT[shade]["runs"]):
        ratio = contrast(dimmed(rgb(line), paper, opacity), paper)
        assert ratio >= 3, (line, round(ratio, 2))


def lab(color: tuple[float, ...]) -> tuple[float, ...]:
    """L*, a*, b* under D65. source: CIE 15:2004"""
    r, g, b = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (part / 255 for part in color)
    )
    xyz = (
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883,
    )
    x, y, z = (c ** (1 / 3) if c > 0.008856 else 7.787 * c + 16 / 116 for c in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("shade", SHADES)
def test_twelve_runs_are_told_apart_by_colour(shade: str) -> None:
    """About 2.3 is the least difference that an eye sees, side by side on large areas."""
    runs = PLOT[shade]["runs"]
    assert len(runs) >= 12
    for a, b in itertools.combinations(runs, 2):
        assert math.dist(lab(rgb(a)), lab(rgb(b))) > 20, (a, b)
