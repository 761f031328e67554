"""What a pod may touch now: its scope without what it has lent.

Nothing is kept: what is lent stands in the state. Who writes on the strength of the
scope is told of every change before anything else happens (`refresh`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from podd.core.pod.state import PodState
from podd.core.scope.lending import narrowed
from podd.core.scope.rules import Scope

#: (what may be touched now, the borrower's name by lent root).
Follower = Callable[[Scope, Mapping[str, str]], None]


class EffectiveScope:
    """The one place where a scope and its loans meet."""

    def __init__(self, whole: Scope, state: PodState) -> None:
        """Narrow `whole`, which is grounded, by what `state` has lent."""
        self.whole = whole
        self._state = state
        self._follower: Follower | None = None

    @property
    def lent(self) -> dict[str, Scope]:
        """What is lent, by the borrower's name."""
        return {
            child.pod: child.scope
            for child in self._state.children.values()
            if child.is_lent_to and child.scope is not None
        }

    @property
    def borrowers(self) -> dict[str, str]:
        """Who has each path that we may not write for the time being."""
        return {
            path: pod
            for pod, scope in self.lent.items()
            for path in scope.paths("write")
        }

    def now(self) -> Scope:
        """What is left."""
        return narrowed(self.whole, self.lent.values())

    def follow(self, follower: Follower) -> None:
        """Tell `follower` how it is, and from now on how it changes."""
        self._follower = follower
        self.refresh()

    def refresh(self) -> None:
        """The state has changed: make it count."""
        if self._follower is not None:
            self._follower(self.now(), self.borrowers)
