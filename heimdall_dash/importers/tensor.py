"""One number out of TensorFlow's TensorProto, as TF 2 writes its scalars."""

from struct import unpack

from heimdall_dash.importers.protobuf import Message, double, parse, signed, single, varint

# DataType → letter of `struct` for the raw bytes of tensor_content
_LETTERS = {1: "<f", 2: "<d", 3: "<i", 4: "<B", 5: "<h", 6: "<b", 9: "<q", 10: "<?", 17: "<H",
            19: "<e", 22: "<I", 23: "<Q"}  # fmt: skip
_STRING, _BFLOAT16 = 7, 14


def scalar_of(data: bytes) -> float | None:
    """The number of a tensor that holds exactly one; None for any other. Raises ValueError."""
    message = parse(data)
    kind = message.get(1, [0])[-1]
    if kind == _STRING or _count(message) != 1:
        return None
    content = message.get(4, [b""])[-1]
    if content and kind == _BFLOAT16:
        return single(b"\0\0" + content) if len(content) == 2 else None
    if content and kind in _LETTERS:
        try:
            return float(unpack(_LETTERS[kind], content)[0])
        except Exception as error:
            raise ValueError(f"a tensor's bytes do not fit its type: {error}") from error
    return _listed(message)


def _count(message: Message) -> int:
    count = 1
    for shape in message.get(2, []):
        for dimension in parse(shape).get(2, []):
            count *= signed(parse(dimension).get(1, [0])[-1])
    return count


def _listed(message: Message) -> float | None:
    """The first of float_val, double_val, int_val, int64_val, bool_val: packed, or one by one."""
    for number, read in ((5, single), (6, double)):
        if number in message:
            return read(message[number][0][: 4 if number == 5 else 8])
    for number in (7, 10, 11):
        if number in message:
            first = message[number][0]
            return float(signed(first if isinstance(first, int) else varint(first, 0)[0]))
    return None
