from __future__ import annotations

from podd.core.context.conversation import (
    DocumentPart,
    ImagePart,
    ModelItem,
    TextPart,
    ToolCallPart,
    ToolResultItem,
    UserItem,
)
from podd.core.context.request import ModelRequest, Surface
from podd.providers.scripted.request import cue_for
from podd.providers.scripted.script import Call, Script, Step


def _script(*steps: Step) -> Script:
    return Script(path="x.toml", steps=steps, lines=(None,) * len(steps))


def _cue(script, *items):
    return cue_for(script, ModelRequest(Surface("m", "", ()), items))


def _next(script, *items) -> int | None:
    cue = _cue(script, *items)
    return cue.number if cue else None


A, B, C = Step(text="a"), Step(text="b"), Step(text="c")
ANSWER = ModelItem((TextPart("x"),))
INPUT = UserItem("hello")


def test_steps_follow_each_other():
    script = _script(A, B)

    assert _next(script, INPUT) == 1
    assert _next(script, INPUT, ANSWER, INPUT) == 2
    assert _next(script, INPUT, ANSWER, INPUT, ANSWER, INPUT) is None


def test_a_step_may_answer_more_than_once():
    script = _script(Step(text="a", repeat=2), Step(text="b", repeat="forever"))
    numbers = [_next(script, *[INPUT, ANSWER] * count, INPUT) for count in range(6)]

    assert numbers == [1, 1, 2, 2, 2, 2]


def test_a_step_waits_for_its_input():
    script = _script(
        Step(text="bye", match="(?i)bye"),
        Step(text="hi", match="^hello$"),
        Step(text="what?", repeat="forever"),
    )
    hello, bye = UserItem("hello"), UserItem("Bye!")

    assert _next(script, hello) == 2
    assert _next(script, bye) == 1
    assert _next(script, hello, ANSWER, hello) == 3
    assert _next(script, hello, ANSWER, bye) == 1
    assert _next(script, bye, ANSWER, bye, ANSWER, hello) == 2


def test_no_step_that_fits_is_no_step():
    assert _next(_script(Step(text="a", match="x")), INPUT) is None


def test_a_notice_is_no_input_and_a_notification_is_one():
    script = _script(Step(text="a", match="hello"), B)

    assert _next(script, INPUT, UserItem("one step left", "notice")) == 1
    assert _next(script, INPUT, UserItem("child is done", "notification")) == 2


def test_results_are_known_by_the_label_of_their_call():
    calls = (Call(tool="grep", label="hits"), Call(tool="read_file"))
    script = _script(Step(call=calls, repeat=2), B)
    made = ModelItem((ToolCallPart("t1", "grep", "{}"), ToolCallPart("t2", "x", "{}")))
    again = ModelItem((ToolCallPart("t3", "grep", "{}"), ToolCallPart("t4", "x", "{}")))
    first = [
        INPUT,
        made,
        ToolResultItem("t2", "x", "ok", "content"),
        ToolResultItem("t1", "grep", "ok", "3 hits"),
    ]
    second = [again, ToolResultItem("t3", "grep", "ok", "4 hits")]

    assert _cue(script, *first).results == {"hits": "3 hits", "read_file": "content"}
    assert _cue(script, *first, *second).results["hits"] == "4 hits"


def test_the_next_step_depends_on_the_conversation_alone():
    script = _script(A, B, C)
    items = [INPUT, ANSWER, INPUT, ANSWER, INPUT]

    assert {_next(script, *items) for _ in range(3)} == {3}
    assert _next(script, *items[:3]) == 2


def test_a_picture_can_be_waited_for():
    script = _script(Step(text="a", match=r"\[image image/png 8 bytes leaf.png\]$"), B)
    leaf = ImagePart("image/png", "iVBORw0KGgo=", name="leaf.png")

    assert _next(script, UserItem("hello", parts=(TextPart("hello"), leaf))) == 1
    assert _next(script, UserItem("hello")) == 2


def test_a_document_and_a_picture_elsewhere_are_told_apart():
    script = _script(
        Step(text="a", match=r"^\n\[document application/pdf 5 bytes a.pdf\]"),
        Step(text="b", match=r"\[image  0 bytes https://garden.example/x\]"),
    )
    almanac = DocumentPart("application/pdf", "JVBERi0=", "a.pdf")
    bed = ImagePart(url="https://garden.example/x")

    assert _next(script, UserItem("", parts=(almanac,))) == 1
    assert _next(script, UserItem("x", parts=(bed,))) == 2


def test_a_result_with_a_picture_is_quoted_with_it():
    script = _script(Step(call=(Call(tool="read_file", label="leaf"),)), B)
    made = ModelItem((ToolCallPart("c1", "read_file", "{}"),))
    image = ImagePart("image/png", "iVBORw0KGgo=")
    result = ToolResultItem("c1", "read_file", "ok", "read leaf", images=(image,))

    cue = _cue(script, INPUT, made, result)

    assert cue.results == {"leaf": "read leaf\n[image image/png 8 bytes]"}
