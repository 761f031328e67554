"""Under which texts a command is known to the rules.

`sudo -u web git -C site push` is a way of writing `git push`. A rule that asks or
denies must see that, so for such a rule every command has many texts, some of which
nobody meant. A rule that allows sees one: the command as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from podd.policy.command_line import RESERVED, read_line, read_substitutions
from podd.policy.pattern import ANYTHING, Pieces, Unknown
from podd.policy.shell_words import (
    CommandLine,
    SimpleCommand,
    UnreadableLineError,
    Word,
    shell_text,
)

#: Lines in lines (`sh -c "sh -c ..."`).
_DEEPEST: Final = 4
#: Texts of one line. An honest one has a few dozen.
_MOST: Final = 4096
#: Characters of all texts of one line together, and their pieces.
_LARGEST: Final = 2_097_152

#: Programs that read commands from their arguments or, without any, from their input.
_SHELLS: Final = frozenset(
    {"ash", "bash", "busybox", "dash", "fish", "ksh", "mksh", "rbash", "sh", "zsh"}
)
#: What takes a line of commands as one argument.
_LINE_TAKERS: Final = _SHELLS | frozenset(
    {
        *(".", "alias", "eval", "flock", "parallel", "runuser", "script", "source"),
        *("ssh", "su", "systemd-run", "tmux", "screen", "trap", "watch", "xargs"),
    }
)
#: What takes a program with its arguments, after options and arguments of its own.
_PREFIXES: Final = frozenset(
    {
        *(".", "builtin", "busybox", "chroot", "chrt", "command", "coproc", "doas"),
        *("env", "exec", "fakeroot", "find", "flock", "function", "ionice", "nice"),
        *("nohup", "nsenter", "parallel", "pkexec", "prlimit", "runuser", "setpriv"),
        *("setsid", "source", "ssh", "stdbuf", "strace", "su", "sudo", "systemd-run"),
        *("taskset", "time", "timeout", "toybox", "unshare", "watch", "xargs", "eval"),
    }
)
#: What runs what it reads from its input.
_FED: Final = _SHELLS | frozenset({".", "parallel", "source", "xargs"})
#: For a name of which a part is unknown: it may take lines, and commands.
_UNKNOWN_PROGRAM: Final = "parallel"
_SEVERAL: Final = re.compile(r"[\s;&|()<>`]")
#: After it a line follows: `sh -c`, `su -lc`.
_IS_LINE_NEXT: Final = re.compile(r"-\w*c")
_ASSIGNMENT: Final = re.compile(r"[A-Za-z_]\w*(\[[^]]*\])?\+?=", re.ASCII)


@dataclass(frozen=True, slots=True)
class CommandForms:
    """One simple command."""

    written: Pieces | None
    """As it stands there, quotes and blanks made alike. A file that output goes to is a
    command of its own: `> FILE`. None: variables are set before it, so that it may be
    another command than its words say."""
    possible: tuple[Pieces, ...]
    """Every text that it may be known by."""


@dataclass(frozen=True, slots=True)
class LineForms:
    """One command line."""

    commands: tuple[CommandForms, ...]
    elsewhere: tuple[Pieces, ...]
    """What its here-documents, quotes and pipes may lead a shell to run."""


def forms_of(text: str) -> LineForms:
    """Return all texts that the line `text` may be known by.

    Raises:
        UnreadableLineError: nobody can tell.
    """
    line = read_line(text)
    count = _Count()
    return LineForms(
        commands=tuple(
            CommandForms(written, count.all_of(possible))
            for command in line.commands
            for written, possible in _of_parts(command)
        ),
        elsewhere=count.all_of(_Forms().elsewhere(line, 0)),
    )


class _Count:
    """Keeps the texts of one line within bounds."""

    def __init__(self) -> None:
        self._texts = 0
        self._size = 0

    def all_of(self, forms: Iterable[Pieces]) -> tuple[Pieces, ...]:
        kept: dict[Pieces, None] = {}
        for form in forms:
            self._texts += 1
            self._size += sum(len(x) + 1 for x in form if isinstance(x, str))
            if self._texts > _MOST or self._size > _LARGEST:
                raise UnreadableLineError("it holds too many commands")
            kept[form] = None
        return tuple(kept)


def _of_parts(
    command: SimpleCommand,
) -> Iterator[tuple[Pieces | None, Iterable[Pieces]]]:
    words = _without_reserved(command.words)
    if words and not _is_header(words):
        is_plain = len(_without_assignments(words)) == len(words)
        yield _joined(words) if is_plain else None, _Forms().of_command(words, 0)
    for target in command.outputs:
        form = ("> ", *target.pieces)
        yield form, (form,)


class _Forms:
    def of_line(self, text: str, depth: int) -> Iterator[Pieces]:
        """Yield the forms of all commands of a line in the line."""
        if depth > _DEEPEST:
            raise UnreadableLineError("it is nested too deeply")
        line = read_line(text)
        yield from self._of_commands(line, depth)
        yield from self.elsewhere(line, depth)

    def elsewhere(self, line: CommandLine, depth: int) -> Iterator[Pieces]:
        """Yield what may be run without standing there as a command."""
        for quoted in line.quoted:
            # Some words of the shell look for substitutions a second time.
            yield from self._of_commands(read_substitutions(quoted), depth)
        if not (line.fed or line.has_pipe) or not any(map(_is_fed, line.commands)):
            return
        for body in line.fed:
            yield from self.of_line(body, depth + 1)
        for command in line.commands:
            # What one command prints, another one runs.
            yield from self._of_suffixes(command.words[1:], depth)
            yield from self._of_lines(command.words[1:], depth)

    def _of_commands(self, line: CommandLine, depth: int) -> Iterator[Pieces]:
        for command in line.commands:
            yield from self.of_command(command.words, depth)
            for target in command.outputs:
                yield ("> ", *target.pieces)

    def of_command(self, words: Sequence[Word], depth: int) -> Iterator[Pieces]:
        words = _without_reserved(words)
        name = yield from self._of_program(words, depth)
        rest = _without_assignments(words)[1:]
        if name in _FED and rest:
            rest = (*rest, Word(ANYTHING, is_bare=False))
        if name in _PREFIXES:
            yield from self._of_suffixes(rest, depth)

    def _of_suffixes(self, words: Sequence[Word], depth: int) -> Iterator[Pieces]:
        for start in range(len(words)):
            # A prefix among them has the same words after it, which come anyway.
            yield from self._of_program(_without_reserved(words[start:]), depth)

    def _of_program(
        self, words: Sequence[Word], depth: int
    ) -> Generator[Pieces, None, str]:
        """Yield the forms of one program; return its name, empty if there is none."""
        if not words or _is_header(words):
            return ""
        yield _joined(words)
        words = _without_assignments(words)
        if not words:
            return ""
        program, rest = _program(words[0]), words[1:]
        yield _joined((program, *rest))
        for following in _after_options(rest):
            yield _joined((program, *following))
        name = program.text or _UNKNOWN_PROGRAM
        if name in _LINE_TAKERS:
            yield from self._of_lines(rest, depth)
        if name == "eval":
            joined = " ".join(shell_text(word.pieces) for word in rest)
            yield from self.of_line(joined, depth + 1)
        return name

    def _of_lines(self, words: Sequence[Word], depth: int) -> Iterator[Pieces]:
        before = ""
        for word in words:
            text = shell_text(word.pieces)
            if _SEVERAL.search(text) or _IS_LINE_NEXT.fullmatch(before):
                yield from self.of_line(text, depth + 1)
                if name := _ASSIGNMENT.match(text):
                    yield from self.of_line(text[name.end() :], depth + 1)
            before = text


def _without_reserved(words: Sequence[Word]) -> Sequence[Word]:
    """Return `words` from the place on where a command begins."""
    start = 0
    while start < len(words) and words[start].is_bare:
        if words[start].text in RESERVED:
            start += 1
        elif _is_header(words[start:]) and _bare(words[start + 2 : start + 3]) == "do":
            start += 3  # `for NAME do`
        else:
            break
    return words[start:]


def _is_header(words: Sequence[Word]) -> bool:
    return _bare(words[:1]) in {"for", "select", "case"}


def _bare(words: Sequence[Word]) -> str | None:
    return words[0].text if words and words[0].is_bare else None


def _without_assignments(words: Sequence[Word]) -> Sequence[Word]:
    is_assignment = (_ASSIGNMENT.match(shell_text(word.pieces)) for word in words)
    count = sum(1 for _ in takewhile(bool, is_assignment))
    return words[count:]


def _program(word: Word) -> Word:
    """Return the program's name without its directory."""
    name = _tail(word.pieces).rpartition("/")[2]
    is_path = "/" in _tail(word.pieces) and name
    return Word((name,), is_bare=False) if is_path else word


def _tail(pieces: Pieces) -> str:
    """Return what is known of the end of a text."""
    known = takewhile(lambda piece: isinstance(piece, str), reversed(pieces))
    return "".join(reversed([str(piece) for piece in known]))


def _after_options(words: Sequence[Word]) -> Iterator[Sequence[Word]]:
    """Yield `words` without the first of them, as long as these may be options.

    Which options take an argument only the program knows, so each may.
    """
    is_value = False
    for index, word in enumerate(words):
        text = shell_text(word.pieces)
        if text.startswith(("-", "+", "${")):
            is_value = True
        elif is_value:
            is_value = False
        else:
            return
        yield words[index + 1 :]


def _is_fed(command: SimpleCommand) -> bool:
    return any(_program(word).text in _FED for word in command.words)


def _joined(words: Sequence[Word]) -> Pieces:
    first = words[0].pieces
    if "/" in _tail(first):
        # The way to a program; its arguments are not in it.
        first = tuple(x if isinstance(x, str) else Unknown.NAME for x in first)
    rest = (piece for word in words[1:] for piece in (" ", *word.pieces))
    return (*first, *rest)
