"""What a model sees of a pod under test, and what podd says to it: short and fixed."""

from __future__ import annotations

from typing import Final

from podd.core.context.request import Surface, ToolSpec
from podd.core.turn.settings import Settings, Texts

TEXTS: Final = Texts(
    notification=lambda origin, message: f"[{origin}] {message}",
    limit=lambda limit, value: f"{limit}: {value}, hand over",
    cut_off="cut off",
    no_tools_left="no tools left",
    interrupted="interrupted",
    unknown=lambda tool, since, _known: f"{tool} since {since}: unknown",
    child_reported=lambda pod, report: f"{pod} {report.turn}: {report.text}",
    child_ended=lambda pod, end, message: f"{pod} {end}: {message}",
    child_asks=lambda pod, question, choices: f"{pod} asks {question} {list(choices)}",
    child_works=lambda child: f"{child.pod} works",
    command_ended=lambda command, end, status, reason: (
        f"{command.command} {end} {status} {reason}"
    ),
    denied=lambda tool, why: f"{tool} denied: {why}",
    not_decided=lambda seconds: f"nobody decided within {seconds:g} s",
    not_answered=lambda asked, seconds: f"{asked} silent for {seconds:g} s",
    answer_refused=lambda problem, left: f"refused: {problem}; {left} left",
    code_ended=lambda status, known: f"code {status}: {known}",
    interpreter_lost="names are gone",
)

#: `read_file` may run twice, `write_file` may not.
SETTINGS: Final = Settings(max_steps=20, repeatable={"read_file"}, texts=TEXTS)

SURFACE: Final = Surface(
    model="fake",
    system="You are under test.",
    tools=(
        ToolSpec("read_file", "Reads.", {"type": "object"}),
        ToolSpec("write_file", "Writes.", {"type": "object"}),
    ),
)
