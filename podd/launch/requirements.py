"""What a manifest requires of this machine before a pod may start on it."""

from __future__ import annotations

from podd.errors import SandboxUnmetError
from podd.manifest.schema import Manifest


def check_sandbox(manifest: Manifest) -> None:
    """Refuse to start where `[sandbox] require` does not hold.

    Raises:
        SandboxUnmetError: names all that is missing, and the remedies.
    """
    if not manifest.sandbox.require:
        return
    # Imported late: hardly a manifest requires anything.
    from podd.sandbox.probe import probe, unmet

    missing = unmet(probe(), manifest.sandbox.require)
    remedies = [one.remedy for one in missing if one.remedy]
    if missing:
        raise SandboxUnmetError(
            pod=manifest.pod.name,
            missing={one.name: one.detail for one in missing},
            advice="; ".join(dict.fromkeys(remedies)),
        )
