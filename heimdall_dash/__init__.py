"""Heimdall Dash: watch a training run, and how sure it is, while it happens.

Only the publisher is handed out here, and lazily: importing this package pulls in neither Dash
nor torch, so that a trainer pays nothing for it.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from heimdall_dash.publisher import Job

__all__ = ["Job"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name == "Job":
        from heimdall_dash.publisher import Job

        return Job
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
