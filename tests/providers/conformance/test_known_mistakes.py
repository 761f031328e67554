"""What mappings of models are known to get wrong, and the test that holds ours to it.

A list that nobody checks goes stale: so each test that is named has to be there.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]

#: The mistake, and where it is shown that we do not make it.
HELD = {
    "events are cut where the network cuts them": (
        "providers/conformance/test_splits.py::test_all_cuts_in_two_give_the_same"
    ),
    "a character cut in two ends the stream": (
        "providers/conformance/test_splits.py::test_any_cuts_give_the_same"
    ),
    "lines end in one way only": (
        "providers/conformance/test_splits.py::test_lines_may_end_as_they_like"
    ),
    "of parallel calls the last alone survives": (
        "providers/conformance/test_answers.py"
        "::test_parallel_calls_come_with_their_arguments_and_ids"
    ),
    "calls without an end event are never made": (
        "providers/openai_chat/test_provider.py"
        "::test_parallel_calls_one_of_them_broken_go_back_as_a_valid_conversation"
    ),
    "two calls of one function are taken for one": (
        "providers/gemini/test_calls.py"
        "::test_two_calls_of_one_function_without_ids_are_two"
    ),
    "a result bears the id in place of the name": (
        "providers/gemini/test_contents.py"
        "::test_ids_that_we_gave_are_not_shown_and_results_follow_in_order"
    ),
    "usage that comes last is not read": (
        "providers/openai_chat/test_stream.py::test_usage_is_read_wherever_it_stands"
    ),
    "an answer in one piece has no usage and no reason": (
        "providers/conformance/test_answers.py::test_each_reason_to_stop_is_known"
    ),
    "cached tokens are not counted, or twice": (
        "providers/conformance/test_answers.py::test_text_comes_whole_with_what_it_used"
    ),
    "billed units are taken for tokens": (
        "providers/cohere/test_stream.py"
        "::test_usage_is_what_was_read_and_not_what_is_paid_for"
    ),
    "arguments are sent as an object where text is wanted": (
        "providers/cohere/test_request.py"
        "::test_arguments_are_text_and_what_was_said_before_them_is_the_plan"
    ),
    "broken arguments become none": (
        "providers/conformance/test_requests.py"
        "::test_arguments_that_are_broken_go_back_as_an_object"
    ),
    "of several results the first alone is sent": (
        "providers/cohere/test_request.py::test_each_result_is_a_message_of_its_own"
    ),
    "a failed result looks like a good one": (
        "providers/anthropic/test_content.py::test_a_result_says_whether_it_failed"
    ),
    "the order of a system prompt or of roles is refused": (
        "providers/anthropic/test_messages.py::test_roles_alternate_and_nothing_is_lost"
    ),
    "thoughts are thrown away, so the next request is refused": (
        "providers/conformance/test_answers.py"
        "::test_thoughts_are_told_and_go_back_to_who_had_them"
    ),
    "thoughts are told as text": (
        "providers/gemini/test_stream.py::test_a_signature_is_kept_in_front_of_its_part"
    ),
    "parts of two indices are taken for one": (
        "providers/openai_responses/test_items.py"
        "::test_parts_of_one_message_are_kept_apart"
    ),
    "what is told twice is heard twice": (
        "providers/openai_responses/test_items.py"
        "::test_what_is_told_four_times_is_heard_once"
    ),
    "a blocked prompt ends in silence": (
        "providers/gemini/test_stream.py::test_a_blocked_prompt_does_not_end_in_silence"
    ),
    "a stream without its end is an answer": (
        "providers/conformance/test_answers.py"
        "::test_a_stream_that_breaks_off_is_no_answer"
    ),
    "an error in a stream is an answer": (
        "providers/conformance/test_answers.py::test_an_error_in_a_stream_is_no_answer"
    ),
    "a limit of length is a good end": (
        "providers/anthropic/test_stream.py"
        "::test_a_call_that_a_limit_cut_off_does_not_look_complete"
    ),
    "a page of a proxy is an answer": (
        "providers/conformance/test_answers.py"
        "::test_a_page_and_nothing_at_all_are_no_answers"
    ),
    "why it was incomplete is lost": (
        "providers/anthropic/test_stream.py::test_a_refusal_says_why"
    ),
    "fields that nobody knows yet break the reading": (
        "providers/conformance/test_answers.py::test_what_nobody_knows_yet_is_ignored"
    ),
    "nothing is tried again, or all of it": (
        "providers/conformance/test_answers.py::test_each_refusal_is_known"
    ),
    "what the server asks to wait is not read": (
        "providers/test_retrying.py::test_a_retry_waits_as_long_as_the_server_asks"
    ),
    "a server that says nothing freezes a run": (
        "providers/test_transport.py"
        "::test_a_server_that_never_begins_times_out_and_is_tried_again"
    ),
    "a request cannot be cancelled while it waits": (
        "runtime/test_cancelling.py::test_a_turn_is_cancelled_wherever_it_stands"
    ),
    "pieces of a stream that was given up are in the next answer": (
        "providers/conformance/test_switching.py"
        "::test_the_next_request_is_valid_for_the_other_one"
    ),
    "options are declared and not sent": (
        "providers/conformance/test_requests.py"
        "::test_an_option_is_sent_or_refused_by_its_name"
    ),
    "pictures are dropped": (
        "providers/conformance/test_requests.py"
        "::test_pictures_and_documents_are_shown_where_they_can_be_seen"
    ),
    "a picture is in one request and in no history": (
        "end_to_end/test_pictures.py::test_a_killed_pod_shows_the_model_the_same_again"
    ),
    "an address is completed twice": (
        "providers/anthropic/test_endpoint.py::test_the_path_is_completed_once"
    ),
    "a key stands in an address or a message": (
        "providers/gemini/test_provider.py::test_a_key_is_a_header_and_never_in_the_url"
    ),
    "an odd name is signed otherwise than it is sent": (
        "providers/bedrock/test_signing.py::test_url_and_signature_are_those_of_botocore"
    ),
    "checksums and headers of frames are not looked at": (
        "providers/bedrock/test_frames.py::test_any_changed_byte_is_an_error"
    ),
    "an exception in a stream is passed over": (
        "providers/bedrock/test_stream.py::test_an_exception_frame_is_never_an_end"
    ),
    "a choice of tools stands where it is not read": (
        "providers/bedrock/test_request.py"
        "::test_the_choice_of_a_tool_stands_inside_the_tools_configuration"
    ),
    "what it costs is not known and nothing stops it": ("core/turn/test_cost_limit.py"),
}


@cache
def _names(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


@pytest.mark.parametrize("mistake", HELD, ids=lambda text: text.replace(" ", "-"))
def test_a_known_mistake_is_held(mistake: str) -> None:
    file, _, name = HELD[mistake].partition("::")

    names = _names(TESTS / file)
    assert name in names if name else names
