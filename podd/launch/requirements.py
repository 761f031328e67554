"""What a manifest requires of this machine before a pod may start on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podd.errors import SandboxUnmetError
from podd.manifest.schema import Manifest

if TYPE_CHECKING:
    from podd.sandbox.probe import FeatureName


def check_sandbox(manifest: Manifest) -> None:
    """Refuse to start where `[sandbox] require` does not hold, or nothing holds code.

    Raises:
        SandboxUnmetError: names all that is missing, and the remedies.
    """
    _check_driver(manifest)
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


def _check_driver(manifest: Manifest) -> None:
    """In `enforce` no code is run that nothing holds; other modes run it, with gaps."""
    if manifest.agent.driver != "code" or manifest.scope.mode != "enforce":
        return
    from podd.sandbox.probe import probe  # as above

    report = probe()
    lacking: FeatureName
    if report.means is None:
        lacking = "namespaces"
    elif manifest.sandbox.network == "deny" and not report.feature("network").works:
        lacking = "network"
    else:
        return
    raise SandboxUnmetError(
        pod=manifest.pod.name,
        missing={lacking: report.feature(lacking).detail},
        advice='set agent.driver = "chat"',
    )
