"""`python -m podd.pod`: read the start message, be a pod, report, end."""

from __future__ import annotations

import sys

from podd.pod.process import main

sys.exit(main())
