"""A driver that answers by lot, within its contract or against it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from podd.core.pod.state import OpenTurn
from podd.core.turn.drivers.contract import Finish, GoOn, Repair, RunCode

_AFTER_AN_ANSWER: Final[tuple[Any, ...]] = (
    *(Finish(), Finish({"n": 1}), Finish(1), Repair("not so")),
    *(RunCode("look()"), RunCode("look()")),
)
_AFTER_WORK: Final[tuple[Any, ...]] = (GoOn(), GoOn(), GoOn(), Finish(), Finish({}))
_BREACHES: Final[tuple[Any, ...]] = (
    *(None, "finish", GoOn, RunCode(""), Repair(None), Finish(object())),
    ZeroDivisionError("a bug"),
)


@dataclass(frozen=True, slots=True)
class Fickle:
    """Pure, as drivers are: the same turn gets the same answer, restored or not."""

    seed: int
    offers_tools: bool
    keeps_its_contract: bool
    name: ClassVar = "chat"

    def answered(self, turn: OpenTurn, *, wants_value: bool) -> Any:
        allowed = _AFTER_AN_ANSWER[: 4 if self.offers_tools else None]
        return self._one_of(turn, allowed, GoOn())

    def worked(self, turn: OpenTurn) -> Any:
        return self._one_of(turn, _AFTER_WORK, RunCode("x"))

    def _one_of(self, turn: OpenTurn, allowed: tuple[Any, ...], breach: Any) -> Any:
        said = allowed
        if not self.keeps_its_contract:
            said = (*allowed, *_BREACHES, breach)
        lot = zlib.crc32(f"{self.seed} {turn.step} {turn.refused}".encode())
        chosen = said[lot % len(said)]
        if isinstance(chosen, Exception):
            raise chosen
        return chosen
