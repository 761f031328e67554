from __future__ import annotations

import pytest

from podd.core.context.conversation import ReasoningPart, TextPart, ToolCallPart
from podd.core.context.response import ReasoningDelta, TextDelta, ToolCallDelta
from podd.providers.openai_responses.replay import SealedThought, SpokenPhase, write
from tests.providers.openai_responses.conftest import (
    END,
    arguments_delta,
    call_item,
    ending,
    item_added,
    item_done,
    message_item,
    read,
    refused,
    response_event,
    text_delta,
)


def test_what_is_told_four_times_is_heard_once():
    deltas, response = read(
        item_added(0, type="message", content=[]),
        text_delta("Hel"),
        text_delta("lo"),
        response_event(
            "output_text.done", output_index=0, content_index=0, text="Hello"
        ),
        item_done(0, **message_item("Hello")),
        ending(message_item("Hello")),
    )

    assert deltas == [TextDelta("Hel"), TextDelta("lo")]
    assert response.parts == (TextPart("Hello"),)
    assert response.stop_reason == "stop"


@pytest.mark.parametrize("first", range(4))
def test_what_the_deltas_did_not_say_the_ends_do(first):
    told = [
        text_delta("Hello"),
        response_event(
            "output_text.done", output_index=0, content_index=0, text="Hello"
        ),
        item_done(0, **message_item("Hello")),
        ending(message_item("Hello")),
    ]
    deltas, response = read(*told[first:], *([END] if first < 3 else []))

    assert deltas == [TextDelta("Hello")]
    assert response.parts == (TextPart("Hello"),)


def test_an_end_that_knows_more_tells_the_rest():
    deltas, response = read(text_delta("Hel"), ending(message_item("Hello")))

    assert deltas == [TextDelta("Hel"), TextDelta("lo")]
    assert response.parts == (TextPart("Hello"),)


def test_an_end_that_says_otherwise_is_not_added():
    deltas, response = read(text_delta("Hello"), ending(message_item("hello!")))

    assert response.parts == (TextPart("Hello"),)
    assert deltas == [TextDelta("Hello")]


def test_calls_told_at_the_same_time_are_kept_apart():
    deltas, response = read(
        item_added(0, type="message", content=[]),
        item_added(1, **call_item("a", arguments="")),
        item_added(2, **call_item("b", arguments="")),
        arguments_delta('{"x":', 1),
        text_delta("I "),
        arguments_delta('{"y":', 2),
        arguments_delta("1}", 1),
        text_delta("look."),
        arguments_delta("2}", 2),
        item_done(2, **call_item("b", arguments='{"y":2}')),
        item_done(1, **call_item("a", arguments='{"x":1}')),
        END,
    )

    assert response.parts == (
        TextPart("I look."),
        ToolCallPart("", "look", '{"x":1}', "a"),
        ToolCallPart("", "look", '{"y":2}', "b"),
    )
    assert response.stop_reason == "tool_use"
    assert [d for d in deltas if isinstance(d, ToolCallDelta)] == [
        ToolCallDelta(0, "look", ""),
        ToolCallDelta(1, "look", ""),
        ToolCallDelta(0, "look", '{"x":'),
        ToolCallDelta(1, "look", '{"y":'),
        ToolCallDelta(0, "look", "1}"),
        ToolCallDelta(1, "look", "2}"),
    ]


def test_parts_of_one_message_are_kept_apart():
    deltas, response = read(
        text_delta("a", part=0),
        text_delta("b", part=1),
        text_delta("c", part=0),
        item_done(0, **message_item("ac", "b")),
        END,
    )

    assert response.parts == (TextPart("ac"), TextPart("b"))
    assert len(deltas) == 3


def test_calls_without_any_delta_come_with_their_item_or_the_end():
    call = call_item("a", arguments='{"x":1}')
    expected = (ToolCallPart("", "look", '{"x":1}', "a"),)

    for told in (
        [item_done(0, **call), END],
        [ending(call)],
        [item_done(0, **call), ending(call)],
    ):
        deltas, response = read(*told)
        assert response.parts == expected
        assert deltas == [
            ToolCallDelta(0, "look", ""),
            ToolCallDelta(0, "look", '{"x":1}'),
        ]


def test_items_that_all_have_the_same_index_are_kept_apart():
    calls = [call_item("a", arguments='{"x":1}'), call_item("b", arguments='{"x":2}')]
    told = []
    for call in calls:
        told += [
            item_added(0, **{**call, "arguments": ""}),
            arguments_delta(call["arguments"]),
        ]
        told.append(item_done(0, **call))

    _, response = read(*told, ending(*calls))

    assert [part.provider_call for part in response.parts] == ["a", "b"]
    assert [part.arguments for part in response.parts] == ['{"x":1}', '{"x":2}']


def test_items_without_an_index_are_kept_apart():
    _, response = read(
        response_event("output_item.added", item={"type": "message"}),
        response_event("output_text.delta", delta="I look."),
        response_event("output_item.added", item=call_item("a")),
        response_event("function_call_arguments.delta", delta="{}"),
        response_event("output_item.done", item=call_item("a", arguments="{}")),
        END,
    )

    assert response.parts == (
        TextPart("I look."),
        ToolCallPart("", "look", "{}", "a"),
    )


