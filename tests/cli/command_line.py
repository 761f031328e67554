"""podctl as a test types it, in this process."""

from __future__ import annotations

import os
import pty
import threading
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


def on_terminal(monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    """Type `podctl WORDS` with stdout on a terminal, and return what it shows."""
    screen, terminal = pty.openpty()
    shown: list[bytes] = []

    def watch() -> None:
        # A terminal whose other end is closed is an error, not an end of file.
        try:
            while piece := os.read(screen, 65536):
                shown.append(piece)
        except OSError:
            return

    watching = threading.Thread(target=watch)
    watching.start()
    with (
        open(terminal, "w", encoding="utf-8") as stdout,  # noqa: PTH123  # a descriptor
        monkeypatch.context() as patch,
    ):
        patch.setattr("sys.stdout", stdout)
        code = main(words)
    watching.join(10)
    os.close(screen)
    assert code == 0
    return b"".join(shown).decode().replace("\r\n", "\n")
