"""One connection to one pod."""

import select
import socket
import threading
import time
from pathlib import Path

import pytest

from podd.client.connection import PodConnection
from podd.errors import (
    FailureReplyError,
    NoSuchError,
    PodEndedError,
    PodNotAnsweringError,
    TimedOutError,
)
from podd_protocol.codec import encode
from podd_protocol.events import Lagged, StateChanged, Text, TextDelta
from podd_protocol.replies import Failure, Ok
from podd_protocol.requests import (
    Cancel,
    Hello,
    Notify,
    Pause,
    Run,
    Shutdown,
    Status,
    Subscribe,
)
from tests.client.fake_pod import LIMIT_SECONDS, SESSION, FakePod, fake_pod


def _delta(text: str, seq: int = 0) -> TextDelta:
    return TextDelta(seq=seq, turn="t1", step=1, attempt=1, text=text)


def _open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_it_greets_and_knows_the_pod(short_directory: Path) -> None:
    path = short_directory / "demo" / "sock"

    with fake_pod(path) as pod, PodConnection.open(path) as connection:
        greeting = pod.wait_for(Hello)

        assert connection.pod == "demo"
        assert connection.welcome.session == SESSION
        assert isinstance(greeting, Hello)
        assert (greeting.id, greeting.protocol) == (1, 1)


def test_each_request_has_an_id_of_its_own(short_directory: Path) -> None:
    path = short_directory / "demo" / "sock"

    with fake_pod(path) as pod, PodConnection.open(path) as connection:
        connection.ask(Status(id=0))
        connection.ask(Pause(id=0))

        assert [pod.asked.get(timeout=LIMIT_SECONDS).id for _ in range(3)] == [1, 2, 3]


def test_a_socket_deeper_than_an_address_can_be_connected_to(
    short_directory: Path,
) -> None:
    path = short_directory / ("d" * 100) / ("e" * 100) / "demo" / "sock"
    before = _open_descriptors()

    with fake_pod(path) as pod:
        with PodConnection.open(path) as connection:
            assert connection.ask(Status(id=0)).pod == "demo"
        assert pod.name == "demo"

    assert _open_descriptors() == before


def test_nobody_listening_is_no_such_pod(short_directory: Path) -> None:
    path = short_directory / "demo" / "sock"
    path.parent.mkdir()
    left_behind = socket.socket(socket.AF_UNIX)
    left_behind.bind(str(path))
    left_behind.close()

    with pytest.raises(NoSuchError) as refused:
        PodConnection.open(path)
    with pytest.raises(NoSuchError) as absent:
        PodConnection.open(short_directory / "other" / "sock")

    assert (refused.value.code, refused.value.name) == ("no_such_pod", "demo")
    assert absent.value.name == "other"


def test_a_pod_that_accepts_and_says_nothing_is_given_up(
    short_directory: Path,
) -> None:
    path = short_directory / "demo" / "sock"
    started = time.monotonic()

    with (
        fake_pod(path, answer=lambda _pod, _request: b""),
        pytest.raises(PodNotAnsweringError) as mute,
    ):
        PodConnection.open(path, 0.2)

    assert (mute.value.code, mute.value.exit_code) == ("not_answering", 8)
    assert 0.2 <= time.monotonic() - started < LIMIT_SECONDS


def test_a_pod_whose_backlog_is_full_is_given_up(short_directory: Path) -> None:
    path = short_directory / "sock"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(0)
    waiting = [socket.socket(socket.AF_UNIX) for _ in range(4)]
    for client in waiting:
        client.setblocking(False)
        client.connect_ex(str(path))

    with pytest.raises(PodNotAnsweringError) as mute:
        PodConnection.open(path, 0.2, pod="demo")

    assert mute.value.pod == "demo"
    for one in (listener, *waiting):
        one.close()


