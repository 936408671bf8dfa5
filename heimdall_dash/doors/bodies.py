"""The bound on what a request may bring along."""

from starlette.types import Message, Receive

from heimdall_dash.api.refusals import Refused

MAX_BODY_BYTES = 16 * 2**20
TOO_LARGE = f"a body may have {MAX_BODY_BYTES} bytes at most"


def bounded(receive: Receive) -> Receive:
    """Ends a body without a length that grows too large."""
    taken = 0

    async def counted() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > MAX_BODY_BYTES:
            raise Refused(413, TOO_LARGE)
        return message

    return counted
