"""Changes of a pod under test: noted, and told to its driver as a test wants them."""

from __future__ import annotations

from collections.abc import Callable

from podd.core.context.request import Surface
from podd.core.turn import inputs as i
from podd.core.turn.decide import Decision
from podd.errors import PoddError
from podd.manifest.configuring import Changes
from podd.runtime.driver import Driver
from podd.testing.surface import SURFACE


class RecordingConfiguring:
    """The runtime's `Configuring`.

    Attributes:
        asked: what was asked for, in order.
        refusal: raised, if there is one.
        surface: what the model is shown from then on.
    """

    def __init__(self, driver: Callable[[], Driver]) -> None:
        self._driver = driver
        self.asked: list[Changes] = []
        self.refusal: PoddError | None = None
        self.surface: Surface = SURFACE

    async def configure(self, changes: Changes) -> Decision:
        """Tell the driver."""
        self.asked.append(changes)
        if self.refusal is not None:
            raise self.refusal
        fact = i.SurfaceConfigured(surface=self.surface, manifest={"pod": {}})
        return await self._driver().ask(fact)
