"""What of the manifest, and of what is known of its model, goes along with requests."""

from __future__ import annotations

from typing import Any

from podd.core.context.request import Sampling
from podd.manifest.resolved import Resolved
from podd.manifest.schema import Manifest, ReasoningSection


def sees_pictures(manifest: Manifest) -> bool:
    """Whether a tool may show the model pictures; code of its own reads text alone."""
    return manifest.model.images and manifest.agent.driver == "chat"


def sampling_of(resolved: Resolved) -> Sampling:
    """What of the manifest, and of what is known of its model, shapes answers."""
    section, facts = resolved.manifest.model, resolved.facts
    reasoning = section.reasoning or ReasoningSection()
    return Sampling(
        max_output_tokens=section.max_output_tokens or facts.max_output_tokens,
        temperature=section.temperature,
        top_p=section.top_p,
        top_k=section.top_k,
        stop=section.stop,
        effort=reasoning.effort,
        budget_tokens=reasoning.budget_tokens,
        output_schema=_schema_for_provider(resolved),
    )


def _schema_for_provider(resolved: Resolved) -> dict[str, Any] | None:
    """The schema, where the provider can keep the model to it.

    Only where the model's text is the value: with the driver `code` it is not. The
    vendors take no schema but an object's.
    """
    schema = resolved.output_schema
    is_text = resolved.manifest.agent.driver == "chat"
    if schema is None or not is_text or schema.get("type") != "object":
        return None
    return schema if resolved.facts.can("structured_output") else None
