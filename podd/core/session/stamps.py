"""How a moment and a new session are written. Pure: time and randomness come in."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID


def rfc3339(nanoseconds: int) -> str:
    """A moment since the epoch, as entries write it: UTC, milliseconds."""
    second = _second(nanoseconds // 1_000_000_000)
    return f"{second}.{nanoseconds // 1_000_000 % 1000:03d}Z"


# Most entries are of the second that the one before is of.
@lru_cache(maxsize=4)
def _second(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"


def epoch_seconds(moment: str) -> float:
    """The moment that an entry names, since the epoch.

    Raises:
        ValueError: it is none.
    """
    return datetime.fromisoformat(moment).timestamp()


def uuid7(milliseconds: int, random: bytes) -> str:
    """A session's id, RFC 9562 section 5.7: 48 bits of time, then randomness.

    Args:
        milliseconds: since the epoch.
        random: 10 bytes.
    """
    value = (milliseconds & (1 << 48) - 1) << 80 | int.from_bytes(random, "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(UUID(int=value))
