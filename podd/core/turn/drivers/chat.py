"""`chat`: the model calls tools until it answers without, and that is its answer."""

from __future__ import annotations

from typing import Final, final

import msgspec

from podd.core.context.fences import sole_block
from podd.core.pod.state import OpenTurn
from podd.core.turn.drivers.contract import Finish, GoOn, Next, Repair
from podd_protocol.values import DriverName


@final
class Chat:
    """The driver of most pods."""

    name: Final[DriverName] = "chat"
    offers_tools: Final = True

    def answered(self, turn: OpenTurn, *, wants_value: bool) -> Next:
        """Finish; where a value is wanted, the answer must be JSON, and it alone.

        Many models put a fence around JSON whatever they are told, so one is allowed.
        """
        if not wants_value:
            return Finish()
        text = turn.text.strip()
        try:
            return Finish(msgspec.json.decode(sole_block(text) or text))
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            return Repair(f"the answer is not JSON alone ({error})")

    def worked(self, turn: OpenTurn) -> Next:  # noqa: ARG002  # the contract's
        """Show the model what its tools brought."""
        return GoOn()
