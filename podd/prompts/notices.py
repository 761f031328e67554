"""What podd itself says to a model in the course of a conversation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from podd.core.turn.settings import Texts
from podd.prompts.catalogue import BUILTIN, Catalogue, Text, TextName
from podd_protocol.values import Limit

#: A value for each variable of each text, to try the texts of others on.
_SAMPLES: Final[Mapping[TextName, Mapping[str, object]]] = {
    "notification": {"origin": "user", "message": "text"},
    "limit": {"limit": "steps", "value": 50},
    "cut_off": {},
    "no_tools_left": {},
    "interrupted": {},
    "unknown": {"tool": "write_file", "since": "2026-01-01T00:00:00.000Z"},
}


class Notices:
    """The notices of one pod, read once: a file edited later changes nothing.

    A text of the user's or the project's is tried when this is made, so that a mistake
    in it is known at spawn. podd's own texts are rendered first when first needed:
    most pods start without the template engine.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        """Read all texts.

        Raises:
            ManifestError: one cannot be read, or its template is broken; names the
                file and the line.
        """
        self._catalogue = catalogue
        self._texts = {name: catalogue.text(name) for name in _SAMPLES}
        for name, sample in _SAMPLES.items():
            if not self._texts[name].path.startswith(f"{BUILTIN}/"):
                self._render(name, sample)

    def notification(self, origin: str, message: str) -> str:
        """Return what the model reads when `origin` sends it `message`."""
        return self._render("notification", {"origin": origin, "message": message})

    def limit(self, limit: Limit, value: int) -> str:
        """Return the notice of the last step that reaching `limit` grants."""
        return self._render("limit", {"limit": limit, "value": value})

    def cut_off(self) -> str:
        """Return the summary for a call in an answer that the output limit cut."""
        return self._line("cut_off", {})

    def no_tools_left(self) -> str:
        """Return the summary for a call made in the last step."""
        return self._line("no_tools_left", {})

    def interrupted(self) -> str:
        """Return the summary for a call that cancel or shutdown ended."""
        return self._line("interrupted", {})

    def unknown(self, tool: str, since: str) -> str:
        """Return the summary for a call that a crash left open.

        Args:
            tool: its name.
            since: when it started, RFC 3339; empty if that is not known.
        """
        return self._line("unknown", {"tool": tool, "since": since})

    def texts(self) -> Texts:
        """Return them as deciding takes them: strings, and pure functions."""
        return Texts(
            notification=self.notification,
            limit=self.limit,
            cut_off=self.cut_off(),
            no_tools_left=self.no_tools_left(),
            interrupted=self.interrupted(),
            unknown=self.unknown,
        )

    def _line(self, name: TextName, variables: Mapping[str, object]) -> str:
        """A summary is one line, however its file is wrapped."""
        return " ".join(self._render(name, variables).split())

    def _render(self, name: TextName, variables: Mapping[str, object]) -> str:
        text: Text = self._texts[name]
        if not any(mark in text.source for mark in ("{{", "{%", "{#")):
            return text.source.strip()
        # Imported late: the template engine is slow to import.
        from podd.prompts.templates import render

        return render(self._catalogue, text, variables)
