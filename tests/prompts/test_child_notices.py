"""What a parent's model reads of children, commands, people who do not answer."""

from __future__ import annotations

from typing import get_args

import pytest

from podd.core.pod.child import Child, Report
from podd.core.pod.waiting import Command
from podd.core.turn.known import KnownOfCall
from podd.errors import ManifestError
from podd.prompts.catalogue import Catalogue
from podd.prompts.excerpt import GAP
from podd.prompts.notices import LONGEST_ANSWER, LONGEST_REMARK, MOST_NAMED, Notices
from podd.prompts.samples import SAMPLES
from podd_protocol.values import (
    Cancelled,
    ChildEnd,
    ChildState,
    CommandEnd,
    Completed,
    Failed,
    Limited,
    Outcome,
    Usage,
)

NOTICES = Notices(Catalogue())
COMMAND = Command("t1.1.1", "t1.1.1", "make test", "/outputs/1", "2026-11-21")


def _reported(outcome: Outcome | None = None, text: str = "All done.", **more) -> str:
    report = Report(
        turn="t1",
        outcome=outcome or Completed(),
        text=text,
        value=more.get("value"),
        usage=more.get("usage", Usage()),
        files=more.get("files", ()),
    )
    return NOTICES.child_reported("scout", report)


def _child(**fields) -> Child:
    return Child(pod="p.scout", session="s", parent="p", stage="made", **fields)


# Reports


def test_a_report_names_the_child_and_says_all_that_came_of_its_turn() -> None:
    text = _reported(
        value={"found": [1, None]},
        files=("/w/a", "/w/b"),
        usage=Usage(
            input_tokens=100,
            cache_read_tokens=20,
            cache_write_tokens=3,
            output_tokens=7,
        ),
    )

    assert "scout" in text.splitlines()[0]
    assert "\n\nAll done.\n\n" in text
    assert '{"found":[1,null]}' in text
    assert "/w/a, /w/b" in text
    assert "123 tokens in and 7 out" in text


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Completed(), ["done"]),
        (Cancelled(by="parent", reason="too slow"), ["not finish", "parent", "too sl"]),
        (Cancelled(by="user"), ["not finish", "user"]),
        (Limited(limit="steps"), ["not finish", "limit of steps"]),
        (Failed(code="overloaded", message="try later"), ["overloaded", "try later"]),
    ],
)
def test_a_report_says_in_words_how_the_turn_ended(outcome, words) -> None:
    second = _reported(outcome, text="").splitlines()[1]

    assert all(word in second for word in words)
    assert ("done" in second) is isinstance(outcome, Completed)
    assert "()" not in second


def test_what_there_is_none_of_is_not_spoken_of() -> None:
    text = _reported()

    assert "value" not in text
    assert "Files" not in text
    assert GAP.strip() not in text
    assert "said nothing" not in text
    assert "said nothing" in _reported(text=" \n")


@pytest.mark.parametrize("value", [0, False, "", [], {}])
def test_a_value_that_counts_as_false_is_a_value(value) -> None:
    assert "value" in _reported(value=value)


def test_a_long_answer_keeps_head_and_tail_and_says_where_the_rest_is() -> None:
    text = _reported(text="HEAD" + "x" * 100_000 + "TAIL")

    assert "HEADxxx" in text
    assert "xxxTAIL" in text
    assert len(text) < LONGEST_ANSWER + 1_000
    assert f"{100_008 - LONGEST_ANSWER} characters are left out" in text
    assert "read_pod_output" in text


def test_a_long_value_and_a_long_complaint_are_cut_too() -> None:
    long = "x" * 100_000

    assert len(_reported(value=long)) < LONGEST_ANSWER + 1_000
    assert f"{100_002 - LONGEST_ANSWER} characters" in _reported(value=long)
    failed = _reported(Failed(code="cut", message=long))
    assert len(failed) < LONGEST_REMARK + 1_000


def test_many_files_are_counted() -> None:
    text = _reported(files=tuple(f"/f{number}" for number in range(MOST_NAMED + 3)))

    assert f"/f{MOST_NAMED - 1} and 3 more" in text
    assert f"/f{MOST_NAMED}" not in text


def test_what_a_child_says_is_no_template() -> None:
    assert "{{ 7 * 6 }}" in _reported(text="{{ 7 * 6 }}")
    assert "{{ x }}" in NOTICES.child_asks("scout", "{{ x }}", ())


# Ends, questions, work


def test_each_end_of_a_child_is_told_in_other_words() -> None:
    told = {end: NOTICES.child_ended("scout", end, "") for end in get_args(ChildEnd)}

    assert len(set(told.values())) == len(told)
    assert all("scout" in text.splitlines()[0] for text in told.values())
    assert all("is yours again" in text for text in told.values())


def test_the_end_of_a_child_shows_what_is_known_in_bounds() -> None:
    assert NOTICES.child_ended("x", "crashed", "log line\n").endswith("\nlog line")

    long = NOTICES.child_ended("x", "crashed", "HEAD" + "x" * 100_000 + "TAIL")
    assert "HEAD" in long
    assert long.endswith("TAIL")
    assert len(long) < LONGEST_REMARK + 1_000


