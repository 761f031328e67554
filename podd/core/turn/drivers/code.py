"""`code`: the model writes Python, which is run, until it submits or just talks."""

from __future__ import annotations

from typing import Final, final

from podd.core.context.fences import first_block
from podd.core.pod.state import OpenTurn
from podd.core.turn.drivers.contract import Finish, GoOn, Next, Repair, RunCode
from podd_protocol.values import DriverName

#: What models call the language; a fence without any word is prose of some kind.
LANGUAGES: Final = ("python", "py", "python3")


@final
class Code:
    """The driver whose tools are functions of a running interpreter."""

    name: Final[DriverName] = "code"
    offers_tools: Final = False

    def answered(self, turn: OpenTurn, *, wants_value: bool) -> Next:
        """Run the first block; without one the answer is the end, or lacks its value.

        What stands behind the first block was written without knowing what it does.
        """
        code = first_block(turn.text, LANGUAGES)
        if code is not None and code.strip():
            return RunCode(code)
        if wants_value:
            return Repair("no value was submitted; submit(value) hands it in, as code")
        return Finish()

    def worked(self, turn: OpenTurn) -> Next:
        """Finish with what was submitted, else show the model what came of its code."""
        if turn.submitted is not None:
            return Finish(turn.submitted.value)
        return GoOn()
