"""What a person gives the model: from the command line, or from stdin for `-`."""

from __future__ import annotations

import sys

from podd.errors import UsageError


def prompt_of(argument: str, *, what: str = "PROMPT") -> str:
    """The text that `argument` stands for.

    Args:
        argument: the text itself, or `-` for all of stdin.
        what: its name in the verb's help, for the errors.

    Raises:
        UsageError: it is empty, or is not UTF-8.
    """
    if argument == "-":
        try:
            text = sys.stdin.buffer.read().decode()
        except UnicodeDecodeError as error:
            raise UsageError(reason=f"{what}: stdin is not UTF-8: {error}") from error
        if not text.strip():
            raise UsageError(reason=f"{what}: there was nothing on stdin")
        return text.removesuffix("\n")
    if not argument.strip():
        raise UsageError(reason=f"{what} is empty")
    try:
        argument.encode()
    except UnicodeEncodeError as error:
        # Bytes that are no text arrive as lone surrogates, which no wire can carry.
        raise UsageError(reason=f"{what} is not UTF-8") from error
    return argument
