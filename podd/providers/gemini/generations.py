"""What differs between the generations of models. Pure.

From Gemini 3 on a call without a signature is refused, and a function's response takes
pictures; the models before it know neither.

https://ai.google.dev/gemini-api/docs/gemini-3
https://ai.google.dev/gemini-api/docs/function-calling
"""

from __future__ import annotations

import re
from typing import Final, Literal

Generation = Literal["older", "current"]

_OLDER: Final = re.compile(r"(^|/)(gemini-[12][.-]|gemma-)")


def generation_of(model: str) -> Generation:
    """Tell by its name; what nobody knows (an alias, a tuned model) is current."""
    return "older" if _OLDER.search(model) else "current"
