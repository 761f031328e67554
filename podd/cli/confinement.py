"""Whether this machine can hold the commands of pods, as `doctor` says it.

Each feature is called what `[sandbox] require` calls it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from podd.cli.check import Check, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podd.sandbox.probe import Feature, FeatureName, Report
    from podd.sandbox.settings import Means

_HELD_BY: Final[dict[Means, str]] = {
    "namespaces": "held by namespaces of their own",
    "bubblewrap": "held by bubblewrap",
    "landlock": "held by Landlock and a filter of system calls, with gaps",
}

#: What stands in for namespaces, and is not missed where those work.
_STANDING_IN: Final[tuple[FeatureName, ...]] = ("bubblewrap", "seccomp")


def checks(report: Report) -> Iterator[Check]:
    """The means that is used, what it rests on, and what it leaves open."""
    yield _means(report)
    for feature in report.features:
        yield Check(
            feature.name, _verdict(feature, report), feature.detail, feature.remedy
        )
    if report.gaps:
        yield Check("command gaps", "warning", "\n".join(report.gaps), _better(report))
    if report.costs:
        yield Check("command costs", "info", "\n".join(report.costs))


def document(report: Report) -> dict[str, object]:
    """The same for programs, for `--json`."""
    return {
        "means": report.means,
        "features": [
            {
                "name": feature.name,
                "works": feature.works,
                "detail": feature.detail,
                "remedy": feature.remedy,
            }
            for feature in report.features
        ],
        "gaps": list(report.gaps),
        "costs": list(report.costs),
    }


def _means(report: Report) -> Check:
    if report.means is None:
        detail = "cannot be held: no bash in mode enforce"
        return Check("commands", "warning", detail, _better(report))
    detail = _HELD_BY[report.means]
    if report.means == "landlock":
        return Check("commands", "warning", detail, _better(report))
    return Check("commands", "ok", detail)


def _verdict(feature: Feature, report: Report) -> Verdict:
    if feature.works:
        return "ok"
    stood_in_for = report.means == "namespaces" and feature.name in _STANDING_IN
    return "info" if stood_in_for else "warning"


def _better(report: Report) -> str:
    """What to do first: that the best means works, then that nothing is left open."""
    return next(
        (feature.remedy for feature in report.features if not feature.works),
        # Everything works and still there is a gap: it is one of the means.
        "",
    )
