from __future__ import annotations

import subprocess
import sys


def test_a_restored_pod_reads_its_manifest_without_what_loads_one() -> None:
    code = (
        "import sys; before = set(sys.modules); import podd.manifest.document\n"
        "print([name for name in set(sys.modules) - before if name in"
        " {'tomllib', 'difflib', 'filelock', 'jinja2', 'pathlib', 'urllib.parse',"
        " 'podd.manifest.loading', 'podd.manifest.shape'}])"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    assert done.stdout.strip() == "[]"
