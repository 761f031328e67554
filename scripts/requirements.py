"""The lock file: what running needs, a divider, what testing and checking add.

    requirements.py            make requirements.lock with uv
    requirements.py --check    compare it with pyproject.toml, without network or uv

Rules of this file: the standard library alone, since it runs before there is an
environment. The set-up (scripts/environment) cuts the lock at the divider.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent

#: The set-up looks for `# === ` at the start of a line.
DIVIDER: Final = "# === what testing and checking need in addition ===\n"
HEADER: Final = (
    "# Made by scripts/lock from pyproject.toml. Do not edit.\n"
    "# What running needs comes first.\n"
)

#: What the providers need besides: a checkout runs with all of them.
EXTRAS: Final = ("bedrock",)
#: Whose packages testing needs; pyproject.toml has no other groups.
GROUPS: Final = ("test", "check")

_REQUIREMENT: Final = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:>=\s*(?P<lowest>[0-9.]+))?\s*"
)
_PIN: Final = re.compile(r"(?P<name>[a-z0-9][a-z0-9-]*)==(?P<version>[^\s;\\]+)")


@dataclass(frozen=True, slots=True)
class Requirement:
    """A line of pyproject.toml: a name and perhaps the lowest version."""

    name: str
    lowest: str
    """Empty where any version will do."""


def requirement(line: str) -> Requirement:
    """Read a requirement of the two forms that our pyproject.toml uses.

    Raises:
        SystemExit: it has another form, which the check would misread.
    """
    found = _REQUIREMENT.fullmatch(line)
    if found is None:
        sys.exit(f"pyproject.toml: write {line!r} as NAME or NAME>=VERSION")
    name = re.sub(r"[-_.]+", "-", found["name"]).lower()
    return Requirement(name, found["lowest"] or "")


def blocks(lock: str) -> dict[str, str]:
    """Split a lock into its packages: name -> its lines, hashes included.

    With --universal a package can have several pins, each with a marker; they stand
    together under their name.
    """
    found: dict[str, str] = {}
    name = ""
    for line in lock.splitlines(keepends=True):
        if line.startswith("#"):
            continue
        if pin := _PIN.match(line):
            name = pin["name"]
        found[name] = found.get(name, "") + line
    return found


def compose(running: str, everything: str) -> str:
    """Put both resolutions into one file, each package once.

    Pins come from `everything`, whose markers are the wider ones: a package that
    running needs on some machines and testing on all stands in the first part.
    """
    needed = blocks(running)
    pins = blocks(everything)
    first = [block for name, block in pins.items() if name in needed]
    rest = [block for name, block in pins.items() if name not in needed]
    return HEADER + "".join(first) + DIVIDER + "".join(rest)


def complaints(project: dict[str, Any], lock: str) -> list[str]:
    """Say what is wrong with the lock; nothing where it fits."""
    if lock.count(DIVIDER) != 1:
        return ["the divider is missing or there more than once"]
    running, testing = (blocks(part) for part in lock.split(DIVIDER))
    found = [f"{name} is in both parts" for name in running.keys() & testing.keys()]
    found += [
        f"{name} has no hash"
        for name, block in {**running, **testing}.items()
        if "--hash=sha256:" not in block
    ]
    if "://" in lock:
        found.append("it names an address: packages come from where pip is told")
    extras = project["project"].get("optional-dependencies", {})
    needed = [*project["project"]["dependencies"]]
    needed += [line for name in EXTRAS for line in extras.get(name, ())]
    for line in needed:
        found += _unmet(requirement(line), running, "what running needs")
    for group in GROUPS:
        for line in project["dependency-groups"][group]:
            found += _unmet(requirement(line), {**running, **testing}, "the lock")
    return sorted(found)


def _unmet(wanted: Requirement, locked: dict[str, str], where: str) -> list[str]:
    block = locked.get(wanted.name)
    if block is None:
        return [f"{wanted.name} is missing from {where}"]
    return [
        f"{wanted.name} is locked to {pin['version']}, wanted from {wanted.lowest}"
        for pin in _PIN.finditer(block)
        if _release(pin["version"]) < _release(wanted.lowest)
    ]


def _release(version: str) -> list[int]:
    """The numbers of a version, without zeros at the end: 7.0 is 7."""
    numbers = [int(number) for number in re.findall(r"\d+", version)]
    while numbers and not numbers[-1]:
        numbers.pop()
    return numbers


def make() -> str:
    """Resolve with uv, everything first, so that both parts agree on each version."""
    uv = shutil.which("uv")
    if uv is None:
        sys.exit("scripts/lock needs uv: https://docs.astral.sh/uv/")
    with tempfile.TemporaryDirectory() as directory:
        everything = Path(directory, "everything")
        running = Path(directory, "running")
        extras = [word for extra in EXTRAS for word in ("--extra", extra)]
        groups = [word for group in GROUPS for word in ("--group", group)]
        _compile(uv, everything, [*extras, *groups])
        _compile(uv, running, [*extras, "--constraints", str(everything)])
        return compose(
            running.read_text(encoding="utf-8"), everything.read_text(encoding="utf-8")
        )


def _compile(uv: str, output: Path, options: list[str]) -> None:
    command = [uv, "pip", "compile", "pyproject.toml", "--quiet", "--universal"]
    command += ["--python-version", "3.11", "--generate-hashes", "--upgrade"]
    command += ["--no-header", "--no-annotate", "--output-file", str(output), *options]
    # The resolution is printed too, and only the file is of use.
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def main(arguments: list[str]) -> None:
    """Make the lock, or check it."""
    lock = ROOT / "requirements.lock"
    match arguments:
        case []:
            made = make()
            lock.write_text(made, encoding="utf-8")
            print(f"{lock}: {len(blocks(made))} packages")
        case ["--check"]:
            text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
            found = complaints(tomllib.loads(text), lock.read_text(encoding="utf-8"))
            for complaint in found:
                print(f"requirements.lock: {complaint}")
            if found:
                sys.exit("run scripts/lock")
        case _:
            sys.exit("usage: scripts/lock [--check]")


if __name__ == "__main__":
    main(sys.argv[1:])
