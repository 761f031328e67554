import errno
import json
from typing import Annotated

import anyio
import msgspec
import pytest

from podd.core.scope.rules import Rule
from podd.core.turn.asking import ASKING
from podd.errors import LeaseLostError, ManifestError, PodNotAnsweringError
from podd.tools import catalog
from podd.tools.catalog import TOOLS, run_call, specs
from podd.tools.tool import ToolOutcome


def test_tools_come_in_their_fixed_order_whatever_the_order_they_are_asked_for():
    assert [spec.name for spec in specs(["grep", "read_file", "edit_file"])] == [
        "read_file",
        "edit_file",
        "grep",
    ]
    assert list(TOOLS) == [
        "read_file",
        "write_file",
        "edit_file",
        "glob",
        "grep",
        "bash",
        "stop_command",
        "spawn_pod",
        "send_to_pod",
        "wait_pods",
        "read_pod_output",
        "stop_pod",
        "list_pods",
        "ask_user",
        "ask_parent",
    ]


def test_an_unknown_tool_cannot_be_described():
    with pytest.raises(ValueError, match="telnet"):
        specs(["read_file", "telnet"])


@pytest.mark.parametrize("tool", TOOLS.values(), ids=TOOLS)
def test_a_schema_is_flat_closed_and_explains_every_argument(tool):
    (spec,) = specs([tool.name])

    text = json.dumps(spec.schema)
    assert "$ref" not in text
    assert "$defs" not in text
    assert spec.schema["type"] == "object"
    assert spec.schema["additionalProperties"] is False
    _explains(spec.schema)
    fields = msgspec.structs.fields(tool.arguments)
    assert [f.required for f in fields] == sorted(
        (f.required for f in fields), reverse=True
    )
    assert spec.schema["required"] == [f.name for f in fields if f.required]


def _explains(schema):
    """Each argument, in whatever depth, says what it is."""
    assert schema["additionalProperties"] is False
    for field in schema["properties"].values():
        assert field["description"]
        assert "title" not in field
        for inner in field.get("anyOf", ()):
            if "properties" in inner:
                _explains(inner)


def test_an_argument_that_has_parts_tells_them_in_its_place():
    (spec,) = specs(["spawn_pod"])

    scope, null = spec.schema["properties"]["scope"]["anyOf"]
    assert null == {"type": "null"}
    assert list(scope["properties"]) == ["read", "write", "read_only", "hidden"]
    assert scope["properties"]["write"]["items"] == {"type": "string", "minLength": 1}


class _Titled(msgspec.Struct):
    title: Annotated[str, msgspec.Meta(description="Of a book.")]


def test_an_argument_may_be_called_title():
    schema = catalog._spec(_tool(arguments=_Titled)).schema

    assert schema["properties"] == {
        "title": {"type": "string", "description": "Of a book."}
    }


def test_what_must_not_be_done_twice_is_not_repeatable():
    assert [name for name, tool in TOOLS.items() if not tool.repeatable] == [
        "write_file",
        "edit_file",
        "bash",
    ]


@pytest.mark.parametrize("name", ["wait_pods", "ask_user", "ask_parent"])
def test_what_the_turn_machine_answers_takes_what_it_takes(name):
    assert TOOLS[name].arguments is ASKING[name]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("wait_pods", '{"names": ["a"]}'), ("ask_user", '{"question": "why?"}')],
)
async def test_what_the_turn_machine_answers_is_not_run(place, name, arguments):
    outcome = await run_call(name, arguments, place.context())

    assert outcome.status == "error"
    assert "turn machine" in outcome.summary


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ('{"path": "a"', "after 12"),
        ('{"path": "a"} {', "byte 15"),
        ("nonsense", "JSON"),
        ("[" * 100_000, "nested"),
        ('{"path": "\ud800"}', "JSON"),
        ('["a"]', "an array"),
        ('"a"', "a string"),
        ("null", "null"),
        ("", "`path` is missing"),
        ("{}", "`path` is missing"),
        ('{"path": "a", "colour": 1}', "`colour`"),
        ('{"path": 1}', "$.path"),
        ('{"path": "a", "offset": 0}', "$.offset"),
        ('{"path": "a", "offset": "1"}', "$.offset"),
    ],
)
async def test_arguments_that_are_wrong_are_an_error_that_names_what(
    place, arguments, named
):
    outcome = await run_call("read_file", arguments, place.context())

    assert outcome.status == "error"
    assert named in outcome.summary
    assert "\n" not in outcome.summary


