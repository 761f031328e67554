"""podctl as a test types it, in this process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from podd.cli.main import main


@dataclass(frozen=True)
class Said:
    """What a command line answered."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The last line of stdout, decoded."""
        return msgspec.json.decode(self.out.splitlines()[-1])


def podctl(capsys: pytest.CaptureFixture[str], *words: str) -> Said:
    """Type `podctl WORDS`."""
    capsys.readouterr()
    code = main(words)
    said = capsys.readouterr()
    return Said(code, said.out, said.err)
