"""Which live pod lends to which, by the table of allocations.

Rules of this file: a pod is a child as long as its lender lives; whose lender is dead
stands on its own. The table knows that also of pods that do not answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from podd.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from podd.paths import Places


class Family:
    """The live pods that are children, each with its parent.

    Args:
        parents: name of each child to that of the pod that lends to it.
    """

    def __init__(self, parents: dict[str, str]) -> None:
        self._parents = parents

    @classmethod
    def of(cls, places: Places) -> Family:
        """As the table has it now; nobody is anybody's child where there is none."""
        from podd.scope_lock.listing import allocations
        from podd.scope_lock.table import Table

        with Table(places) as table:
            found = allocations(table)
        return cls({one.pod: one.parent for one in found if one.alive and one.parent})

    def parent_of(self, pod: str) -> str | None:
        """Who lends to `pod`; None: nobody."""
        return self._parents.get(pod)

    def below(self, pod: str) -> list[str]:
        """Children and theirs, the deepest first."""
        found: list[str] = []
        nearest = [pod]
        while nearest:
            nearest = sorted(
                child for child, parent in self._parents.items() if parent in nearest
            )
            found = [*nearest, *found]
        return found

    def deepest_first(self, pods: Iterable[str]) -> list[str]:
        """The same pods, every child before its parent."""
        return sorted(pods, key=lambda pod: (-self._depth(pod), pod))

    def _depth(self, pod: str) -> int:
        depth = 0
        while (above := self._parents.get(pod)) is not None:
            pod, depth = above, depth + 1
        return depth


def may_be_child(name: str) -> bool:
    """Whether a pod of this name may have a parent, without asking anybody.

    Child `x` of pod `p` is the pod `p.x`; a pod without parent may be called so too.
    """
    return "." in name


def uncovered(family: Family, pod: str, named: Iterable[str]) -> list[str]:
    """The pods below `pod` that a command line that ends it does not name."""
    left = set(family.below(pod)) - set(named)
    return sorted(left)


def children_left(verb: str, pod: str, children: list[str]) -> UsageError:
    """Refuse to end a pod and leave its children to whatever comes."""
    return UsageError(
        reason=f"pod {pod!r} has children: {', '.join(children)}",
        hint=f"podctl {verb} {pod} --tree ends them too; podctl list --tree shows them",
    )
