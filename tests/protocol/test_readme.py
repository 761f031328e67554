"""protocol/README.md is complete and true: clients are written from it."""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from podd.client.discovery import pods
from podd.core.context.response import StopReason
from podd.core.session.contents import INLINE_BYTES
from podd.core.turn.settings import DRAIN_SECONDS
from podd.errors import ProviderFault
from podd.paths import Places
from podd.runtime.feed import RING_EVENTS
from podd_protocol.events import AnyEvent, DurableEvent, LiveEvent
from podd_protocol.lines import LINE_BYTES, LineBuffer
from podd_protocol.replies import Failure, FailureCode
from podd_protocol.requests import (
    NOT_SUPPORTED,
    PROTOCOL,
    PodEventKind,
    Run,
    WhenBusy,
)
from podd_protocol.values import (
    AlertLevel,
    Asked,
    CancelledBy,
    ChildEnd,
    ChildEventKind,
    ChildState,
    CommandEnd,
    Limit,
    Outcome,
    Remember,
    ResolvedBy,
    State,
    ToolStatus,
    Usage,
    Verdict,
)
from tests.cli.scripted_pod import podctl
from tests.client.fake_pod import LIMIT_SECONDS, fake_pod
from tests.protocol.golden import KINDS, tag
from tests.protocol.golden import PROTOCOL as PLACE

README = (PLACE / "README.md").read_text(encoding="utf-8")
DURABLE = README.partition("### Durable\n")[2].partition("### Live\n")[0]
LIVE = README.partition("### Live\n")[2].partition("### The order")[0]


def _block(language: str) -> str:
    (found,) = re.findall(
        rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE
    )
    return found


def _row(word: str, text: str) -> str:
    """Give the row of a table that is about this word."""
    (found,) = re.findall(rf"^\| `{word}` \|.*$", text, re.MULTILINE)
    return found


@pytest.mark.parametrize("struct", KINDS["requests"], ids=tag)
def test_every_request_stands_there_with_its_fields(struct) -> None:
    row = _row(
        tag(struct), README.partition("## Requests\n")[2].partition("Each may")[0]
    )

    for field in set(struct.__struct_encode_fields__) - {"id", "options"}:
        assert f"`{field}`" in row, field


@pytest.mark.parametrize("struct", KINDS["replies"], ids=tag)
def test_every_reply_stands_there_with_its_fields(struct) -> None:
    row = _row(
        tag(struct), README.partition("## Replies\n")[2].partition("`scope` is")[0]
    )

    for field in set(struct.__struct_encode_fields__) - {"id"}:
        assert f"`{field}`" in row, field


@pytest.mark.parametrize("struct", KINDS["events"], ids=tag)
def test_every_event_stands_there_as_durable_or_live_with_its_fields(struct) -> None:
    row = _row(tag(struct), DURABLE if struct in get_args(DurableEvent) else LIVE)

    for field in set(struct.__struct_encode_fields__) - {"seq", "at"}:
        assert f"`{field}`" in row, field


def test_no_event_is_described_that_does_not_exist() -> None:
    described = re.findall(r"^\| `(\w+)` \|", DURABLE + LIVE, re.MULTILINE)

    assert sorted(described) == sorted(tag(struct) for struct in get_args(AnyEvent))
    assert len(described) == len(get_args(DurableEvent)) + len(get_args(LiveEvent))


WORDS = {
    *get_args(FailureCode),
    *get_args(WhenBusy),
    *get_args(State),
    *get_args(ToolStatus),
    *get_args(Limit),
    *get_args(CancelledBy),
    *get_args(AlertLevel),
    *get_args(Asked),
    *get_args(ChildEnd),
    *get_args(ChildEventKind),
    *get_args(ChildState),
    *get_args(CommandEnd),
    *get_args(PodEventKind),
    *get_args(Remember),
    *get_args(ResolvedBy),
    *get_args(Verdict),
    *map(tag, get_args(Outcome)),
    *Usage.__struct_fields__,
    *NOT_SUPPORTED,
}


@pytest.mark.parametrize("word", sorted(WORDS))
def test_every_word_of_a_closed_set_is_explained(word) -> None:
    assert f"`{word}`" in README


def test_the_stop_reasons_are_those_that_the_core_has() -> None:
    reasons = README.partition("`stop_reason` of a step")[2].partition("\n\n")[0]

    for word in (*get_args(StopReason), *get_args(ProviderFault), "interrupted"):
        assert f"`{word}`" in reasons, word


def test_the_numbers_are_those_of_the_code() -> None:
    assert f"# The wire of podd, protocol {PROTOCOL}\n" in README
    assert f"{LINE_BYTES:,} bytes" in README
    assert f"newest {RING_EVENTS:,} events" in README
    assert f"After {DRAIN_SECONDS:.0f} seconds" in README
    assert f"above {INLINE_BYTES // 1024} KiB" in README


