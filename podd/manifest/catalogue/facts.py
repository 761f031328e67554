"""What is known of a model. A pod has this in its resolved manifest."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from podd.core.context.price import Price

Ability = Literal[
    "tools",
    "images",
    "documents",
    "reasoning",
    "structured_output",
]
"""structured_output: its text can be made to fit a JSON schema, also beside tools."""

#: 2**53 - 1, as in a manifest.
Tokens = Annotated[int, msgspec.Meta(ge=1, le=9_007_199_254_740_991)]


class ModelFacts(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
):
    """One model. None: not known."""

    context_window: Tokens | None = None
    """Tokens that a request and its answer may hold together."""
    max_output_tokens: Tokens | None = None
    """The longest answer it can give."""
    capabilities: tuple[Ability, ...] | None = None
    price: Price | None = None
    """What its vendor asks for it. None: it is unpriced."""

    def can(self, ability: Ability) -> bool:
        """Whether it is known to have the ability."""
        return self.capabilities is not None and ability in self.capabilities
