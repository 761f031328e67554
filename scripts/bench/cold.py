"""From nothing to the first answer (G11): a pod, against a raw httpx loop.

Both begin with a new interpreter and end with the last word of a run: model, tool,
model.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # -I leaves the script's folder out

from model_server import serving
from pods import RunningPod, manifest
from ratio import compare, show

from podd.paths import Places

ROUNDS = 15


def main() -> None:
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
    with (
        serving() as server,
        tempfile.TemporaryDirectory(prefix="bench-", dir=memory) as directory,
    ):
        root = Path(directory)
        url = f"{server}/v1"
        places = Places(root / "run", root / "state", root / "config")
        resolved = manifest(root, places, url)
        script = str(Path(__file__).parent / "raw_loop.py")

        def pod() -> float:
            before = time.perf_counter()
            with RunningPod(places, resolved, None) as running:
                running()
                return time.perf_counter() - before

        def raw() -> float:
            before = time.perf_counter()
            subprocess.run([sys.executable, "-I", script, url], check=True)
            return time.perf_counter() - before

        show([compare("G11 cold start, first answer", "1.5", pod, raw, rounds=ROUNDS)])


main()
