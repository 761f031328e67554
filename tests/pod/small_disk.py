"""Start a pod whose state directory is a small disk of its own.

Run as a program in a new mount namespace: `python -m tests.pod.small_disk MANIFEST
BYTES [SESSION]`. It mounts, starts the pod and says `{socket, session, pid}` on
stdout. Each line on its stdin is a session to resume there. At the end of its stdin it
leaves; the disk is there as long as it is.
"""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import msgspec

from podd.paths import places
from tests.launch.pods import resumed, started


def main(manifest: str, size: str) -> None:
    # The pods outlive the calls that start them.
    warnings.simplefilter("ignore", ResourceWarning)
    where = places()
    where.state.mkdir(mode=0o700)
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", where.state],
        check=True,
    )
    _say(started(where, Path(manifest)))
    for line in sys.stdin:
        _say(resumed(where, line.strip()))


def _say(pod) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(pod) + b"\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
