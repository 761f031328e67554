"""Text that fits on a terminal."""

import pytest

from podd.cli.columns import fit, fit_indented, table, width


@pytest.mark.parametrize(
    ("text", "columns"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("", 0)]
)
def test_width_is_that_of_the_terminal(text: str, columns: int) -> None:
    assert width(text) == columns


@pytest.mark.parametrize(
    ("text", "limit", "fitted"),
    [
        ("short", 5, "short"),
        ("shorter", 5, "shor…"),
        ("日本語文字", 5, "日本…"),
        ("two\nlines", 20, "two lines"),
        ("a b c", 3, "a…"),
    ],
)
def test_text_is_cut_with_an_ellipsis(text: str, limit: int, fitted: str) -> None:
    assert fit(text, limit) == fitted
    assert width(fit(text, limit)) <= limit


def test_the_widest_column_gives_way() -> None:
    rows = [["a" * 60, "ok", "b" * 40], ["日本語" * 20, "paused", "c"]]

    lines = table(["NAME", "STATE", "WHERE"], rows, 80)

    assert all(width(line) <= 80 for line in lines)
    assert [line.split()[1] for line in lines] == ["STATE", "ok", "paused"]


def test_a_pipe_gets_everything() -> None:
    lines = table(["NAME", "X"], [["a" * 200, "b"]], None)

    assert lines[1] == "a" * 200 + "  b"


def test_the_blanks_before_a_cell_say_what_it_belongs_to() -> None:
    lines = table(["NAME", "X"], [["a", "b"], ["  a.b", "b"]], 20)

    assert [line[:5] for line in lines[1:]] == ["a    ", "  a.b"]
    assert fit_indented("    abcdef", 6) == "    a…"
