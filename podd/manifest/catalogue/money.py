"""A limit of money needs a price, or it would never be reached. Pure."""

from __future__ import annotations

from podd.manifest.catalogue.facts import ModelFacts
from podd.manifest.schema import Manifest


def unpriced(manifest: Manifest, facts: ModelFacts) -> tuple[str, str] | None:
    """Return why this limit of money means nothing, and what to do; None: it does."""
    limit = manifest.limits.cost_usd
    if limit is None or facts.price is not None:
        return None
    model = manifest.model
    reason = f"{model.ref} has no known price, so this limit would never be reached"
    hint = (
        f'give the price in models.toml, under [{model.provider}."{model.name}"], '
        "install podd[prices], or limit the tokens"
    )
    return reason, hint
