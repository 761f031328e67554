"""Who made a model, as far as its id tells, and what follows from it. Pure.

Converse is one API for all models, but for what a request's options are called, what a
model takes back, and where its prompt may be cached.
"""

from __future__ import annotations

import re
from typing import Final, Literal, cast

Family = Literal["anthropic", "amazon", "openai", "moonshot", "other", "unknown"]
"""other: a maker without options of its own here; unknown: the id is a name that its
owner chose, such as an application inference profile's."""

#: A maker stands before the model, perhaps behind a region (`us.`, `global.`).
_MAKER: Final = re.compile(r"(?:^|[./])(anthropic|amazon|openai|moonshot)(?:ai)?\.")
_CLAUDE: Final = re.compile(
    r"claude-(?:[a-z]+-)?(?P<major>\d{1,2})(?!\d)(?:-(?P<minor>\d{1,2})(?!\d))?"
)
#: Claude 3 Sonnet and Opus do not cache, 3.5 Haiku and 3.7 Sonnet are the first to.
_CACHING_3: Final = ("claude-3-5-haiku", "claude-3-7-sonnet")
_FIRST_ADAPTIVE: Final = (4, 6)


def family_of(model: str) -> Family:
    """Read a model id, an inference profile's, or an ARN of either."""
    if found := _MAKER.search(model):
        return cast("Family", found[1])
    return "other" if "." in model.rpartition("/")[2] else "unknown"


def caches_prompts(model: str) -> bool:
    """Whether a request may hold cache points.

    Other models refuse them.
    https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
    """
    match family_of(model):
        case "anthropic":
            version = claude_version(model)
            return version >= (4, 0) or any(name in model for name in _CACHING_3)
        case "amazon":
            return "nova" in model
        case _:
            return False


def thinks_adaptively(model: str) -> bool:
    """Whether effort steers this Claude's thinking, once it is switched on."""
    return claude_version(model) >= _FIRST_ADAPTIVE


def claude_version(model: str) -> tuple[int, int]:
    """Give major and minor; (0, 0) where there is none."""
    found = _CLAUDE.search(model)
    return (int(found["major"]), int(found["minor"] or 0)) if found else (0, 0)
