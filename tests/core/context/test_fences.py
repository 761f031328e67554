"""Fenced blocks in prose."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podd.core.context.fences import blocks, first_block, sole_block
from podd.core.turn.drivers.code import LANGUAGES


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("```python\nx = 1\n```", "x = 1\n"),
        ("Prose.\n\n```python\nx\n```\nMore.", "x\n"),
        ("```py\nx\n```", "x\n"),
        ("```Python3\nx\n```", "x\n"),
        ("``` python title=a.py\nx\n```", "x\n"),
        ("```python\r\nx\r\n```", "x\r\n"),
        ("   ```python\nx\n  ```", "x\n"),
        ("```python\nx\n```  ", "x\n"),
        # the first that is Python
        ("```sh\nls\n```\n```python\nx\n```\n```python\ny\n```", "x\n"),
        # never closed, or closed by a longer fence
        ("```python\nx", "x"),
        ("```python\nx\n", "x\n"),
        ("```python\nx\n`````", "x\n"),
        ("```python", ""),
        # a longer fence holds shorter ones
        ('````python\ns = """\n```\n"""\n````', 's = """\n```\n"""\n'),
        ("````md\n```python\nx\n```\n````", None),
        # a fence with words behind it closes nothing
        ("```python\nx\n```python\ny\n```", "x\n```python\ny\n"),
        # what only looks like one
        ("Use `x` or ```python x```.", None),
        ("```python x``` is\ncode", None),
        ("    ```python\n    x\n    ```", None),
        ("``python\nx\n``", None),
        ("```\nx\n```", None),
        ("```javascript\nx\n```", None),
        ("", None),
    ],
)
def test_the_first_block_of_python_is_the_code(text, code):
    assert first_block(text, LANGUAGES) == code


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("```json\n{}\n```", "{}\n"),
        ("```\n{}", "{}"),
        ("```json\n{}\n```\n", None),
        ("a\n```json\n{}\n```", None),
        ("```\n1\n```\n```\n2\n```", None),
        ("{}", None),
    ],
)
def test_a_block_that_is_all_of_a_text(text, content):
    assert sole_block(text) == content


_LINES = st.lists(
    st.sampled_from(
        ["```", "````", "```python", "`````py x", "  ```", "x", "", "`", "```a`b", "é"]
    ),
    max_size=12,
)


@given(_LINES)
def test_blocks_follow_each_other_and_hold_what_stands_between_their_fences(lines):
    text = "\n".join(lines)
    end = 0
    for block in blocks(text):
        assert end <= block.start < block.end <= len(text)
        end = block.end
        whole = text[block.start : block.end]
        assert block.content in whole
        opening, _, rest = whole.partition("\n")
        ticks = re.match(r" {0,3}(`{3,})", opening)[1]
        assert rest.startswith(block.content)
        closing = rest.removeprefix(block.content).strip()
        assert set(closing) <= {"`"}
        assert len(closing) >= len(ticks) or block.end == len(text)
        assert not re.search(rf"^ {{0,3}}{ticks}`*[ \t]*$", block.content, re.MULTILINE)


@given(st.text(alphabet="ab`\n ", max_size=60), st.integers(3, 6))
def test_what_is_fenced_well_comes_back(content, ticks):
    fence = "`" * max(ticks, 1 + max(map(len, re.findall("`+", content)), default=0))
    text = f"Before.\n{fence}py\n{content}\n{fence}\nAfter."

    assert first_block(text, LANGUAGES) == content + "\n"