async def test_no_arguments_are_an_empty_object(place):
    outcome = await run_call("glob", "", place.context())

    assert "`pattern` is missing" in outcome.summary


async def test_an_unknown_tool_is_an_error_that_names_the_known(place):
    outcome = await run_call("telnet", "{}", place.context())

    assert outcome.status == "error"
    assert "read_file" in outcome.summary


@pytest.mark.parametrize("name", ["read_file", "write_file", "glob", "grep"])
async def test_what_is_outside_is_denied(place, name):
    arguments = {"path": "/etc"}
    if name == "write_file":
        arguments["content"] = ""
    if name in {"glob", "grep"}:
        arguments["pattern"] = "a"

    outcome = await run_call(name, json.dumps(arguments), place.context())

    assert outcome.status == "denied"
    assert str(place.work) in outcome.summary


async def test_a_lost_lease_is_denied(place):
    def lost():
        raise LeaseLostError(loss="table_gone")

    files = place.files(verify_lease=lost)
    arguments = '{"path": "a", "content": "b"}'

    outcome = await run_call("write_file", arguments, place.context(files=files))

    assert outcome.status == "denied"


def _tool(**more):
    tool = _Broken(None)
    for name, value in more.items():
        setattr(tool, name, value)
    return tool


class _Broken:
    name = "read_file"
    description = "breaks"
    repeatable = True
    timeout_seconds = 60.0
    arguments = TOOLS["read_file"].arguments

    def __init__(self, error):
        self.error = error

    async def run(self, arguments, context):
        raise self.error


@pytest.mark.parametrize(
    ("error", "named"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/x/file"), "disk is full"),
        (OSError("no number"), ""),
        (ZeroDivisionError("ours"), "ZeroDivisionError"),
        (TimeoutError("inner"), ""),
    ],
)
async def test_whatever_a_tool_raises_is_a_result(place, monkeypatch, error, named):
    monkeypatch.setitem(catalog.TOOLS, "read_file", _Broken(error))

    outcome = await run_call("read_file", '{"path": "a"}', place.context())

    assert outcome.status == "error"
    assert named in outcome.summary


@pytest.mark.parametrize(
    ("error", "summary", "content"),
    [
        (
            PodNotAnsweringError(pod="p", reason="it ended; its last words:\na\nb"),
            "read_file: pod 'p' does not answer: it ended; its last words:",
            "a\nb",
        ),
        (ManifestError(path="read_file", reason="no"), "read_file: no", ""),
    ],
)
async def test_what_follows_the_first_line_of_an_error_is_content(
    place, monkeypatch, error, summary, content
):
    monkeypatch.setitem(catalog.TOOLS, "read_file", _Broken(error))

    outcome = await run_call("read_file", '{"path": "a"}', place.context())

    assert (outcome.status, outcome.summary) == ("error", summary)
    assert outcome.content == content


class _Endless(_Broken):
    async def run(self, arguments, context):
        await anyio.sleep_forever()


async def test_a_tool_that_takes_too_long_is_stopped(place, monkeypatch):
    monkeypatch.setitem(catalog.TOOLS, "read_file", _Endless(None))
    context = place.context(timeouts={"read_file": 0.02})

    with anyio.fail_after(5):
        outcome = await run_call("read_file", '{"path": "a"}', context)

    assert outcome.status == "error"
    assert "0.02 s" in outcome.summary


async def test_a_tool_has_a_limit_of_its_own(place, monkeypatch):
    tool = _Endless(None)
    tool.timeout_seconds = 0.02
    monkeypatch.setitem(catalog.TOOLS, "read_file", tool)

    with anyio.fail_after(5):
        outcome = await run_call("read_file", '{"path": "a"}', place.context())

    assert "0.02 s" in outcome.summary