def test_a_question_says_how_to_answer_and_lists_the_choices() -> None:
    text = NOTICES.child_asks("scout", "Which one?", ("left", "right"))

    assert "scout" in text
    assert "send_to_pod" in text
    assert "\nWhich one?" in text
    assert text.endswith("- left\n- right")
    assert "choose" not in NOTICES.child_asks("scout", "Why?", ())


def test_a_question_is_bounded() -> None:
    text = NOTICES.child_asks("x", "q" * 20_000, ["c" * 5_000] * 1_000)

    assert len(text) < LONGEST_REMARK + MOST_NAMED * 600
    assert text.count("\n- ") == MOST_NAMED


def test_a_child_without_a_report_is_told_of_by_its_state() -> None:
    told = [
        NOTICES.child_works(_child(state=state, task="Look around."))
        for state in get_args(ChildState)
        if state not in {"stopping", "ended"}
    ]

    assert len(set(told)) == 4
    assert all("scout" in text and "p.scout" not in text for text in told)
    assert all("Look around." in text for text in told)
    assert "task" not in NOTICES.child_works(_child(state="idle"))


def test_each_end_of_a_command_is_told_in_other_words() -> None:
    told = [
        NOTICES.command_ended(COMMAND, end, 9, "why") for end in get_args(CommandEnd)
    ]

    assert len({text.splitlines()[1] for text in told}) == len(told)
    for text in told:
        assert "t1.1.1" in text.splitlines()[0]
        assert "make test" in text
        assert "/outputs/1" in text
    assert "status 9" in told[0]
    assert "signal 9" in told[1]
    assert "()" not in NOTICES.command_ended(COMMAND, "exited", 0, "")


# Summaries


def test_summaries_are_one_line_whatever_people_write() -> None:
    texts = NOTICES.texts()
    summaries = [
        texts.denied("bash", "not now\nnot ever"),
        texts.denied("bash", ""),
        texts.not_decided(600.0),
        texts.not_answered("user", 600.0),
        texts.not_answered("parent", 0.5),
    ]

    assert len(set(summaries)) == 5
    for summary in summaries:
        assert summary == " ".join(summary.split())
    assert summaries[0].endswith("bash was not run: not now not ever")
    assert not summaries[1].endswith(":")
    assert "600 s" in summaries[2]
    assert "0.5 s" in summaries[4]
    assert "parent" in summaries[4]
    assert len(texts.denied("bash", "x" * 100_000)) < LONGEST_REMARK + 100


# The texts of others


@pytest.mark.parametrize(
    ("name", "branch"),
    [
        ("child_reported", "outcome.kind == 'failed'"),
        ("child_ended", "end == 'lost'"),
        ("child_works", "state == 'paused'"),
        ("command_ended", "end == 'timed_out'"),
        ("child_asks", "not choices"),
        ("denied", "not why"),
        ("not_answered", "asked == 'parent'"),
        ("unknown", "not since"),
    ],
)
def test_a_mistake_in_any_branch_of_a_users_text_is_found_at_once(
    shelf, name: str, branch: str
) -> None:
    text = f"fine\n{{% if {branch} %}}{{{{ mistake }}}}{{% endif %}}"
    path = shelf.write(shelf.user / f"{name}.md", text)

    with pytest.raises(ManifestError) as caught:
        Notices(shelf.catalogue)

    assert (caught.value.path, caught.value.line) == (str(path), 2)


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_users_text_may_use_every_variable(shelf, name: str) -> None:
    (sample, *others) = SAMPLES[name]
    used = " ".join(f"{{{{ {variable} }}}}" for variable in sample)
    shelf.write(shelf.user / f"{name}.md", f"MINE {used}")

    Notices(shelf.catalogue)

    assert all(set(other) == set(sample) for other in others)


def test_the_users_text_replaces_podds(shelf) -> None:
    shelf.write(shelf.user / "child_reported.md", "{{ child }}: {{ text }}")
    shelf.write(shelf.user / "denied.md", "no\n{{ tool }}")
    notices = Notices(shelf.catalogue)
    report = Report("t1", Completed(), "Hi.", None, Usage(), ())

    assert notices.texts().child_reported("scout", report) == "scout: Hi."
    assert notices.texts().denied("bash", "") == "no bash"


def test_samples_have_the_variables_that_are_given(shelf, monkeypatch) -> None:
    """Else a user's text would be tried on what it never gets."""
    given: dict[str, set[str]] = {}

    def note(self, name, variables) -> str:
        given[name] = set(variables)
        return "text"

    monkeypatch.setattr(Notices, "_render", note)
    notices = Notices(shelf.catalogue)
    texts = notices.texts()
    texts.notification("user", "x")
    texts.limit("steps", 1)
    texts.unknown("bash", "", KnownOfCall(call="t1.1.1"))
    texts.child_reported("x", Report("t1", Completed(), "", None, Usage(), ()))
    texts.child_ended("x", "lost", "")
    texts.child_asks("x", "?", ())
    texts.child_works(_child())
    texts.command_ended(COMMAND, "exited", 0, "")
    texts.denied("bash", "")
    texts.not_decided(1.0)
    texts.not_answered("user", 1.0)
    texts.answer_refused("x", 1)
    texts.code_ended("ok", "")

    assert given == {name: set(samples[0]) for name, samples in SAMPLES.items()}
