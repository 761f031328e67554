from __future__ import annotations

import errno
import platform
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podd.sandbox import syscall_filter
from podd.sandbox.syscall_filter import Argument, Rule, assemble
from podd.sandbox.syscall_numbers import NEWEST, NUMBERS
from tests.sandbox.bpf_machine import verdict
from tests.sandbox.confined import process, run

ARCHITECTURES = {"x86_64": 0xC000_003E, "aarch64": 0xC000_00B7}

#: Where the kernel's headers say the numbers; both lie on a Debian of either machine.
HEADERS = {
    "x86_64": sorted(Path("/usr/include").glob("*/asm/unistd_64.h")),
    "aarch64": sorted(Path("/usr/include/asm-generic").glob("unistd.h")),
}

machines = pytest.mark.parametrize("machine", sorted(ARCHITECTURES))


def _say(rules, machine, call, *arguments, **more):
    program = assemble(rules, machine, **more)
    number = call if isinstance(call, int) else NUMBERS[machine][call]
    return verdict(program, ARCHITECTURES[machine], number, *arguments)


@machines
def test_the_numbers_are_those_of_the_headers(machine):
    if not HEADERS[machine]:
        pytest.skip(f"no kernel headers of {machine} are installed")
    text = HEADERS[machine][0].read_text(encoding="utf-8")
    found = {
        name: int(number)
        for name, number in re.findall(
            r"#define __NR(?:3264)?_(\w+)\s+(\d+)\s*$", text, re.MULTILINE
        )
    }
    # Headers of an older kernel lack the newest calls.
    known = {n: v for n, v in NUMBERS[machine].items() if v <= max(found.values())}

    assert {name: found.get(name) for name in known} == known
    assert len(known) > 50


@machines
def test_no_two_calls_have_one_number_and_none_is_newer_than_the_newest(machine):
    numbers = list(NUMBERS[machine].values())

    assert len(set(numbers)) == len(numbers)
    assert max(numbers) <= NEWEST


@machines
def test_without_a_rule_a_call_is_let_through(machine):
    assert _say((), machine, "socket") is None
    assert _say((Rule("bpf"),), machine, "socket") is None


@machines
def test_a_rule_refuses_with_its_error(machine):
    assert _say((Rule("socket"),), machine, "socket") == "EPERM"
    assert _say((Rule("socket", errno.ENOSYS),), machine, "socket") == "ENOSYS"


@machines
def test_the_first_rule_that_fits_decides(machine):
    rules = (
        Rule("socket", 0, when=(Argument(0, 2), Argument(2, 7))),
        Rule("socket", errno.EACCES, when=(Argument(0, 2),)),
        Rule("bpf", errno.ENOENT),
        Rule("socket"),
    )

    assert _say(rules, machine, "socket", 2, 1, 7) is None
    assert _say(rules, machine, "socket", 2, 1, 8) == "EACCES"
    assert _say(rules, machine, "socket", 3, 1, 7) == "EPERM"
    assert _say(rules, machine, "bpf") == "ENOENT"


@machines
def test_masks_and_bits_look_at_the_lower_half_alone(machine):
    equal = (Rule("socket", when=(Argument(5, 1, mask=0xF),)),)
    bits = (Rule("socket", when=(Argument(1, 6, "has_any_bit_of"),)),)
    high = 1 << 40

    assert _say(equal, machine, "socket", 0, 0, 0, 0, 0, 0xF1 | high) == "EPERM"
    assert _say(equal, machine, "socket", 0, 0, 0, 0, 0, 0xF2) is None
    assert _say(bits, machine, "socket", 0, 4 | high) == "EPERM"
    assert _say(bits, machine, "socket", 0, 1 | high) is None


@machines
def test_a_call_newer_than_the_list_does_not_exist(machine):
    assert _say((), machine, NEWEST) is None
    assert _say((), machine, NEWEST + 1) == "ENOSYS"
    assert _say((), machine, NEWEST + 1, unknown=errno.EPERM) == "EPERM"
    assert _say((), machine, NEWEST + 1, unknown=0) is None


