"""What podd itself says to a model in the course of a conversation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from podd.core.pod.child import Child, Report, short_name
from podd.core.pod.waiting import Command
from podd.core.turn.known import Changes, KnownOfCall
from podd.core.turn.settings import Texts
from podd.prompts.catalogue import BUILTIN, Catalogue, Text, TextName
from podd.prompts.excerpt import excerpt
from podd.prompts.samples import SAMPLES, Variables
from podd_protocol.values import Asked, ChildEnd, CommandEnd, Limit, Outcome, ToolStatus

#: Characters of a child's answer, and of its value: ten children may report at once.
LONGEST_ANSWER: Final = 8_000
#: Of what else others wrote: questions, ends of logs, command lines, reasons.
LONGEST_REMARK: Final = 4_000
#: Of one of several choices, or of a task.
LONGEST_LINE: Final = 500
#: Choices, and changed files, that are named one by one.
MOST_NAMED: Final = 50

#: As a template reads it.
_YES_OR_NO: Final = {True: "yes", False: "no", None: ""}


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
        self._texts = {name: catalogue.text(name) for name in SAMPLES}
        for name, samples in SAMPLES.items():
            if not self._texts[name].path.startswith(f"{BUILTIN}/"):
                for sample in samples:
                    self._render(name, sample)

    def notification(self, origin: str, message: str) -> str:
        """Return what the model reads when `origin` sends it `message`."""
        return self._render("notification", {"origin": origin, "message": message})

    def limit(self, limit: Limit, value: float) -> str:
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

    def unknown(self, tool: str, since: str, known: KnownOfCall) -> str:
        """Return the summary for a call that a crash left open.

        Args:
            tool: its name.
            since: when it started, RFC 3339; empty if that is not known.
            known: what the pod found when it came back.
        """
        changes = known.changes or Changes()
        return self._line(
            "unknown",
            {
                "tool": tool,
                "since": since,
                "printed": known.output_bytes,
                "written": _YES_OR_NO[known.is_written],
                "looked": known.changes is not None,
                "files": [excerpt(path, LONGEST_LINE).text for path in changes.paths],
                "more_files": changes.more,
                "complete": changes.is_complete,
            },
        )

    def child_reported(self, child: str, report: Report) -> str:
        """Return what a parent reads when a turn that it asked for has ended.

        Args:
            child: its name, as the parent's model says it.
            report: how the turn ended.
        """
        answer = excerpt(report.text.strip(), LONGEST_ANSWER)
        value = excerpt(_as_json(report.value), LONGEST_ANSWER)
        spent = report.usage
        cached = spent.cache_read_tokens + spent.cache_write_tokens
        return self._render(
            "child_reported",
            {
                "child": child,
                "outcome": _outcome(report.outcome),
                "text": answer.text,
                "value": value.text,
                "left_out": answer.left_out + value.left_out,
                "files": list(report.files[:MOST_NAMED]),
                "more_files": max(0, len(report.files) - MOST_NAMED),
                "usage": {
                    "input": spent.input_tokens + cached,
                    "output": spent.output_tokens,
                },
            },
        )

    def child_ended(self, child: str, end: ChildEnd, message: str) -> str:
        """Return what a parent reads when a child is gone, and how it ended."""
        known = excerpt(message.strip(), LONGEST_REMARK).text
        return self._render(
            "child_ended", {"child": child, "end": end, "message": known}
        )

    def child_asks(self, child: str, question: str, choices: Sequence[str]) -> str:
        """Return what a parent reads when a child wants to know something of it."""
        offered = [
            excerpt(choice, LONGEST_LINE).text for choice in choices[:MOST_NAMED]
        ]
        return self._render(
            "child_asks",
            {
                "child": child,
                "question": excerpt(question.strip(), LONGEST_REMARK).text,
                "choices": offered,
            },
        )

    def child_works(self, child: Child) -> str:
        """Return what a parent reads of a child that has reported nothing."""
        return self._render(
            "child_works",
            {
                "child": short_name(child.parent, child.pod),
                "state": child.state,
                "task": excerpt(child.task.strip(), LONGEST_LINE).text,
            },
        )

    def command_ended(
        self, command: Command, end: CommandEnd, status: int, reason: str
    ) -> str:
        """Return what the model reads when a command of the background has ended."""
        return self._render(
            "command_ended",
            {
                "command": command.command,
                "end": end,
                "status": status,
                "reason": excerpt(reason.strip(), LONGEST_REMARK).text,
                "text": excerpt(command.text.strip(), LONGEST_LINE).text,
                "output": command.output,
            },
        )

    def denied(self, tool: str, why: str) -> str:
        """Return the summary for a call that rules or people do not want."""
        reason = excerpt(why, LONGEST_REMARK).text
        return self._line("denied", {"tool": tool, "why": reason})

    def not_decided(self, seconds: float) -> str:
        """Return why a call is denied about which nobody decided in time."""
        return self._line("not_decided", {"seconds": f"{seconds:g}"})

    def not_answered(self, asked: Asked, seconds: float) -> str:
        """Return the summary for a question that nobody answered in time."""
        return self._line("not_answered", {"asked": asked, "seconds": f"{seconds:g}"})

    def answer_refused(self, problem: str, left: int) -> str:
        """Return what the model reads when its answer does not end the turn.

        Args:
            problem: what is wrong with it.
            left: how many tries it has after the next one.
        """
        known = excerpt(problem, LONGEST_REMARK).text
        return self._render("answer_refused", {"problem": known, "left": left})

    def code_ended(self, status: ToolStatus, known: str) -> str:
        """Return the summary for a block of code, from what is known of its end."""
        remark = excerpt(known, LONGEST_REMARK).text
        return self._line("code_ended", {"status": status, "known": remark})

    def interpreter_lost(self) -> str:
        """Return what the model reads when names that its code gave are gone."""
        return self._render("interpreter_lost", {})

    def texts(self) -> Texts:
        """Return them as deciding takes them: strings, and pure functions."""
        return Texts(
            notification=self.notification,
            limit=self.limit,
            cut_off=self.cut_off(),
            no_tools_left=self.no_tools_left(),
            interrupted=self.interrupted(),
            unknown=self.unknown,
            child_reported=self.child_reported,
            child_ended=self.child_ended,
            child_asks=self.child_asks,
            child_works=self.child_works,
            command_ended=self.command_ended,
            denied=self.denied,
            not_decided=self.not_decided,
            not_answered=self.not_answered,
            answer_refused=self.answer_refused,
            code_ended=self.code_ended,
            interpreter_lost=self.interpreter_lost(),
        )

    def _line(self, name: TextName, variables: Variables) -> str:
        """A summary is one line, however its file is wrapped."""
        return " ".join(self._render(name, variables).split())

    def _render(self, name: TextName, variables: Variables) -> str:
        text: Text = self._texts[name]
        if not any(mark in text.source for mark in ("{{", "{%", "{#")):
            return text.source.strip()
        # Imported late: the template engine is slow to import.
        from podd.prompts.templates import render

        return render(self._catalogue, text, variables)


def _outcome(outcome: Outcome) -> dict[str, str]:
    fields: dict[str, str] = msgspec.to_builtins(outcome)
    return {key: excerpt(text, LONGEST_REMARK).text for key, text in fields.items()}


def _as_json(value: object) -> str:
    return "" if value is None else msgspec.json.encode(value).decode()