def test_events_that_come_before_an_answer_are_kept(short_directory: Path) -> None:
    path = short_directory / "demo" / "sock"

    def answer(pod: FakePod, request: object) -> bytes | None:
        if not isinstance(request, Cancel):
            return None
        return encode(_delta("one", 1)) + encode(Ok(id=request.id))

    with fake_pod(path, answer=answer) as pod, PodConnection.open(path) as connection:
        connection.ask(Subscribe(id=0))
        connection.ask(Cancel(id=0))
        pod.say(_delta("two"))
        events = connection.events(LIMIT_SECONDS)

        assert next(events).event == _delta("one", 1)
        assert next(events).event == _delta("two", 1)


def test_an_event_of_a_later_podd_is_handed_on_as_it_came(
    short_directory: Path,
) -> None:
    path = short_directory / "demo" / "sock"
    line = b'{"event":"moon_phase","seq":7,"phase":"new"}'

    with fake_pod(path) as pod, PodConnection.open(path) as connection:
        connection.ask(Subscribe(id=0))
        pod.say(line + b"\n")
        heard = next(connection.events(LIMIT_SECONDS))

    assert heard.event is None
    assert heard.line == line


def test_a_line_in_many_pieces_is_one_event(short_directory: Path) -> None:
    path = short_directory / "demo" / "sock"
    whole = Text(seq=1, at="", turn="t1", step=1, text="é" * 300_000)

    with fake_pod(path) as pod, PodConnection.open(path) as connection:
        connection.ask(Subscribe(id=0))
        sender = threading.Thread(target=pod.say, args=(whole,))
        sender.start()
        heard = next(connection.events(LIMIT_SECONDS))
        sender.join()

    assert heard.event == whole


def test_lagged_is_an_event_like_any_other(short_directory: Path) -> None:
    path = short_directory / "demo" / "sock"
    lagged = Lagged(seq=40, from_=3, to=40)

    with fake_pod(path) as pod, PodConnection.open(path) as connection:
        connection.ask(Subscribe(id=0))
        pod.say(lagged, StateChanged(seq=41, state="idle"))
        events = connection.events(LIMIT_SECONDS)

        assert next(events).event == lagged
        assert next(events).event == StateChanged(seq=41, state="idle")


def test_a_refusal_carries_its_code_and_exit_code(short_directory: Path) -> None:
    path = short_directory / "demo" / "sock"

    def answer(_pod: FakePod, request: object) -> Failure | None:
        if not isinstance(request, Run):
            return None
        return Failure(id=request.id, code="denied", message="no", data={"why": 1})

    with (
        fake_pod(path, answer=answer),
        PodConnection.open(path) as connection,
        pytest.raises(FailureReplyError) as refused,
    ):
        connection.ask(Run(id=0, input="x"))

    assert (refused.value.code, refused.value.exit_code) == ("denied", 5)
    assert refused.value.details == {"why": 1}


@pytest.mark.parametrize(
    ("failure", "exit_code"),
    [
        ("bad_field", 2),
        ("no_such_turn", 3),
        ("scope_conflict", 4),
        ("denied", 5),
        ("outside_scope", 5),
        ("over_budget", 6),
        ("busy", 1),
        ("not_supported", 1),
        ("internal", 1),
    ],
)
def test_what_a_pod_refuses_ends_podctl_as_documented(
    failure: str, exit_code: int
) -> None:
    error = FailureReplyError(pod="demo", failure=failure, message="no")

    assert (error.code, error.exit_code) == (failure, exit_code)


def test_a_line_that_could_not_be_read_fails_what_was_asked(
    short_directory: Path,
) -> None:
    path = short_directory / "demo" / "sock"

    def answer(_pod: FakePod, request: object) -> Failure | None:
        if not isinstance(request, Notify):
            return None
        return Failure(id=None, code="too_large", message="too long")

    with (
        fake_pod(path, answer=answer),
        PodConnection.open(path) as connection,
        pytest.raises(FailureReplyError) as refused,
    ):
        connection.ask(Notify(id=0, message="x"))

    assert refused.value.failure == "too_large"


