"""What happens, one line an event, in a person's words. Pure: values in, text out."""

from __future__ import annotations

from podd.cli.asking_words import answered_words, asked_words, resolved_words
from podd.cli.child_words import child_words, command_end_words
from podd.cli.media_words import media_lines
from podd.cli.rendering import (
    LIMIT_WORDS,
    call_words,
    duration_words,
    first_line,
    outcome_words,
    result_words,
    rewound_words,
    usage_words,
)
from podd_protocol.events import (
    Alert,
    AnswerRefused,
    AnyEvent,
    ApprovalRequested,
    ApprovalResolved,
    CausesTaken,
    ChildEvent,
    CodeEnded,
    CodeStarted,
    CommandEnded,
    CommandStarted,
    InputAccepted,
    Lagged,
    LimitReached,
    Notification,
    QuestionAnswered,
    QuestionAsked,
    Reasoning,
    RetryScheduled,
    Rewound,
    StateChanged,
    StepStarted,
    Stopping,
    SurfaceChanged,
    Text,
    ToolCall,
    ToolResult,
    TurnEnded,
    TurnStarted,
)


def event_words(event: AnyEvent) -> str | None:  # noqa: C901, PLR0911, PLR0912  # a table
    """An event as one line of a log; None where it says nothing to a person.

    Deltas are None: the durable event that follows has the whole.
    """
    match event:
        case InputAccepted(origin=origin, text=text, media=media):
            asked = filter(None, (first_line(text), *media_lines(media)))
            return f"input from {origin}: {' '.join(asked)}"
        case Notification(origin=origin, text=text):
            return f"told by {origin}: {first_line(text)}"
        case TurnStarted(turn=turn):
            return f"turn {turn} started"
        case CausesTaken(causes=causes):
            more = "cause" if len(causes) == 1 else "causes"
            return f"took in {len(causes)} more {more}"
        case StepStarted(step=step, attempt=attempt, model=model):
            again = f", attempt {attempt}" if attempt > 1 else ""
            return f"step {step}: asked {model}{again}"
        case Text(text=text):
            return f"said: {first_line(text)}"
        case Reasoning(text=text):
            return f"thought: {first_line(text)}"
        case ToolCall(name=name, arguments=arguments):
            return f"calls {call_words(name, arguments)}"
        case ToolResult(name=name):
            return f"{name}: {result_words(event) or event.status}"
        case LimitReached(limit=limit):
            words = LIMIT_WORDS.get(limit, f"its limit of {limit}")
            return f"reached {words}; one last step to hand over"
        case AnswerRefused(problem=problem):
            return f"refused as an answer: {first_line(problem)}"
        case CodeStarted(code=code):
            count = len(code.strip().splitlines())
            return f"runs {count} {'line' if count == 1 else 'lines'} of code"
        case CodeEnded(summary=summary, output=output):
            printed = first_line(output)
            return f"{summary}: {printed}" if printed else summary
        case TurnEnded(turn=turn, outcome=outcome, usage=usage):
            return f"turn {turn} {outcome_words(outcome)} · {usage_words(usage)}"
        case Rewound(to=to):
            return f"rewound to {rewound_words(to)}"
        case StateChanged(state=state):
            return f"is {state}"
        case SurfaceChanged(model=model, tools=tools, cause=cause):
            why = " (configured)" if cause == "configured" else ""
            return f"now uses {model} with {len(tools)} tools{why}"
        case RetryScheduled(delay_seconds=delay, reason=reason):
            return f"no answer ({reason}); trying again in {duration_words(delay)}"
        case Alert(level=level, message=message):
            return f"{level}: {message}"
        case Lagged(from_=first, to=last):
            return f"events {first} to {last} were skipped"
        case Stopping(mode=mode):
            return "is stopping at once" if mode == "now" else "is stopping"
        case ChildEvent():
            return child_words(event)
        case ApprovalRequested() | QuestionAsked():
            return asked_words(event)
        case ApprovalResolved():
            return resolved_words(event)
        case QuestionAnswered():
            return answered_words(event)
        case CommandStarted(command=command, text=text):
            return f"command {command} runs in the background: {first_line(text)}"
        case CommandEnded():
            return command_end_words(event)
        case _:
            return None
