"""However long a line of a model is, looking for fences in it takes a moment."""

from __future__ import annotations

import time

import pytest

from podd.core.context.fences import Block, blocks

LONG = 200_000


@pytest.mark.parametrize(
    "text",
    [
        "```" + LONG * "a" + "`",
        "```" + LONG * " " + "`",
        LONG * "`" + "a`",
        "```\n```" + LONG * " " + "a",
        LONG // 4 * "```a`\n",
    ],
)
def test_a_long_line_takes_a_moment(text: str) -> None:
    before = time.process_time()
    list(blocks(text))
    # Trying every way to share the line would take minutes.
    assert time.process_time() - before < 2


@pytest.mark.parametrize(
    ("line", "language"),
    [
        ("```python", "python"),
        ("```  Python  title='x'", "Python"),
        ("````py", "py"),
        ("```", ""),
        ("```\t", ""),
    ],
)
def test_the_first_word_behind_a_fence_is_its_language(line, language) -> None:
    text = f"{line}\nx = 1\n````"
    assert list(blocks(text)) == [Block(language, "x = 1\n", 0, len(text))]