def test_the_answer_to_a_request_that_was_given_up_is_not_the_next_ones(
    short_directory: Path,
) -> None:
    path = short_directory / "demo" / "sock"

    def answer(_pod: FakePod, request: object) -> bytes | None:
        match request:
            case Pause():
                return b""
            case Cancel():
                late = Failure(id=request.id - 1, code="not_running", message="late")
                return encode(late) + encode(Ok(id=request.id, seq=9))
            case _:
                return None

    with fake_pod(path, answer=answer), PodConnection.open(path, 0.2) as connection:
        with pytest.raises(PodNotAnsweringError):
            connection.ask(Pause(id=0))
        connection.timeout_seconds = LIMIT_SECONDS

        assert connection.ask(Cancel(id=0)).seq == 9


def test_a_pod_of_another_version_can_be_looked_at_and_stopped(
    short_directory: Path,
) -> None:
    path = short_directory / "demo" / "sock"

    def answer(_pod: FakePod, request: object) -> Failure | None:
        if not isinstance(request, Hello):
            return None
        return Failure(id=request.id, code="version_mismatch", message="we speak 9")

    with (
        fake_pod(path, answer=answer) as pod,
        PodConnection.open(path) as connection,
    ):
        with pytest.raises(FailureReplyError) as refused:
            connection.ask(Run(id=0, input="x"))
        with pytest.raises(FailureReplyError):
            _ = connection.welcome
        status = connection.ask(Status(id=0))
        connection.ask(Shutdown(id=0))

        assert refused.value.code == "version_mismatch"
        assert status.pod == "demo"
        asked = [pod.asked.get(timeout=LIMIT_SECONDS) for _ in range(3)]
        assert [type(request) for request in asked] == [Hello, Status, Shutdown]


def test_an_end_in_the_middle_of_an_answer_names_the_session(
    short_directory: Path,
) -> None:
    path = short_directory / "demo" / "sock"

    def answer(pod: FakePod, request: object) -> bytes | None:
        if not isinstance(request, Run):
            return None
        pod.hang_up()
        return b""

    with (
        fake_pod(path, answer=answer),
        PodConnection.open(path) as connection,
        pytest.raises(PodEndedError) as gone,
    ):
        connection.ask(Run(id=0, input="x"))

    assert (gone.value.exit_code, gone.value.session) == (8, SESSION)


def test_events_end_with_the_connection(short_directory: Path) -> None:
    path = short_directory / "demo" / "sock"

    with fake_pod(path) as pod, PodConnection.open(path) as connection:
        connection.ask(Subscribe(id=0))
        pod.say(_delta("last"))
        pod.hang_up()

        assert [heard.event for heard in connection.events()] == [_delta("last", 1)]
        assert connection.ended


def test_waiting_for_events_has_an_end(short_directory: Path) -> None:
    path = short_directory / "demo" / "sock"

    with (
        fake_pod(path),
        PodConnection.open(path) as connection,
        pytest.raises(TimedOutError) as late,
    ):
        next(connection.events(0.05))

    assert (late.value.exit_code, late.value.seconds) == (7, 0.05)


def test_garbage_is_no_pod(short_directory: Path) -> None:
    path = short_directory / "demo" / "sock"

    with (
        fake_pod(path, answer=lambda _pod, _request: b"220 smtp ready\n"),
        pytest.raises(PodNotAnsweringError),
    ):
        PodConnection.open(path)


def test_what_is_here_is_read_without_waiting(short_directory: Path) -> None:
    path = short_directory / "demo" / "sock"

    with fake_pod(path) as pod, PodConnection.open(path) as connection:
        connection.ask(Subscribe(id=0))
        nothing = connection.heard()
        pod.say(_delta("a"), _delta("b"))
        ready, _, _ = select.select([connection], [], [], LIMIT_SECONDS)
        heard = connection.heard()

        assert nothing == []
        assert ready == [connection]
        assert [one.event for one in heard] == [_delta("a", 1), _delta("b", 2)]
