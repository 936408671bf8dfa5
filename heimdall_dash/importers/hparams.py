"""What TensorBoard's hparams plugin keeps beside the scalars: settings, and how a run ended."""

from typing import Any

from heimdall_dash.importers import protobuf

HPARAMS = "hparams"
SESSION_START, SESSION_END = 3, 4  # fields of HParamsPluginData
FAILURE = 2


def values_of(content: bytes) -> dict[str, Any]:
    """The settings in an HParamsPluginData; {} where it holds none. Raises ValueError."""
    found: dict[str, Any] = {}
    for start in protobuf.parse(content).get(SESSION_START, []):
        for pair in protobuf.parse(start).get(1, []):
            entry = protobuf.parse(pair)
            found[protobuf.text(entry, 1)] = _value(entry.get(2, [b""])[-1])
    return found


def end_of(content: bytes) -> str | None:
    """`completed` or `failed`, where the plugin says it."""
    for end in protobuf.parse(content).get(SESSION_END, []):
        status = protobuf.parse(end).get(1, [0])[-1]
        return "failed" if status == FAILURE else "completed"
    return None


def _value(data: bytes) -> Any:
    """A google.protobuf.Value."""
    message = protobuf.parse(data)
    if 2 in message:
        number = protobuf.double(message[2][-1])
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    if 3 in message:
        return protobuf.text(message, 3)
    if 4 in message:
        return bool(message[4][-1])
    if 5 in message:
        pairs = [protobuf.parse(pair) for pair in protobuf.parse(message[5][-1]).get(1, [])]
        return {protobuf.text(pair, 1): _value(pair.get(2, [b""])[-1]) for pair in pairs}
    if 6 in message:
        return [_value(item) for item in protobuf.parse(message[6][-1]).get(1, [])]
    return None
