"""A recording played back, through the decoder of the provider that it came from."""

from __future__ import annotations

from podd.errors import ProviderError, ProviderFault
from podd.providers.decoders import reading_of
from podd.providers.ports import Ports
from podd.providers.provider import Answer
from podd.providers.recording import Recording
from podd.providers.rejection import Rejection
from podd.providers.scripted.script import Pacing

_SUCCESS = range(200, 300)


async def replay(
    recording: Recording, path: str, *, pace: Pacing, ports: Ports
) -> Answer:
    """Say what the server said, and end as it did.

    Args:
        recording: to be played.
        path: its file, for the errors.
        pace: whether to keep to the times at which the pieces came.
        ports: time.

    Raises:
        ProviderError: as the decoder has it, or as the recording says that it ended.
    """
    reading = reading_of(recording.asked.provider)
    assert reading is not None, "loading has looked"
    answered, end = recording.answered, recording.end
    if answered is None:
        raise _ended(recording, path)
    if answered.status not in _SUCCESS:
        body = b"".join(piece.content for piece in recording.pieces)
        raise reading.reject(
            Rejection(answered.status, answered.headers, body, ports.wall())
        )
    decoder = reading.decoder(recording.asked.sent_bytes)
    now = 0.0
    for piece in recording.pieces:
        if pace == "as_recorded" and piece.seconds > now:
            await ports.wait(piece.seconds - now)
            now = piece.seconds
        for delta in decoder.feed(piece.content):
            yield delta
        if decoder.is_over:
            break
    if end.fault is not None and not decoder.is_whole:
        raise _ended(recording, path)
    yield decoder.finish()


def _ended(recording: Recording, path: str) -> ProviderError:
    """What cannot be read out of the bytes: why no more of them came."""
    end = recording.end
    fault: ProviderFault = "cut"
    if end.fault is None or end.fault == "interrupted":
        words = "nobody waited for the rest when it was recorded"
    elif end.fault == "too_long":
        words = "the rest was too long to be kept"
    else:
        fault, words = end.fault, end.message
    return ProviderError(
        fault=fault,
        message=f"{words}, as {path} says",
        provider=recording.asked.provider,
    )
