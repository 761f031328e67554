"""Passes on what people say to a pod below this one: its own socket is the way there.

What comes of it is read later in its entries, like everything else.
"""

from __future__ import annotations

import anyio.to_thread
import msgspec

from podd.errors import FailureReplyError, NoSuchError, PoddError
from podd.paths import Places
from podd_protocol.replies import Failure, FailureCode, Ok
from podd_protocol.requests import Answer, Approve, Deny

#: How long the pod below may take; who waits for the answer is a person.
RELAY_SECONDS = 5.0

Said = Approve | Deny | Answer


class Relay(msgspec.Struct, frozen=True):
    """Knows where pods are."""

    places: Places

    async def pass_on(self, pod: str, session: str, said: Said) -> Ok | Failure:
        """Say it to `pod`; its answer under the number of the request.

        Not to another one that has the name by now: its calls are named alike.
        """
        return await anyio.to_thread.run_sync(self._say, pod, session, said)

    def _say(self, pod: str, session: str, said: Said) -> Ok | Failure:
        # Imported late: most pods never need it.
        from podd.client.connection import PodConnection

        own = msgspec.structs.replace(said, pod=None)
        try:
            with PodConnection.open(
                self.places.socket(pod), RELAY_SECONDS, pod=pod
            ) as connection:
                if connection.welcome.session != session:
                    raise NoSuchError(what="session", name=session)
                connection.ask(own)
        except FailureReplyError as error:
            code: FailureCode = msgspec.convert(error.failure, FailureCode)
            return Failure(
                id=said.id,
                code=code,
                message=error.message,
                data=error.details,
            )
        except PoddError as error:
            gone: FailureCode = (
                "no_such_question" if isinstance(said, Answer) else "no_such_call"
            )
            return Failure(id=said.id, code=gone, message=str(error))
        return Ok(id=said.id)
