"""A filter of system calls, put together by hand for the kernel's BPF machine.

Rules of this file. Standard library only, since the launcher imports it. The first rule
that fits a call decides, and a call that no rule fits is let through. What a pointer
leads to cannot be looked at, so a call that hides its flags behind one is refused as a
whole or not at all.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from podd.sandbox import kernel, libc
from podd.sandbox.syscall_numbers import NEWEST, NUMBERS

if TYPE_CHECKING:
    from collections.abc import Sequence

#: `AUDIT_ARCH_*` of linux/audit.h: what a system call of this machine's own kind says.
_ARCHITECTURES: Final = {"x86_64": 0xC000_003E, "aarch64": 0xC000_00B7}

#: `__X32_SYSCALL_BIT`: the other kind of call that says it is of x86_64.
_X32_BIT: Final = 0x4000_0000

#: `SECCOMP_RET_*` and `SECCOMP_MODE_FILTER` of linux/seccomp.h, and `PR_SET_SECCOMP`.
_KILL_PROCESS: Final = 0x8000_0000
_REFUSE: Final = 0x0005_0000
_ALLOW: Final = 0x7FFF_0000
_MODE_FILTER: Final = 2
_SET_SECCOMP: Final = 22

#: Where struct seccomp_data has what; an argument's lower half comes first on both.
_NUMBER_AT: Final = 0
_ARCHITECTURE_AT: Final = 4
_ARGUMENTS_AT: Final = 16
_ARGUMENT_BYTES: Final = 8

# Instructions of linux/bpf_common.h.
_LOAD: Final = 0x20
_AND: Final = 0x54
_JUMP_EQUAL: Final = 0x15
_JUMP_GREATER: Final = 0x25
_JUMP_ANY_BIT: Final = 0x45
_RETURN: Final = 0x06

#: `BPF_MAXINSNS`.
_MOST_INSTRUCTIONS: Final = 4096


class Argument(NamedTuple):
    """What the lower 32 bits of an argument have to be for a rule to fit."""

    position: int
    """From 0."""
    value: int
    test: Literal["equals", "has_any_bit_of"] = "equals"
    mask: int = 0xFFFF_FFFF
    """Bits that count."""


class Rule(NamedTuple):
    """What becomes of one system call."""

    call: str
    fault: int = errno.EPERM
    """The error that the caller gets; 0 lets the call through."""
    when: tuple[Argument, ...] = ()
    """All of these; none: always."""


def is_known(machine: str) -> bool:
    """Tell whether filters can be made for this machine and this Python."""
    # A Python of 32 bits on such a machine makes calls of another kind.
    return machine in NUMBERS and sys.maxsize > 2**32


def assemble(
    rules: Sequence[Rule], machine: str, *, unknown: int = errno.ENOSYS
) -> bytes:
    """Make the program: instructions as `struct sock_filter` has them.

    Calls of another architecture end the process; those of x32 do not exist.

    Args:
        rules: in their order; one for a call that the machine does not have is left
            out.
        machine: as `uname` says it.
        unknown: the error of calls that are newer than this list; 0 lets them through.

    Raises:
        KeyError: nothing is known about the machine.
        ValueError: too many rules for the kernel.
    """
    numbers = NUMBERS[machine]
    code = [
        _instruction(_LOAD, _ARCHITECTURE_AT),
        _instruction(_JUMP_EQUAL, _ARCHITECTURES[machine], yes=1),
        _instruction(_RETURN, _KILL_PROCESS),
        _instruction(_LOAD, _NUMBER_AT),
    ]
    if machine == "x86_64":
        code += _return_if(_JUMP_ANY_BIT, _X32_BIT, _refusal(errno.ENOSYS))
    if unknown:
        code += _return_if(_JUMP_GREATER, NEWEST, _refusal(unknown))
    for rule in rules:
        if (number := numbers.get(rule.call)) is not None:
            code += _block(rule, number)
    code.append(_instruction(_RETURN, _ALLOW))
    if len(code) > _MOST_INSTRUCTIONS:
        message = f"{len(code)} instructions, {_MOST_INSTRUCTIONS} fit"
        raise ValueError(message)
    return b"".join(code)


def install(program: bytes) -> None:
    """Hold this thread, and whatever it starts, to a program; for good.

    Raises:
        OSError: the kernel has no such filters, or does not take this one.
    """
    size = len(program) // len(_instruction(0, 0))
    buffer = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: how many instructions, and where they are.
    header = struct.pack("@HP", size, ctypes.addressof(buffer))
    kernel.forgo_new_privileges()
    libc.call("prctl", _SET_SECCOMP, _MODE_FILTER, header, 0, 0)


def machine() -> str:
    """What `uname` calls this machine."""
    return os.uname().machine


def _block(rule: Rule, number: int) -> list[bytes]:
    """Return if the rule fits; else fall through with the number loaded again."""
    verdict = _refusal(rule.fault) if rule.fault else _ALLOW
    if not rule.when:
        return _return_if(_JUMP_EQUAL, number, verdict)
    tests: list[tuple[bytes, ...]] = []
    for argument in rule.when:
        at = _ARGUMENTS_AT + _ARGUMENT_BYTES * argument.position
        tests.append(
            (_instruction(_LOAD, at), _instruction(_AND, argument.mask & 0xFFFF_FFFF))
        )
    # Load, mask and jump for each test, the verdict, and the number loaded again.
    left = 3 * len(tests) + 1
    code = [_instruction(_JUMP_EQUAL, number, no=left + 1)]
    for argument, test in zip(rule.when, tests, strict=True):
        code += test
        left -= 3
        jump = _JUMP_EQUAL if argument.test == "equals" else _JUMP_ANY_BIT
        code.append(_instruction(jump, argument.value, no=left))
    code += [_instruction(_RETURN, verdict), _instruction(_LOAD, _NUMBER_AT)]
    return code


def _return_if(jump: int, value: int, verdict: int) -> list[bytes]:
    return [_instruction(jump, value, no=1), _instruction(_RETURN, verdict)]


def _refusal(fault: int) -> int:
    return _REFUSE | fault


def _instruction(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", code, yes, no, value)
