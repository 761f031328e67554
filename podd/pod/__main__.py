"""`python -m podd.pod`: read the start message, be a pod, report, end."""

from __future__ import annotations

import gc
import sys

# Nothing that is imported becomes garbage, and looking for some costs a tenth of the
# start. `process` switches it on again when the first turn has what it needs.
gc.disable()

from podd.pod.process import main  # noqa: E402  # after the line above, to gain by it

sys.exit(main())
