"""Who looks at a turn: a person at a terminal, a program, or nobody yet."""

from __future__ import annotations

import sys
from typing import Protocol

import msgspec

from podd.cli.event_words import event_words
from podd.cli.output import Output
from podd.client.connection import Heard
from podd_protocol.events import ApprovalRequested, QuestionAsked


class View(Protocol):
    """Is told every event, in order."""

    def hear(self, heard: Heard) -> None:
        """Show an event, or not."""

    def rest(self) -> None:
        """Nothing follows for now: leave a clean line for others."""


class JsonLines:
    """Each event as on the wire, plus `pod`, on stdout."""

    def __init__(self, output: Output, pod: str) -> None:
        self._output = output
        self._pod = pod

    def hear(self, heard: Heard) -> None:
        fields = msgspec.json.decode(heard.line)
        # An event about another pod says so itself; that stays.
        fields.setdefault("pod", self._pod)
        self._output.stream_line(msgspec.json.encode(fields))

    def rest(self) -> None:
        """Every line is whole."""


class Progress:
    """A line an event on stderr, for who asked for more.

    What waits for people is said to everyone: else they would not know why nothing
    happens.
    """

    def __init__(self, output: Output) -> None:
        self._output = output

    def hear(self, heard: Heard) -> None:
        words = None if heard.event is None else event_words(heard.event)
        if words is None:
            return
        match heard.event:
            case ApprovalRequested() | QuestionAsked(to="user"):
                self._output.say(words, "yellow")
            case _:
                self._output.detail(words)

    def rest(self) -> None:
        """Every line is whole."""


class EventLines:
    """A line an event on stdout, with its time, for people."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def hear(self, heard: Heard) -> None:
        words = None if heard.event is None else event_words(heard.event)
        if words is not None:
            at = getattr(heard.event, "at", "")
            self._output.text(f"{local_time(at)}  {words}")

    def rest(self) -> None:
        """Every line is whole."""


def local_time(at: str) -> str:
    """The time of day here of an RFC 3339 time; blanks for an event that has none."""
    import datetime as dt

    if not at:
        return " " * len("00:00:00")
    moment = dt.datetime.fromisoformat(at)
    return moment.astimezone().strftime("%H:%M:%S")


def view_of(output: Output, *, pod: str, turn: str) -> View:
    """The view that this command line asks for."""
    if output.json:
        return JsonLines(output, pod)
    if sys.stdout.isatty():
        from podd.cli.screen import Screen

        return Screen(sys.stdout, turn)
    return Progress(output)
