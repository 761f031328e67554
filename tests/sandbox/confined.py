"""A program of Python under Landlock and the filter, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from podd.sandbox import landlock
from podd.testing.kernel import Lack, command

ROOT = Path(__file__).parents[2]

#: What any program needs; a Python may lie anywhere.
SYSTEM = sorted(
    {
        os.path.realpath(path)
        for path in ("/usr", "/bin", "/lib", "/lib64", sys.base_prefix, sys.prefix)
        if Path(path).exists()
    }
)

needs_landlock = pytest.mark.skipif(
    landlock.abi() == 0, reason="this kernel offers no Landlock"
)

_BEGIN = """
import ctypes, errno, json, os, signal, socket, stat, struct, subprocess, sys
given = json.loads(sys.argv[2])
sys.path.insert(0, sys.argv[1])
from podd.sandbox import landlock, seccomp
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

def fault(call, *arguments, **named):
    '''The name of the error that a call ends with; empty where it works.'''
    try:
        call(*arguments, **named)
    except OSError as error:
        return errno.errorcode[error.errno]
    return ''

def syscall(number, *arguments):
    '''As `fault`, of a bare system call.'''
    if libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments)) == -1:
        return errno.errorcode[ctypes.get_errno()]
    return ''

def sh(text):
    '''Status and output of a shell.'''
    done = subprocess.run(['/bin/sh', '-c', text], stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    return [done.returncode, done.stdout.decode(errors='replace')]

def tried(text):
    with open(text, 'w') as file:
        file.write('changed')
"""

_CONFINE = """
if given['landlock'] is not None:
    landlock.restrict(**given['landlock'])
if given['filter'] is not None:
    seccomp.install_filter(**given['filter'])
"""


def run(
    body: str,
    *,
    rules: dict[str, Any] | None = None,
    calls: dict[str, bool] | None = None,
    lacks: tuple[Lack, ...] = (),
    **facts: Any,
) -> Any:
    """Run `body`, which puts what it found into `found`, and return that.

    Args:
        body: a program; `given` holds the facts, `fault`, `syscall` and `sh` help.
        rules: for Landlock; what is left out is empty. None: none.
        calls: for the filter. None: none.
        lacks: what the machine does not offer.
        facts: what the program has to know.
    """
    done = process(body, rules=rules, calls=calls, lacks=lacks, **facts)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def process(
    body: str,
    *,
    rules: dict[str, Any] | None = None,
    calls: dict[str, bool] | None = None,
    lacks: tuple[Lack, ...] = (),
    **facts: Any,
) -> subprocess.CompletedProcess[str]:
    """As `run`, and return how it ended."""
    whole = {"write": [], "read": [], "execute": SYSTEM, "scoped": True}
    if rules is not None:
        whole |= rules
    given = {"landlock": None if rules is None else whole, "filter": calls, **facts}
    program = f"{_BEGIN}{_CONFINE}{body}\nprint(json.dumps(found))"
    words = [sys.executable, "-I", "-S", "-c", program, str(ROOT), json.dumps(given)]
    return subprocess.run(
        command(*words, lacks=lacks) if lacks else words,
        check=False,
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        timeout=30,
        # Where `-m podd.testing.kernel` finds podd, which may not be installed.
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
