"""The protobuf wire format by hand: just what ONNX files need (protobuf.dev, "Encoding")."""

import struct

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


def varint(value):
    """A base-128 varint; negative int64 takes ten bytes, as the format says."""
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def integer(field, value):
    """An int64, int32 or enum field."""
    return varint(field << 3 | VARINT) + varint(value)


def float32(field, value):
    """A float field."""
    return varint(field << 3 | FIXED32) + struct.pack("<f", value)


def block(field, payload):
    """A bytes, string or sub-message field."""
    payload = payload.encode() if isinstance(payload, str) else payload
    return varint(field << 3 | BYTES) + varint(len(payload)) + payload


def packed(field, values):
    """A packed repeated int64 field."""
    return block(field, b"".join(map(varint, values)))


def read_varint(data, at):
    """(value, position after it)."""
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ValueError(f"byte {at}: varint is cut short or too long")
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def fields(data):
    """Each field of a message as (number, wire type, value); bytes are memoryviews into `data`."""
    data, at = memoryview(data), 0
    while at < len(data):
        key, at = read_varint(data, at)
        kind = key & 7
        if kind == VARINT:
            value, at = read_varint(data, at)
        else:
            value, at = _span(data, at, kind)
        yield key >> 3, kind, value


def _span(data, at, kind):
    """(bytes of a field that is not a varint, position after it)."""
    if kind == BYTES:
        size, at = read_varint(data, at)
    else:
        size = {FIXED64: 8, FIXED32: 4}.get(kind)
    if size is None or size > len(data) - at:
        raise ValueError(f"byte {at}: wire type {kind} with size {size}: {len(data) - at} bytes remain")
    return data[at : at + size], at + size


def blocks(data, field):
    """Payloads of all length-delimited occurrences of one field."""
    return [value for number, kind, value in fields(data) if number == field and kind == BYTES]
