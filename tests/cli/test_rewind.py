"""`podctl rewind`: go back in a pod's conversation."""

from __future__ import annotations

import pytest

from podd_protocol.replies import Failure, Ok
from podd_protocol.requests import Rewind
from tests.cli.command_line import podctl
from tests.client.fake_pod import fake_pod


def _answer(_pod, request):
    if not isinstance(request, Rewind):
        return None
    if request.to == "t9":
        return Failure(id=request.id, code="no_such_turn", message="no")
    return Ok(id=request.id, files_changed_since=["/srv/a", "/srv/b"])


@pytest.fixture
def pod(universe):
    with fake_pod(universe.socket("demo"), answer=_answer) as made:
        yield made


@pytest.mark.usefixtures("pod")
def test_the_files_that_stay_changed_are_printed(capsys):
    said = podctl(capsys, "rewind", "demo", "t2")

    assert (said.code, said.out) == (0, "/srv/a\n/srv/b\n")
    assert "stay as they are" in said.err


@pytest.mark.usefixtures("pod")
def test_with_json_it_is_one_document(capsys):
    said = podctl(capsys, "rewind", "demo", "start", "--json")

    assert said.document == {
        "schema_version": 1,
        "pod": "demo",
        "to": "start",
        "files_changed_since": ["/srv/a", "/srv/b"],
    }


@pytest.mark.usefixtures("pod")
def test_a_turn_that_is_not_there_is_told(capsys):
    said = podctl(capsys, "rewind", "demo", "t9", "--json")

    assert (said.code, said.document["error"]["code"]) == (3, "no_such_turn")