class _Patient(_Broken):
    timeout_seconds = None

    async def run(self, arguments, context):
        with anyio.move_on_after(0.1):
            await anyio.sleep_forever()
        return ToolOutcome(status="ok", summary="as long as it took")


async def test_a_tool_that_minds_its_time_is_not_cut_off(place, monkeypatch):
    monkeypatch.setitem(catalog.TOOLS, "read_file", _Patient(None))
    context = place.context(timeouts={"read_file": 0.02})

    outcome = await run_call("read_file", '{"path": "a"}', context)

    assert outcome.status == "ok"


class _Spiller(_Broken):
    async def run(self, arguments, context):
        return ToolOutcome(
            status="ok", summary="s", content=self.error, spilled_to="/its/own"
        )


@pytest.mark.parametrize("content", ["short", "x" * 1000])
async def test_what_a_tool_has_spilled_itself_is_not_spilled_again(
    place, monkeypatch, content
):
    monkeypatch.setitem(catalog.TOOLS, "read_file", _Spiller(content))
    context = place.context(limits={"read_file": 1000})

    outcome = await run_call("read_file", '{"path": "a"}', context)

    assert (outcome.content, outcome.spilled_to) == (content, "/its/own")


async def test_a_zero_byte_reaches_no_model(place, monkeypatch):
    monkeypatch.setitem(catalog.TOOLS, "read_file", _Spiller("a\0b"))

    outcome = await run_call("read_file", '{"path": "a"}', place.context())

    assert outcome.content == "a\ufffdb"


async def test_cancellation_passes(place, monkeypatch):
    monkeypatch.setitem(catalog.TOOLS, "read_file", _Endless(None))
    outcomes = []

    async def call():
        outcomes.append(await run_call("read_file", '{"path": "a"}', place.context()))

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(call)
            await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()

    assert outcomes == []


class _Talker(_Broken):
    async def run(self, arguments, context):
        return ToolOutcome(status="ok", summary="one\ntwo" * 1000, content=self.error)


async def test_a_summary_is_one_line_of_bounded_length(place, monkeypatch):
    monkeypatch.setitem(catalog.TOOLS, "read_file", _Talker("\udc80"))

    outcome = await run_call("read_file", '{"path": "a"}', place.context())

    assert "\n" not in outcome.summary
    assert len(outcome.summary) < 1100
    outcome.content.encode()


async def test_a_long_output_is_cut_and_can_be_read_whole(place, monkeypatch):
    whole = "".join(f"line {number}\n" for number in range(2000))
    place.write("long", whole)
    context = place.context(limits={"grep": 2000})

    cut = await run_call(
        "grep", '{"pattern": "line", "mode": "lines", "limit": 5000}', context
    )
    again = await run_call("read_file", json.dumps({"path": cut.spilled_to}), context)

    assert len(cut.content.encode()) <= 2000
    assert cut.content.startswith("long:1:line 0\n")
    assert cut.content.endswith("long:2000:line 1999")
    assert again.status == "ok"
    assert again.content.startswith("1\tlong:1:line 0\n")


async def test_a_path_of_odd_bytes_is_told_in_valid_text(place):
    path = place.work / "odd"
    path.mkdir()
    (path / b"\xff.txt".decode("utf-8", "surrogateescape")).write_text(
        "x", encoding="utf-8"
    )

    outcome = await run_call("glob", '{"pattern": "**"}', place.context())

    assert "udcff" in outcome.content
    outcome.content.encode()


async def test_hidden_files_are_met_by_no_tool(place):
    place.write("secrets/key", "needle")
    place.write("open", "needle")
    context = place.context(Rule(str(place.work / "secrets"), "hidden"))

    found = await run_call("grep", '{"pattern": "needle"}', context)
    listed = await run_call("glob", '{"pattern": "**"}', context)

    assert found.content == "open"
    assert listed.content == "open"