@pytest.fixture
def garden(universe: Places, tmp_path: Path) -> Iterator[Path]:
    """Start the pod that the README talks to; gives its socket."""
    (tmp_path / "garden").mkdir()
    (tmp_path / "garden.script.toml").write_text(
        '[[step]]\ntext = "Two kinds: beans and peas."\nrepeat = "forever"\n',
        encoding="utf-8",
    )
    manifest = tmp_path / "garden.toml"
    manifest.write_text(
        '[pod]\nname = "garden"\nworkdir = "garden"\n'
        '[model]\nref = "scripted/garden"\nscript = "garden.script.toml"\n'
        '[tools]\nallow = ["read_file", "write_file", "edit_file", "glob", "grep"]\n',
        encoding="utf-8",
    )
    spawned = podctl("spawn", str(manifest), "--detach")
    assert spawned.code == 0, spawned.err
    (pod,) = pods(universe)
    assert pod.pid is not None, "a socket's peer is known"
    process = os.pidfd_open(pod.pid)
    try:
        yield universe.socket("garden")
    finally:
        # It may be ending already, without a socket and still writing its last files.
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(process, signal.SIGKILL)
        gone, _, _ = select.select([process], [], [], LIMIT_SECONDS)
        os.close(process)
        assert gone, "the pod survived SIGKILL"


class Talk:
    """A person at socat: one line typed, then what comes is read."""

    def __init__(self, path: Path) -> None:
        self._link = socket.socket(socket.AF_UNIX)
        self._link.settimeout(LIMIT_SECONDS)
        self._link.connect(str(path))
        self._buffer = LineBuffer()
        self._lines: list[bytes] = []

    def type(self, line: str) -> None:
        self._link.sendall(line.encode() + b"\n")

    def read(self) -> dict[str, Any]:
        while not self._lines:
            data = self._link.recv(65536)
            assert data, "the pod closed the connection"
            self._lines = self._buffer.feed(data)
        return msgspec.json.decode(self._lines.pop(0))

    def close(self) -> None:
        self._link.close()

    @property
    def is_over(self) -> bool:
        return not self._lines and not self._link.recv(1)


def _wait_until_shown(path: Path) -> None:
    """Until the pod has something to show the model, as after half a second it has."""
    talk = Talk(path)
    talk.type('{"method":"hello","id":1,"protocol":1}')
    talk.type('{"method":"subscribe","id":2,"after":0,"only":["surface_changed"]}')
    while "event" not in talk.read():
        pass
    talk.close()


#: What another machine, another day and another pod have differently.
CHANGING = {"session", "pid", "at", "started_at", "workdir", "scope", "podd"}


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: type(item) if key in CHANGING else _masked(item)
            for key, item in value.items()
            if key != "input_tokens"  # estimated from a prompt that has paths in it
        }
    return value


@pytest.mark.processes
def test_a_pod_says_what_the_readme_says_it_says(garden: Path) -> None:
    command, *lines = _block("console").splitlines()
    typed: list[tuple[str, list[dict[str, Any]]]] = []
    for line in lines:
        message = msgspec.json.decode(line)
        if "method" in message:
            typed.append((line, []))
        else:
            typed[-1][1].append(message)
    _wait_until_shown(garden)
    talk = Talk(garden)

    assert command.startswith("$ socat - UNIX-CONNECT:/")
    assert command.endswith("/pods/garden/sock")
    for line, expected in typed:
        talk.type(line)
        said = [talk.read() for _ in expected]
        # Which comes first, an event or the reply, is not promised.
        for kind in ("reply", "event"):
            assert [_masked(message) for message in said if kind in message] == [
                _masked(message) for message in expected if kind in message
            ]
    assert talk.is_over
    talk.close()


def _run_client(path: Path, prompt: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-c", _block("python"), str(path), prompt],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=LIMIT_SECONDS,
    )


@pytest.mark.processes
def test_the_client_of_the_readme_gives_a_pod_work(garden: Path) -> None:
    done = _run_client(garden, "What is in the seed box?")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Two kinds: beans and peas.\n"


@pytest.mark.processes
def test_the_client_of_the_readme_knows_a_failure(short_directory: Path) -> None:
    def answer(pod, request):
        if isinstance(request, Run):
            return Failure(id=request.id, code="stopping", message="the pod is ending")
        return None

    with fake_pod(short_directory / "garden" / "sock", answer=answer):
        done = _run_client(short_directory / "garden" / "sock", "Hello?")

    assert (done.returncode, done.stderr) == (1, "the pod is ending\n")


@pytest.mark.processes
def test_the_client_of_the_readme_does_not_wait_for_a_pod_that_has_gone(
    short_directory: Path,
) -> None:
    with fake_pod(short_directory / "garden" / "sock") as pod:
        pod.on_run = lambda pod: pod.close()
        done = _run_client(short_directory / "garden" / "sock", "Hello?")

    assert (done.returncode, done.stdout) == (1, "")