def test_the_end_says_in_which_order_items_stand():
    thought = {"type": "reasoning", "summary": [], "encrypted_content": "sealed"}
    deltas, response = read(
        text_delta("Hello", 1),
        ending(thought, message_item("Hello"), call_item("a", arguments="{}")),
    )

    assert [type(part) for part in response.parts] == [
        ReasoningPart,
        TextPart,
        ToolCallPart,
    ]
    assert response.parts[1] == TextPart("Hello")
    assert [d for d in deltas if isinstance(d, TextDelta)] == [TextDelta("Hello")]


def test_calls_that_came_up_in_another_order_get_their_own_arguments():
    calls = [call_item("a", arguments='{"x":1}'), call_item("b", arguments='{"x":2}')]
    _, response = read(
        item_added(1, **call_item("b")), item_added(0, **call_item("a")), ending(*calls)
    )

    assert {part.provider_call: part.arguments for part in response.parts} == {
        "a": '{"x":1}',
        "b": '{"x":2}',
    }


def test_what_the_end_leaves_out_was_said_all_the_same():
    _, response = read(text_delta("Hello"), ending(call_item("a", arguments="{}")))

    assert response.parts == (
        TextPart("Hello"),
        ToolCallPart("", "look", "{}", "a"),
    )


def test_parts_that_were_counted_in_another_way_are_not_told_again():
    _, response = read(text_delta("Hello", part=1), ending(message_item("Hello")))

    assert response.parts == (TextPart("Hello"),)


def test_arguments_that_are_an_object_are_made_text_and_none_are_none():
    _, response = read(
        item_done(0, **call_item("a", arguments={"x": 1})),
        item_done(1, **call_item("b", arguments="")),
        END,
    )

    assert [part.arguments for part in response.parts] == ['{"x":1}', "{}"]


def test_an_id_that_another_call_has_is_none():
    _, response = read(*(item_done(n, **call_item(c)) for n, c in enumerate("aa")), END)

    assert [part.provider_call for part in response.parts] == ["a", ""]


def test_a_call_without_a_name_is_no_answer():
    assert refused(arguments_delta("{}"), END).fault == "malformed"


def test_a_thought_is_told_sealed_and_kept_in_its_place():
    summary = [
        {"type": "summary_text", "text": "First."},
        {"type": "summary_text", "text": "Then."},
    ]
    thought = {"type": "reasoning", "id": "rs_1", "summary": summary}
    name = "reasoning_summary_text.delta"
    deltas, response = read(
        item_added(0, type="reasoning", summary=[], encrypted_content="half"),
        response_event(name, output_index=0, summary_index=0, delta="First."),
        response_event(name, output_index=0, summary_index=1, delta="Th"),
        response_event(name, output_index=0, summary_index=1, delta="en."),
        item_done(0, **thought, encrypted_content="sealed"),
        item_done(1, **call_item("a", arguments="{}")),
        ending(
            {**thought, "encrypted_content": "sealed"}, call_item("a", arguments="{}")
        ),
    )

    assert response.parts == (
        ReasoningPart(
            "First.\n\nThen.",
            write(SealedThought("sealed", summary)),
            "openai_responses",
        ),
        ToolCallPart("", "look", "{}", "a"),
    )
    told = [d.text for d in deltas if isinstance(d, ReasoningDelta)]
    assert told == ["First.", "\n\nTh", "en."]


def test_a_thought_that_was_only_begun_is_not_replayed():
    _, response = read(
        item_added(0, type="reasoning", encrypted_content="half"),
        text_delta("So.", 1),
        END,
    )

    assert response.parts == (TextPart("So."),)


def test_thoughts_of_open_models_are_told_and_not_replayed():
    content = [{"type": "reasoning_text", "text": "Let me see."}]
    deltas, response = read(
        response_event(
            "reasoning_text.delta", output_index=0, content_index=0, delta="Let me"
        ),
        item_done(0, type="reasoning", summary=[], content=content),
        text_delta("So.", 1),
        END,
    )

    assert response.parts == (ReasoningPart("Let me see."), TextPart("So."))
    assert deltas[:2] == [ReasoningDelta("Let me"), ReasoningDelta(" see.")]


def test_the_phase_of_a_message_is_kept_in_front_of_it():
    _, response = read(
        item_done(0, **message_item("I look.", phase="commentary")),
        item_done(1, **message_item("Done.", phase=None)),
        END,
    )

    phase = write(SpokenPhase("commentary"))
    assert response.parts == (
        ReasoningPart("", phase, "openai_responses"),
        TextPart("I look."),
        TextPart("Done."),
    )


def test_a_refusal_is_what_the_model_said():
    _, response = read(
        response_event("refusal.delta", output_index=0, content_index=0, delta="I "),
        response_event(
            "refusal.done", output_index=0, content_index=0, refusal="I cannot."
        ),
        item_done(
            0, type="message", content=[{"type": "refusal", "refusal": "I cannot."}]
        ),
        END,
    )

    assert response.parts == (TextPart("I cannot."),)


def test_items_that_we_asked_for_none_of_are_left_out():
    search = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    _, response = read(
        item_added(0, **search),
        item_done(0, **search),
        text_delta("Found.", 1),
        ending(search, message_item("Found.")),
    )

    assert response.parts == (TextPart("Found."),)
