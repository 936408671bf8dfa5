"""From an exception to how a run ended."""

from heimdall_dash.metrics import shown
from heimdall_dash.publish.ending import Terminated
from heimdall_dash.records import Status, storable

MAX_REASON = 4_000  # characters
# known by name: Optuna is no dependency, and asyncio is slow to import
PRUNED = frozenset({"TrialPruned"})
CANCELLED = frozenset({"CancelledError"})


def end_of(error: BaseException | None) -> tuple[str, str | None]:
    """Status and reason of a block that `error` has left; None: it came to its end."""
    match error:
        case None:
            return str(Status.COMPLETED), None
        case SystemExit(code=None | 0 | False):
            return str(Status.COMPLETED), None
        case SystemExit():
            return str(Status.FAILED), f"SystemExit: {reason_text(error.code)}"
        case Terminated():
            return str(Status.CANCELLED), f"stopped by {error}"
        case KeyboardInterrupt() | GeneratorExit():
            return str(Status.CANCELLED), f"stopped by {type(error).__name__}"
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if kinds & CANCELLED:
        return str(Status.CANCELLED), f"stopped by {type(error).__name__}"
    if kinds & PRUNED:
        return str(Status.CANCELLED), reason_text(error) or "pruned"
    said = reason_text(error)
    return str(Status.FAILED), f"{type(error).__name__}: {said}" if said else type(error).__name__


def reason_text(reason: object) -> str:
    try:
        text = str(reason)
    except Exception:
        text = shown(reason)
    return storable(text)[:MAX_REASON]
