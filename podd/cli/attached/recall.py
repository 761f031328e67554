"""What was typed before, to be had back with the arrow up."""

from __future__ import annotations


class Recall:
    """Texts, the newest last, and where in them somebody looks."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._at = 0
        """Number of texts: at what is being typed now."""
        self._draft = ""

    def add(self, text: str) -> None:
        """Keep a text; the same twice in a row once. Looking begins at the newest."""
        if not self._texts or self._texts[-1] != text:
            self._texts.append(text)
        self._at = len(self._texts)

    def older(self, shown: str) -> str | None:
        """The text before the one that is shown; None: there is none."""
        if self._at == 0:
            return None
        if self._at == len(self._texts):
            self._draft = shown
        self._at -= 1
        return self._texts[self._at]

    def newer(self) -> str | None:
        """The text behind it, at last what was being typed; None: there is none."""
        if self._at == len(self._texts):
            return None
        self._at += 1
        return self._draft if self._at == len(self._texts) else self._texts[self._at]
