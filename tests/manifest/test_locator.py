from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podd.manifest.locator import KeyPath, line_of, locate

TRICKY = '''\
# [not.a.table]
top = "a # b [c]"            # 2
"quoted key" = 1             # 3
'single.key' = 2             # 4
dotted.deep."x y" = 3        # 5

text = """
[fake]
fake = 1
quote: \\""" and five at the end"""""
after = 1                    # 11
raw = \'\'\'
[fake2]
k = \'\'\'\'\'
list = [ # 15
  "]", # 16 [fake3]
  { a = 1, b = [2,
     3] }, # 17, 18
  [
    { c = "}" },
  ],
]
when = 1979-05-27 07:32:00Z # 23
[table.sub] # 24
k = { x = 1, y.z = "," } # 25
[[items]] # 26
n = 1 # 27
[items.inner] # 28
m = 1
[[items]] # 30
[[items.deep]] # 31
q = 1 # 32
[ table . other ] # 33
"e\\u0073c" = true
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (("quoted key",), 3),
        (("single.key",), 4),
        (("dotted",), 5),
        (("dotted", "deep", "x y"), 5),
        (("text",), 7),
        (("after",), 11),
        (("raw",), 12),
        (("list",), 15),
        (("list", 0), 16),
        (("list", 1, "a"), 17),
        (("list", 1, "b", 1), 18),
        (("list", 2, 0, "c"), 20),
        (("when",), 23),
        (("table",), 24),
        (("table", "sub", "k", "y", "z"), 25),
        (("items", 0), 26),
        (("items", 0, "n"), 27),
        (("items", 0, "inner"), 28),
        (("items", 1), 30),
        (("items", 1, "deep", 0, "q"), 32),
        (("table", "other"), 33),
        (("table", "other", "esc"), 34),
    ],
)
def test_each_key_stands_on_its_line(path: KeyPath, line: int) -> None:
    tomllib.loads(TRICKY)
    assert locate(TRICKY)[path] == line


def test_what_is_inside_a_string_or_a_comment_is_no_key() -> None:
    assert set(locate(TRICKY)) == _paths(tomllib.loads(TRICKY))


def test_line_endings_do_not_move_lines() -> None:
    assert locate(TRICKY.replace("\n", "\r\n")) == locate(TRICKY)


def test_what_has_no_line_is_found_at_what_surrounds_it() -> None:
    lines = locate("[a]\nb = 1\n")
    assert line_of(lines, ("a", "b", "c")) == 2
    assert line_of(lines, ("a", "x")) == 1
    assert line_of(lines, ("x",)) is None


# Lines that look like something else, in any string that may hold them.
_TEXT = st.text(st.sampled_from("ab \n\t#[]{}=,.'\"\\é"), max_size=12)
_SCALARS = st.one_of(
    st.integers(-5, 5), st.booleans(), st.floats(-2, 2, width=16), _TEXT
)
_KEYS = st.text(st.sampled_from("ab-_ .#]'\"\\="), min_size=1, max_size=4)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3)
    ),
    max_leaves=6,
)
_DOCUMENTS = st.dictionaries(_KEYS, _VALUES, max_size=4)


@given(document=_DOCUMENTS, styles=st.lists(st.integers(0, 99), min_size=1))
def test_any_document_in_any_notation_is_located(
    document: dict[str, Any], styles: list[int]
) -> None:
    writer = _Writer(styles)
    writer.tables((), document)
    text = "".join(writer.text)
    assert tomllib.loads(text) == document

    found = locate(text)

    assert found == writer.lines


class _Writer:
    """Writes TOML in a mixture of notations and notes where it put each key."""

    def __init__(self, styles: list[int]) -> None:
        self.text: list[str] = []
        self.lines: dict[KeyPath, int] = {}
        self._styles = styles
        self._asked = 0

    def tables(self, path: KeyPath, table: dict[str, Any]) -> None:
        later: list[tuple[KeyPath, Any]] = []
        for key, value in table.items():
            here = (*path, key)
            is_table = isinstance(value, dict)
            is_array = bool(
                isinstance(value, list)
                and value
                and all(isinstance(item, dict) for item in value)
            )
            if (is_table or is_array) and self._choose(2):
                later.append((here, value))
                continue
            if self._choose(2):
                self._put("# [fake] = 1\n\n")
            self._note(here)
            self._put(f"{self._key(key)} = ")
            self._value(here, value)
            self._put("\n")
        for here, value in later:
            header = ".".join(self._key(k) for k in here if isinstance(k, str))
            if isinstance(value, dict):
                self._note(here)
                self._put(f"[{header}]  # ]\n")
                self.tables(here, value)
                continue
            self._note(here)
            for index, item in enumerate(value):
                self._note((*here, index))
                self._put(f"[[{header}]]\n")
                self.tables((*here, index), item)

    def _value(self, path: KeyPath, value: Any) -> None:
        if isinstance(value, str):
            self._put(self._string(value))
        elif isinstance(value, list):
            self._put("[")
            for index, item in enumerate(value):
                self._put(["", "\n", " # ] \n "][self._choose(3)])
                self._note((*path, index))
                self._value((*path, index), item)
                self._put(",")
            self._put("]")
        elif isinstance(value, dict):
            self._put("{")
            for index, (key, item) in enumerate(value.items()):
                self._put(", " if index else " ")
                self._note((*path, key))
                self._put(f"{self._key(key)}=")
                self._value((*path, key), item)
            self._put("}")
        else:
            self._put(json.dumps(value))

    def _string(self, value: str) -> str:
        escaped = json.dumps(value, ensure_ascii=False)
        style = self._choose(4)
        if style == 1:
            content = value.replace("\\", "\\\\").replace('"""', '""\\"')
            if not content.endswith('"'):
                return f'"""\n{content}"""'
        if style == 2 and "'''" not in value and not value.endswith("'"):
            return f"'''\n{value}'''"
        if style == 3 and "'" not in value and "\n" not in value:
            return f"'{value}'"
        return escaped

    def _key(self, key: str) -> str:
        if key.replace("-", "").replace("_", "").isalnum() and self._choose(2):
            return key
        if "'" not in key and self._choose(2):
            return f"'{key}'"
        return json.dumps(key)

    def _note(self, path: KeyPath) -> None:
        line = "".join(self.text).count("\n") + 1
        for length in range(1, len(path) + 1):
            self.lines.setdefault(path[:length], line)

    def _put(self, text: str) -> None:
        self.text.append(text)

    def _choose(self, count: int) -> int:
        self._asked += 1
        return self._styles[self._asked % len(self._styles)] % count


def _paths(value: Any, path: KeyPath = ()) -> set[KeyPath]:
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    found = {path} if path else set()
    for key, inner in items:
        found |= _paths(inner, (*path, key))
    return found
