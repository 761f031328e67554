"""`python -m podd.testing.crash_pod`: a pod that crashes where a test wants it to."""

from __future__ import annotations

import os
import sys

from podd.pod.process import main
from podd.testing.crash_points import VARIABLE, CrashAt

if __name__ == "__main__":
    sys.exit(main(CrashAt.parse(os.environ[VARIABLE])))
