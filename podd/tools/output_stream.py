"""What a command prints, while it prints it.

Keys are taken out before anything is kept or shown. Of the whole, head and tail stay in
memory; all of it goes to a file as it comes, so that it is known what was printed when
the pod dies (`OutputStore.so_far`). A file that holds no more than the model reads is
removed at the end.
"""

from __future__ import annotations

from podd.tools.output_ends import OutputEnds, shown
from podd.tools.output_store import FittedOutput, OutputStore
from podd.tools.redaction_window import RedactionWindow
from podd.tools.spill_file import SpillFile
from podd.tools.text import invalid_at


class OutputStream:
    """The output of one call. Its functions may wait for a disk: call in a thread."""

    def __init__(
        self, store: OutputStore, tool: str, call: str, *, to_file: bool = False
    ) -> None:
        """Begin.

        Args:
            store: the limits, and where files go.
            tool: whose limit holds.
            call: names the file.
            to_file: have a file from the beginning and keep it, however little is
                printed.

        Raises:
            OSError: the file cannot be made, where `to_file`.
        """
        self._store = store
        self._name = store.file_name(call)
        self._window = RedactionWindow(store.redact)
        self._ends = OutputEnds(store.limit(tool))
        self._spill: SpillFile | None = None
        self._lost = ""
        self._has_zeros = False
        self._is_utf8 = True
        self._is_kept = to_file
        if to_file:
            self._spill = SpillFile(store.directory, self._name)

    @property
    def path(self) -> str | None:
        """The file, if there is one by now."""
        return None if self._spill is None else self._spill.path

    @property
    def size(self) -> int:
        """Bytes so far, without those that wait in case a key goes on."""
        return self._ends.size

    def feed(self, data: bytes) -> str:
        """Take the next piece, and return what may be shown by now."""
        return self._take(self._window.feed(data))

    def finish(self) -> tuple[str, FittedOutput]:
        """End it.

        Returns:
            What may still be shown, and the output as a model reads it.
        """
        last = self._take(self._window.rest())
        text = self._ends.text()
        if text is not None and not self._is_kept:
            self.discard()
        if self._spill is not None:
            try:
                self._spill.finish()
            except OSError as error:
                self._lose(error)
        if text is None:
            text = self._ends.cut(self._where())
        return last, FittedOutput(text=text, spilled_to=self.path)

    def discard(self) -> None:
        """Leave nothing behind."""
        if self._spill is not None:
            self._spill.discard()
            self._spill = None

    def remarks(self) -> list[str]:
        """Say what the text does not show, for a summary."""
        if self._has_zeros:
            return ["the output is binary; what is no text is shown as \ufffd"]
        if not self._is_utf8:
            return ["not all of the output is UTF-8; what is not is shown as \ufffd"]
        return []

    def _take(self, data: bytes) -> str:
        if not data:
            return ""
        ends = self._ends
        self._has_zeros = self._has_zeros or b"\0" in data
        self._is_utf8 = self._is_utf8 and invalid_at(data) is None
        ends.feed(data)
        self._keep(data)
        return shown(data)

    def _keep(self, data: bytes) -> None:
        if self._lost:
            return
        try:
            if self._spill is None:
                self._spill = SpillFile(self._store.directory, self._name)
            self._spill.write(data)
        except OSError as error:
            self._lose(error)

    def _lose(self, error: OSError) -> None:
        self._lost = f"it could not be kept: {error.strerror}"
        self.discard()

    def _where(self) -> str:
        if self._spill is None:
            return self._lost
        if left_out := self._spill.left_out:
            return f"{self._spill.path} has all but {left_out} bytes of the middle"
        return f"all {self._ends.size} bytes are in {self._spill.path}"
