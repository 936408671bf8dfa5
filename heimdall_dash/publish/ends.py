"""From an exception to how a run ended."""

from heimdall_dash.metrics import shown
from heimdall_dash.publish.ending import Terminated
from heimdall_dash.records import Status, storable

MAX_REASON = 4_000  # characters
PRUNED = frozenset({"TrialPruned"})  # Optuna's, known by name: it is no dependency


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
    if type(error).__name__ in PRUNED:
        return str(Status.CANCELLED), reason_text(error) or "pruned"
    said = reason_text(error)
    return str(Status.FAILED), f"{type(error).__name__}: {said}" if said else type(error).__name__


def reason_text(reason: object) -> str:
    try:
        text = str(reason)
    except Exception:
        text = shown(reason)
    return storable(text)[:MAX_REASON]