@machines
def test_another_architecture_is_killed(machine):
    program = assemble((), machine)
    others = {0x4000_0003, 0x4000_0028, *ARCHITECTURES.values()}

    for other in others - {ARCHITECTURES[machine]}:
        assert verdict(program, other, 1) == "killed"


def test_calls_of_x32_do_not_exist():
    rules = (Rule("socket"),)

    assert _say(rules, "x86_64", 0x4000_0000 | 41, unknown=0) == "ENOSYS"


@machines
@given(data=st.data())
def test_a_program_does_what_its_rules_say(machine, data):
    calls = st.sampled_from(["socket", "bpf", "ioctl"])
    small = st.integers(0, 3)
    arguments = st.builds(
        Argument,
        st.integers(0, 5),
        small,
        st.sampled_from(["equals", "has_any_bit_of"]),
        small,
    )
    whens = st.lists(arguments, max_size=3).map(tuple)
    rules = data.draw(
        st.lists(st.builds(Rule, calls, st.sampled_from([0, 1, 13]), whens))
    )
    call = data.draw(calls)
    passed = data.draw(st.lists(small, min_size=6, max_size=6))

    def fits(test):
        found = passed[test.position] & test.mask
        return bool(
            found & test.value if test.test != "equals" else found == test.value
        )

    wanted = next(
        (r.fault for r in rules if r.call == call and all(map(fits, r.when))), 0
    )

    said = _say(tuple(rules), machine, call, *passed)
    assert said == (errno.errorcode[wanted] if wanted else None)


def test_a_rule_for_a_call_that_a_machine_lacks_is_left_out():
    rules = (Rule("chmod"),)

    assert assemble(rules, "aarch64") == assemble((), "aarch64")
    assert assemble(rules, "x86_64") != assemble((), "x86_64")


def test_a_machine_that_is_not_known_is_said_so():
    assert not syscall_filter.is_known("riscv64")
    with pytest.raises(KeyError):
        assemble((), "riscv64")


def test_too_many_rules_are_an_error():
    with pytest.raises(ValueError, match="4096"):
        assemble([Rule("bpf")] * 4096, "x86_64")


@pytest.mark.processes
@pytest.mark.skipif(platform.machine() != "x86_64", reason="machine code of x86_64")
def test_a_call_by_the_door_of_32_bits_ends_the_process():
    # getpid there: mov eax, 20; int 0x80; ret
    body = """
import mmap
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(bytes([0xB8, 20, 0, 0, 0, 0xCD, 0x80, 0xC3]))
call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
found = call()
"""

    assert process(body).returncode == 0
    assert process(body, calls={}).returncode == -31, "SIGSYS"


@pytest.mark.processes
def test_the_newest_numbers_are_those_of_this_kernel(tmp_path):
    """The headers that are installed may be too old to know them."""
    release = tuple(map(int, re.findall(r"\d+", platform.release())[:2]))
    since = {
        "fchmodat2": (6, 6),
        "setxattrat": (6, 13),
        "removexattrat": (6, 13),
        "open_tree_attr": (6, 15),
        "file_setattr": (6, 17),
    }
    here = [call for call, first in since.items() if release >= first]
    if not here:
        pytest.skip(f"Linux {platform.release()} has none of {', '.join(since)}")
    file = tmp_path / "file"
    file.touch(0o600)
    body = """
path = ctypes.c_char_p(given['file'].encode())
libc.syscall(ctypes.c_long(given['numbers']['fchmodat2']), -100, path, 0o640, 0)
found = {name: syscall(number, -1, 0, 0, 0, 0, 0) for name, number in
    given['numbers'].items()}
"""
    numbers = {call: NUMBERS["x86_64"][call] for call in here}

    found = run(body, numbers=numbers, file=str(file))

    assert file.stat().st_mode & 0o777 == 0o640
    assert "ENOSYS" not in found.values()
