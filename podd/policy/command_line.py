"""From a command line to the simple commands that are written in it.

Rules of this file. What a shell would run must be found; what it would not run may be
found too. So a place at which shells differ, or at which this reader could lose its
way, is not guessed at: the line is unreadable, and whoever asked takes it for the worst
that it may be. Text can hide from this reader only where it takes text for a comment,
for the inside of quotes or for a here-document, and each of these is read as bash does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from podd.policy.shell_words import (
    BREAKS,
    CommandLine,
    SimpleCommand,
    UnreadableLineError,
    Word,
    WordReader,
    shell_text,
)

#: Characters. Linux takes no longer argument, so no shell was ever given a longer line.
LONGEST_LINE: Final = 131_072

#: Words after which a command begins, and those that only end something.
RESERVED: Final = frozenset(
    {
        *("!", "{", "}", "if", "then", "else", "elif", "fi"),
        *("do", "done", "while", "until", "esac"),
    }
)
_REDIRECTIONS: Final = ("<<<", "<<-", "<<", "<&", "<>", "<", ">>", ">|", ">&", ">")
_DESCRIPTOR: Final = re.compile(r"[0-9]+|\{[A-Za-z_]\w*\}", re.ASCII)


def read_line(text: str) -> CommandLine:
    """Take a command line apart.

    Raises:
        UnreadableLineError: it is broken, or shells may differ about it.
    """
    if len(text) > LONGEST_LINE:
        raise UnreadableLineError("it is longer than a shell takes")
    if "\0" in text:
        raise UnreadableLineError("it holds a zero byte")
    line = CommandLine()
    _Reader(text, line).commands(nested=False)
    return line


def read_substitutions(text: str) -> CommandLine:
    """Take apart what a shell would substitute in `text`, and nothing else.

    Raises:
        UnreadableLineError: as `read_line`.
    """
    line = CommandLine()
    _Reader(text, line).expansions()
    return line


@dataclass(frozen=True, slots=True)
class _HereDocument:
    delimiter: str
    is_quoted: bool
    strips_tabs: bool


@dataclass(frozen=True, slots=True)
class _Opened:
    """A parenthesis that is open, and what was counted around it."""

    is_list: bool
    """It holds the values of a variable."""
    doubts: int
    comparisons: int
    cases: int


@dataclass(slots=True)
class _Level:
    """One row of commands: the whole line, or a substitution in it."""

    nested: bool
    doubts: int
    """What is open around here that may hold no commands at all, but a calculation, a
    comparison or a list. Some signs mean something else in these."""
    comparisons: int = 0
    """`[[` that are open inside the innermost parenthesis."""
    cases: int = 0
    """`case`s that are open inside the innermost parenthesis."""
    case_at: int | None = None
    """Before which word of the command a `case` stands that begins one."""
    is_pattern: bool = False
    """The words to come are a pattern of a `case`, up to a parenthesis."""
    command: SimpleCommand = field(default_factory=SimpleCommand)
    is_redirected: bool = False
    most_words: int | None = None
    """How many the command may have, where shells differ about more."""
    opened: list[_Opened] = field(default_factory=list)
    awaited: list[_HereDocument] = field(default_factory=list)
    """Their texts follow the end of this line."""


class _Reader(WordReader):
    _level: _Level

    def commands(self, *, nested: bool, arithmetic: bool = False) -> None:
        outer = getattr(self, "_level", None)
        self._level = _Level(nested=nested, doubts=int(arithmetic))
        while self._go_on():
            pass
        self._finish()
        if self._level.awaited:
            raise UnreadableLineError("a here-document has no text")
        if outer is not None:
            self._level = outer

    def _go_on(self) -> bool:
        """Read one word or sign; return whether the level goes on after it."""
        self._skip_blanks()
        character = self._peek()
        if not character:
            if self._level.nested or self._level.opened:
                raise UnreadableLineError("a parenthesis is not closed")
            return False
        if character == ")":
            return self._close()
        if character == "\n":
            self._at += 1
            self._finish()
            self._read_here_documents()
        elif character == "(":
            self._open()
        elif character in ";&|":
            self._separator(character)
        elif character == "#":
            self._comment()
        elif character in "<>" and not self._is_process_substitution():
            self._redirection()
        else:
            word = self._next_word()
            if not self._is_descriptor(word):
                self._mark(word)
                self._level.command.words.append(word)
        return True

    def _finish(self) -> None:
        level = self._level
        command = level.command
        if level.most_words is not None and len(command.words) > level.most_words:
            raise UnreadableLineError("shells differ about `&>`")
        # A pattern has no blanks; what has is not what we took it for.
        is_pattern = level.is_pattern and len(command.words) <= 1
        if (command.words or command.outputs) and not is_pattern:
            self.line.commands.append(command)
        level.command = SimpleCommand()
        level.is_redirected = False
        level.most_words = None
        level.case_at = None

    def _separator(self, character: str) -> None:
        level = self._level
        self._at += 1
        following = self._peek()
        if character == "&" and following == ">":
            # For some shells a redirection of both outputs; for others it ends here.
            level.most_words = len(level.command.words)
            return
        self.line.has_pipe |= character == "|" and following != "|"
        self._finish()
        if following == character:
            self._at += 1
        if character == ";" and following in {";", "&"} and level.cases:
            level.is_pattern = True

    def _open(self) -> None:
        level = self._level
        if self._text.startswith("\\\n", self._at + 1):
            raise UnreadableLineError("a line is broken after a parenthesis")
        is_list = self._text[self._at - 1 : self._at] == "="
        is_calculation = self._text.startswith("((", self._at)
        self._finish()
        self._at += 1
        level.opened.append(
            _Opened(is_list, level.doubts, level.comparisons, level.cases)
        )
        level.doubts += level.comparisons + (is_list or is_calculation)
        level.cases = level.comparisons = 0

    def _close(self) -> bool:
        level = self._level
        self._at += 1
        self._finish()
        level.is_pattern = False
        if level.cases:
            return True
        if level.opened:
            opened = level.opened.pop()
            level.doubts, level.cases = opened.doubts, opened.cases
            level.comparisons = opened.comparisons
            if opened.is_list and self._peek() not in {"", *BREAKS}:
                raise UnreadableLineError("a word goes on after a list")
            return True
        if not level.nested:
            raise UnreadableLineError("a parenthesis is closed too often")
        return False

    def _is_doubtful(self) -> bool:
        return self._level.doubts + self._level.comparisons > 0

    def _comment(self) -> None:
        if self._is_doubtful():
            raise UnreadableLineError("`#` may be a comment or a part of an expression")
        end = self._text.find("\n", self._at)
        self._at = len(self._text) if end < 0 else end

    def _next_word(self) -> Word:
        start = self._at
        word = self.word()
        if self._level.awaited and "\n" in self._text[start : self._at]:
            raise UnreadableLineError("a line breaks before its here-document")
        return word

    def _is_descriptor(self, word: Word) -> bool:
        return (
            word.is_bare
            and self._peek() in {"<", ">"}
            and _DESCRIPTOR.fullmatch(word.text or "") is not None
        )

    def _mark(self, word: Word) -> None:
        """Keep count of what decides which parenthesis ends a substitution."""
        level = self._level
        text = word.text if word.is_bare else None
        if text == "[[":
            level.comparisons += 1
        elif text == "]]":
            level.comparisons = max(0, level.comparisons - 1)
        elif text == "in" and level.case_at == len(level.command.words) - 2:
            level.is_pattern = True
        elif text in {"case", "esac"}:
            self._mark_case(text)

    def _mark_case(self, text: str) -> None:
        level = self._level
        leads = not level.is_redirected and all(
            word.is_bare and word.text in RESERVED for word in level.command.words
        )
        is_within = text == "case" and level.cases > 0
        if self._is_doubtful() or (level.nested and (not leads or is_within)):
            raise UnreadableLineError(f"`{text}` stands in a strange place")
        if leads:
            level.cases = max(0, level.cases + (1 if text == "case" else -1))
            level.is_pattern = False
            level.case_at = len(level.command.words)

    # Redirections

    def _redirection(self) -> None:
        sign = next(x for x in _REDIRECTIONS if self._text.startswith(x, self._at))
        self._at += len(sign)
        if self._text.startswith("\\\n", self._at):
            raise UnreadableLineError("a line is broken in a redirection")
        self._skip_blanks()
        start = self._at
        target = self._next_word()
        if self._at == start:
            raise UnreadableLineError("a redirection leads nowhere")
        self._level.is_redirected = True
        if sign in {"<<", "<<-"}:
            written = self._text[start : self._at]
            self._await_document(target, written, strips_tabs=sign == "<<-")
        elif sign == "<<<":
            self.line.fed.append(shell_text(target.pieces))
        elif sign not in {"<", "<&"} and not _is_harmless(sign, target):
            self._level.command.outputs.append(target)

    def _await_document(self, target: Word, written: str, *, strips_tabs: bool) -> None:
        if self._is_doubtful():
            raise UnreadableLineError("`<<` may be a shift or a here-document")
        if target.text is None or "\\\n" in written:
            raise UnreadableLineError("the end of a here-document is not known")
        is_quoted = any(quote in written for quote in "\\'\"")
        document = _HereDocument(target.text, is_quoted, strips_tabs)
        self._level.awaited.append(document)

    def _read_here_documents(self) -> None:
        awaited, self._level.awaited = self._level.awaited, []
        for document in awaited:
            body = self._body(document)
            self.line.fed.append(body)
            if not document.is_quoted:
                _Reader(body, self.line, self._depth + 1).expansions()

    def _body(self, document: _HereDocument) -> str:
        lines: list[str] = []
        goes_on = False
        while self._at < len(self._text):
            line = self._text[self._at :].partition("\n")[0]
            self._at += len(line) + 1
            if document.strips_tabs:
                line = line.lstrip("\t")
            if line == document.delimiter and not goes_on:
                return "\n".join(lines)
            lines.append(line)
            # A line that a backslash joins to the one before ends nothing.
            trailing = len(line) - len(line.rstrip("\\"))
            goes_on = trailing % 2 == 1 and not document.is_quoted
        raise UnreadableLineError("a here-document has no end")


def _is_harmless(sign: str, target: Word) -> bool:
    """Whether the redirection writes no file: another descriptor, or nowhere."""
    text = target.text
    if sign == ">&" and text is not None and re.fullmatch(r"[0-9]+|-", text):
        return True
    return text == "/dev/null"
