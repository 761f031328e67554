"""One thing that `doctor` looked at, and what it found.

Rules of the verdict:
- `broken` is kept for what stops podd from working here. What works worse is a
  `warning`; what only says how things are is `info`.
- Every warning and everything broken has a remedy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "info", "warning", "broken"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    verdict: Verdict
    detail: str
    remedy: str = ""
