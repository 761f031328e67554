"""The words of a command line: quotes, variables and substitutions.

The rules of command_line.py hold here too.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Final

from podd.policy.pattern import Pieces, Unknown

#: Substitutions in substitutions. Nobody writes that many.
_DEEPEST: Final = 16

_BLANKS: Final = re.compile(r"(?:[ \t]|\\\n)+")
_PLAIN: Final = re.compile(r"[^\s;&|()<>\\'\"`$*?\[\]{},.#]+")
_QUOTED_PLAIN: Final = re.compile(r'[^"\\`$]+')
_VARIABLE: Final = re.compile(r"[A-Za-z_]\w*|[0-9@*#?$!-]", re.ASCII)
_SUBSTITUTION: Final = re.compile(r"\$\(|`")
#: What makes brackets a set of characters, and braces a choice or a row of words.
_EXPANDING: Final = re.compile(r"\[.*\]|\{.*(,|\.\.).*\}")
#: The words that begin with a bracket and need no other.
_TESTS: Final = (["["], ["[", "["])
#: What ends a word.
BREAKS: Final = " \t\n;&|()<>"


class UnreadableLineError(Exception):
    """What the line would run cannot be told for certain; the text says why."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word, its quotes taken away."""

    pieces: Pieces
    is_bare: bool
    """Nothing in it was quoted or unknown, so it may be a word of the shell's own."""

    @property
    def text(self) -> str | None:
        """The word, or None if a part of it is unknown."""
        if all(isinstance(piece, str) for piece in self.pieces):
            return "".join(str(piece) for piece in self.pieces)
        return None


@dataclass(slots=True)
class SimpleCommand:
    """A program and its arguments, without redirections."""

    words: list[Word] = field(default_factory=list)
    """Words of the shell (`if`, `do`, ...) and assignments before it included."""
    outputs: list[Word] = field(default_factory=list)
    """Files that its output is sent to, `/dev/null` left out."""


@dataclass(slots=True)
class CommandLine:
    """All that is written in one line of a shell."""

    commands: list[SimpleCommand] = field(default_factory=list)
    """In substitutions too, the inner ones first."""
    fed: list[str] = field(default_factory=list)
    """Here-documents and here-strings, as they stand there."""
    quoted: list[str] = field(default_factory=list)
    """Texts in single quotes in which a shell would find a substitution."""
    has_pipe: bool = False
    """What one command prints, another one may read."""


