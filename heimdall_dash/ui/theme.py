"""Colours of page and charts, light and dark.

Line colours follow Okabe and Ito (2008), which colour-blind readers can tell apart; each was
shifted until it has at least 3:1 against its background. Lines also differ by dash style.
"""

from typing import Any

MANTINE: dict[str, Any] = {
    "primaryColor": "indigo",
    "primaryShade": 8,  # the accent of style.css; lighter ones miss 4.5:1 under white words
    "defaultRadius": "md",
    "fontFamily": "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif",
    "respectReducedMotion": True,
    "headings": {"fontWeight": "650"},
}

PLOT: dict[str, dict[str, Any]] = {
    "light": {
        "lines": ["#0072b2", "#c75300", "#00805c", "#a8457f", "#8a6d00", "#4b4fb5", "#5c5c5c"],
        "runs": [
            "#0072b2",
            "#c75300",
            "#00805c",
            "#c2255c",
            "#8a6d00",
            "#6a3fc4",
            "#c01f1f",
            "#008394",
            "#7a4a1e",
            "#547f00",
            "#1c2f6b",
            "#d0379f",
        ],
        "text": "#343a40",
        "muted": "#5c636a",
        "grid": "#e9ecef",
        "axis": "#adb5bd",
        "paper": "#ffffff",
        "reference": "#5c636a",
        "gap": "rgba(199, 83, 0, 0.14)",
        "chance": "rgba(73, 80, 87, 0.16)",
        "label": "rgba(255, 255, 255, 0.88)",
        "hover": "#ffffff",
    },
    "dark": {
        "lines": ["#5ab8f0", "#f2a03d", "#35c998", "#e59ac6", "#e3cf57", "#a5a8ff", "#c1c2c5"],
        "runs": [
            "#5ab8f0",
            "#f2a03d",
            "#35c998",
            "#ff7eb6",
            "#e3cf57",
            "#a98bff",
            "#ff6b5e",
            "#3fd6e0",
            "#c79a6b",
            "#a5d63f",
            "#7f95d8",
            "#f06be0",
        ],
        "text": "#d5d9de",
        "muted": "#a3a9b1",
        "grid": "#2c3139",
        "axis": "#565d67",
        "paper": "#1b1e24",
        "reference": "#a3a9b1",
        "gap": "rgba(242, 160, 61, 0.18)",
        "chance": "rgba(193, 194, 197, 0.20)",
        "label": "rgba(27, 30, 36, 0.88)",
        "hover": "#262a32",
    },
}
