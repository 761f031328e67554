"""Scope checks (G12): opening a file through the scope against opening it."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # -I leaves the script's folder out

from ratio import compare, show

from podd.core.scope.rules import Rule, Scope
from podd.tools.scoped_files import ScopedFiles

OPENS = 2_000


def main() -> None:  # noqa: C901  # a function a measurement
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        root = Path(os.path.realpath(directory))
        inner = root / "a" / "b" / "c"
        inner.mkdir(parents=True)
        (inner / "file.txt").write_text("x", encoding="utf-8")
        others = []
        for number in range(99):
            other = root / f"other-{number}"
            other.mkdir()
            others.append(Rule(str(other), "write"))

        def through(rules: tuple[Rule, ...]) -> float:
            files = ScopedFiles(
                Scope(rules=rules), str(root), verify_lease=lambda: None
            )
            before = time.perf_counter()
            for _ in range(OPENS):
                os.close(files.open("a/b/c/file.txt"))
            return time.perf_counter() - before

        def bare() -> float:
            path = str(inner / "file.txt")
            before = time.perf_counter()
            for _ in range(OPENS):
                os.close(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
            return time.perf_counter() - before

        many = []
        for number in range(OPENS):
            path = inner / f"{number}.txt"
            path.touch()
            many.append(f"a/b/c/{path.name}")

        def through_each() -> float:
            """No path twice: nothing of a check is remembered."""
            scope = Scope(rules=one)
            files = ScopedFiles(scope, str(root), verify_lease=lambda: None)
            before = time.perf_counter()
            for text in many:
                os.close(files.open(text))
            return time.perf_counter() - before

        def bare_each() -> float:
            before = time.perf_counter()
            for text in many:
                os.close(os.open(str(root / text), os.O_RDONLY | os.O_CLOEXEC))
            return time.perf_counter() - before

        one = (Rule(str(root), "read"),)
        show(
            [
                compare("G12 2,000 opens, 1 rule", "2.0", lambda: through(one), bare),
                compare(
                    "G12 2,000 opens, 100 rules",
                    "2.0",
                    lambda: through((*one, *others)),
                    bare,
                ),
                compare("   2,000 files, each once", "2.0", through_each, bare_each),
            ]
        )


main()
