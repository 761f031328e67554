"""What happened, in a person's words."""

import pytest

from podd.cli.event_words import event_words
from podd.cli.rendering import (
    call_words,
    duration_words,
    first_line,
    outcome_words,
    usage_words,
)
from podd_protocol.events import (
    Alert,
    AnyEvent,
    InputAccepted,
    Lagged,
    LimitReached,
    RetryScheduled,
    StepStarted,
    Text,
    TextDelta,
    ToolResult,
)
from podd_protocol.values import (
    Cancelled,
    Completed,
    Failed,
    Limited,
    Outcome,
    ToolStatus,
    Usage,
)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"path": "a.py", "content": "x" * 500}, "t a.py"),
        ({"pattern": "*.py", "path": "src"}, "t src"),
        ({"pattern": "*.py"}, "t *.py"),
        ({"names": ["a", "b"]}, "t a, b"),
        ({"count": 3, "title": "hello"}, "t hello"),
        ({"count": 3}, "t"),
        ({}, "t"),
        ('{"path": "cut o', 't {"path": "cut o'),
        (None, "t"),
        ([1, 2], "t"),
    ],
)
def test_a_call_is_its_name_and_the_argument_that_says_most(
    arguments: object, words: str
) -> None:
    assert call_words("t", arguments) == words


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("spawn_pod", {"name": "kid", "task": "Weed"}, "spawn_pod kid: Weed"),
        ("spawn_pod", {"task": "Weed", "name": "kid"}, "spawn_pod kid: Weed"),
        ("send_to_pod", {"name": "a", "message": "More"}, "send_to_pod a: More"),
        ("spawn_pod", {"name": "kid"}, "spawn_pod kid"),
        ("spawn_pod", {"task": "Weed"}, "spawn_pod Weed"),
        ("spawn_pod", '{"name": "k', 'spawn_pod {"name": "k'),
        ("stop_pod", {"name": "kid"}, "stop_pod kid"),
    ],
)
def test_a_call_that_gives_a_pod_work_names_the_pod_first(
    name: str, arguments: object, words: str
) -> None:
    assert call_words(name, arguments) == words


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Completed(), "completed"),
        (Cancelled(by="user"), "cancelled by user"),
        (Cancelled(by="shutdown", reason="kernel"), "cancelled by shutdown: kernel"),
        (Limited(limit="steps"), "stopped at its limit of steps"),
        (Limited(limit="output_tokens"), "stopped at the model's limit of output"),
        (Failed(code="provider", message="401"), "failed (provider): 401"),
    ],
)
def test_an_outcome_says_why(outcome: Outcome, words: str) -> None:
    assert outcome_words(outcome) == words


@pytest.mark.parametrize(
    ("usage", "words"),
    [
        (Usage(), "0 tokens in, 0 out"),
        (
            Usage(input_tokens=1000, cache_read_tokens=200, cache_write_tokens=34),
            "1,234 tokens in, 0 out",
        ),
        (
            Usage(output_tokens=5, cost_usd=0.01234, estimated=True),
            "about 0 tokens in, 5 out, $0.0123",
        ),
    ],
)
def test_usage_counts_every_token_once(usage: Usage, words: str) -> None:
    assert usage_words(usage) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "0.0 s"),
        (59.94, "59.9 s"),
        (65, "1 min 5 s"),
        (600, "10 min"),
        (7500, "2 h 5 min"),
    ],
)
def test_a_duration_is_as_exact_as_anyone_wants_it(seconds: float, words: str) -> None:
    assert duration_words(seconds) == words


def test_a_first_line_says_that_more_follows() -> None:
    assert first_line("\n  a \n\nb\n") == "a …"
    assert first_line("a\n") == "a"
    assert first_line(" \n") == ""


def _result(status: ToolStatus) -> ToolResult:
    return ToolResult(
        turn="t",
        step=1,
        call="c",
        name="edit_file",
        status=status,
        summary="not there",
        output="",
        spilled_to=None,
    )


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (
            InputAccepted(turn="t", cause="c", origin="user", text="do\nit"),
            "input from user: do …",
        ),
        (
            StepStarted(turn="t", step=2, attempt=3, model="m/x"),
            "step 2: asked m/x, attempt 3",
        ),
        (Text(turn="t", step=1, text="done"), "said: done"),
        (_result("ok"), "edit_file: not there"),
        (_result("denied"), "edit_file: refused: not there"),
        (_result("unknown"), "edit_file: may or may not have happened: not there"),
        (
            LimitReached(turn="t", limit="steps"),
            "reached its limit of steps; one last step to hand over",
        ),
        (
            LimitReached(turn="t", limit="patience"),
            "reached its limit of patience; one last step to hand over",
        ),
        (
            RetryScheduled(
                turn="t", step=1, attempt=1, delay_seconds=2, reason="overloaded"
            ),
            "no answer (overloaded); trying again in 2.0 s",
        ),
        (Lagged(seq=9, from_=3, to=9), "events 3 to 9 were skipped"),
        (Alert(level="error", source="s", code="c", message="disk"), "error: disk"),
        (TextDelta(turn="t", step=1, attempt=1, text="x"), None),
    ],
)
def test_an_event_is_a_line_or_nothing(event: AnyEvent, words: str | None) -> None:
    assert event_words(event) == words
