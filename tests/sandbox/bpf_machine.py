"""The kernel's BPF machine, as far as filters of system calls use it.

It runs a program for a machine that is not this one, so that each can be tested here.
"""

from __future__ import annotations

import errno
import struct

_INSTRUCTION_BYTES = 8


def verdict(
    program: bytes, architecture: int, number: int, *arguments: int
) -> str | None:
    """What a program says: "killed", the name of an error, or None: allowed."""
    padded = (*arguments, *(6 - len(arguments)) * (0,))
    data = struct.pack("<IIQ6Q", number, architecture, 0, *padded)
    accumulator, at = 0, 0
    while True:
        code, yes, no, value = struct.unpack_from(
            "=HBBI", program, at * _INSTRUCTION_BYTES
        )
        at += 1
        match code:
            case 0x20:
                (accumulator,) = struct.unpack_from("<I", data, value)
            case 0x54:
                accumulator &= value
            case 0x15:
                at += yes if accumulator == value else no
            case 0x25:
                at += yes if accumulator > value else no
            case 0x45:
                at += yes if accumulator & value else no
            case 0x06:
                return _said(value)
            case _:
                raise AssertionError(code)


def _said(value: int) -> str | None:
    match value & 0xFFFF_0000:
        case 0x7FFF_0000:
            return None
        case 0x0005_0000:
            return errno.errorcode[value & 0xFFFF]
        case 0x8000_0000:
            return "killed"
    raise AssertionError(hex(value))
