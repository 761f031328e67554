"""What is known of a child's model."""

from __future__ import annotations

from podd.errors import ManifestError
from podd.manifest.catalogue.catalogue import Catalogue
from podd.manifest.catalogue.facts import ModelFacts
from podd.manifest.catalogue.money import unpriced
from podd.manifest.resolved import Resolved
from podd.manifest.schema import Manifest
from podd.paths import Places


def child_facts(parent: Resolved, manifest: Manifest, places: Places) -> ModelFacts:
    """Return what is known of the model of a child's manifest.

    Args:
        parent: whose child it is; of the same model it knows the same.
        manifest: the child's.
        places: where the user's models lie.

    Raises:
        ManifestError: what it may spend is limited, and nobody knows what its model
            costs; or the user's models are broken.
    """
    facts = parent.facts
    if manifest.model.ref != parent.manifest.model.ref:
        facts = Catalogue.of(places).facts_of(manifest.model)
    if refusal := unpriced(manifest, facts):
        reason, hint = refusal
        raise ManifestError(
            path="spawn_pod", key="limits.cost_usd", reason=reason, hint=hint
        )
    return facts