class WordReader(ABC):
    """A place in a command line, and how to read on from there."""

    def __init__(self, text: str, line: CommandLine, depth: int = 0) -> None:
        if depth > _DEEPEST:
            raise UnreadableLineError("it is nested too deeply")
        self._text = text
        self._at = 0
        self._depth = depth
        self.line = line
        """Where to put what is found."""

    @abstractmethod
    def commands(self, *, nested: bool, arithmetic: bool = False) -> None:
        """Read commands up to the end, or up to the `)` of a substitution."""

    def word(self) -> Word:
        pieces: list[str | Unknown] = []
        is_bare = True
        opening: int | None = None
        """Where a set of characters or a choice of words may begin."""
        signs = ""
        while (character := self._peek()) and (
            character not in BREAKS or self._is_process_substitution()
        ):
            if plain := _PLAIN.match(self._text, self._at):
                pieces.append(plain.group())
                self._at = plain.end()
            elif character in "<>":
                self._at += 2
                self.line.has_pipe = True
                self._substitution()
                pieces.append(Unknown.TEXT)
            elif character in "*?":
                self._at += 1
                pieces.append(Unknown.TEXT)
            elif character in "[]{},.#":
                if opening is None and character in "[{":
                    opening = len(pieces)
                signs += character
                pieces.append(character)
                self._at += 1
            elif not self._text.startswith("\\\n", self._at):
                is_bare = False
                self._special(character, pieces)
            else:
                self._at += 2
        if "[" in signs.rpartition("]")[2] and pieces not in _TESTS:
            # The subscript of a variable may hold what looks like more words.
            raise UnreadableLineError("a bracket is not closed")
        if opening is not None and _EXPANDING.search(signs):
            # What stands before it also begins the first of the words it becomes.
            pieces[opening:] = [Unknown.TEXT]
        is_bare &= all(isinstance(piece, str) for piece in pieces)
        return Word(tuple(pieces), is_bare)

    def _is_process_substitution(self) -> bool:
        return self._text.startswith(("<(", ">("), self._at)

    def _special(self, character: str, pieces: list[str | Unknown]) -> None:
        """Read what a quote, a backslash, a backtick or a dollar begins."""
        if character == "\\":
            pieces.append(self._text[self._at + 1 : self._at + 2] or "\\")
            self._at += 2
        elif character == "'":
            pieces.append(self._single_quoted())
        elif character == '"':
            self._at += 1
            self._double_quoted(pieces)
        elif character == "`":
            self._backticks(in_quotes=False)
            pieces.append(Unknown.TEXT)
        elif character == "$":
            pieces.extend(self._dollar(in_quotes=False))
        else:
            # A blank of another alphabet: for a shell a character like others.
            pieces.append(character)
            self._at += 1

    def _single_quoted(self) -> str:
        end = self._text.find("'", self._at + 1)
        if end < 0:
            raise UnreadableLineError("a quote is not closed")
        content = self._text[self._at + 1 : end]
        self._at = end + 1
        if _SUBSTITUTION.search(content):
            self.line.quoted.append(content)
        return content

    def _double_quoted(self, pieces: list[str | Unknown]) -> None:
        while (character := self._peek()) != '"':
            if not character:
                raise UnreadableLineError("a quote is not closed")
            pieces.extend(self._expansion(character, escaped='$`"\\'))
        self._at += 1
        pieces.append("")

    def expansions(self) -> None:
        """Read a text in which only a dollar, a backtick and a backslash count."""
        while character := self._peek():
            self._expansion(character, escaped="$`\\")

    def _expansion(self, character: str, *, escaped: str) -> Pieces:
        if plain := _QUOTED_PLAIN.match(self._text, self._at):
            self._at = plain.end()
            return (plain.group(),)
        if character == "$":
            return self._dollar(in_quotes=True)
        if character == "`":
            self._backticks(in_quotes='"' in escaped)
            return (Unknown.TEXT,)
        if character != "\\":
            self._at += 1
            return (character,)
        following = self._text[self._at + 1 : self._at + 2]
        self._at += 2
        if following == "\n":
            return ()
        return (following if following in escaped else f"\\{following}",)

    # Substitutions

    def _dollar(self, *, in_quotes: bool) -> Pieces:
        self._at += 1
        if self._text.startswith("\\\n", self._at):
            raise UnreadableLineError("a line is broken after `$`")
        following = self._peek()
        if following == "(":
            self._at += 1
            self._substitution(arithmetic=self._peek() == "(")
        elif following == "{":
            self._at += 1
            self._parameter(in_quotes=in_quotes)
        elif following == "[":
            raise UnreadableLineError("`$[` is read by some shells only")
        elif following == "'" and not in_quotes:
            return self._ansi_quoted()
        elif following == '"' and not in_quotes:
            return ()
        elif variable := _VARIABLE.match(self._text, self._at):
            self._at = variable.end()
        else:
            return ("$",)
        return (Unknown.TEXT,)

    def _ansi_quoted(self) -> Pieces:
        end = self._text.find("'", self._at + 1)
        content = self._text[self._at + 1 : end]
        if end < 0 or content.endswith("\\"):
            raise UnreadableLineError("shells differ about `$'`")
        self._at = end + 1
        return (Unknown.TEXT,) if "\\" in content else (content,)

    def _substitution(self, *, arithmetic: bool = False) -> None:
        """Read the commands up to the parenthesis that ends them."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise UnreadableLineError("it is nested too deeply")
        self.commands(nested=True, arithmetic=arithmetic)
        self._depth -= 1

    def _backticks(self, *, in_quotes: bool) -> None:
        content: list[str] = []
        self._at += 1
        while (character := self._peek()) != "`":
            if not character:
                raise UnreadableLineError("a backtick is not closed")
            following = self._text[self._at + 1 : self._at + 2]
            if character == "\\" and following and following in '$`\\"':
                kept = "" if following != '"' or in_quotes else "\\"
                content.append(kept + following)
                self._at += 2
            else:
                content.append(character)
                self._at += 1
        self._at += 1
        type(self)("".join(content), self.line, self._depth + 1).commands(nested=False)

    def _parameter(self, *, in_quotes: bool) -> None:
        """Read what stands in braces after a dollar."""
        if self._peek() in {" ", "\t", "\n", "|"}:
            raise UnreadableLineError("`${` with commands is read by some shells only")
        while (character := self._peek()) != "}":
            if not character:
                raise UnreadableLineError("a brace is not closed")
            if character in "'\"" and in_quotes:
                raise UnreadableLineError("a quote in `${}` is doubtful")
            if self._is_process_substitution():
                raise UnreadableLineError("`${}` holds commands")
            if self._text.startswith("@P", self._at):
                raise UnreadableLineError("`@P` runs what a variable holds")
            if character in "'\"`\\$":
                self._special_in_braces(character, in_quotes=in_quotes)
            else:
                self._at += 1
        self._at += 1

    def _special_in_braces(self, character: str, *, in_quotes: bool) -> None:
        if character == "$":
            self._dollar(in_quotes=in_quotes)
        elif character == "`":
            self._backticks(in_quotes=in_quotes)
        else:
            self._special(character, [])

    def _skip_blanks(self) -> None:
        if blanks := _BLANKS.match(self._text, self._at):
            self._at = blanks.end()

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]


def shell_text(pieces: Pieces) -> str:
    """Return `pieces` as a shell would have to be given them, to be read once more."""
    return "".join(x if isinstance(x, str) else "${_}" for x in pieces)
