"""Promise 12: a key that podd loaded is in no result, no journal and no blob."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from podd.core.pod.state import PodState
from podd.core.scope.rules import Rule, Scope
from podd.core.turn.effects import RunTool
from podd.manifest.loading import load
from podd.manifest.request import LoadRequest
from podd.paths import Places
from podd.runtime.abilities import Abilities
from podd.runtime.clock import SystemClock
from podd.runtime.effective_scope import EffectiveScope
from podd.runtime.redaction import REDACTED, Redaction

KEY = "sk-test-0123456789abcdef"


def _abilities(tmp_path: Path, blobs: list[bytes]) -> Abilities:
    places = Places(tmp_path / "run", tmp_path / "state", tmp_path / "config")
    work = tmp_path / "work"
    work.mkdir()
    manifest = work / "pod.toml"
    manifest.write_text(
        '[pod]\nname = "p"\n[model]\nref = "openai_chat/m"\n'
        '[scope]\nread = ["."]\nwrite = ["."]\n',
        encoding="utf-8",
    )
    resolved = load(LoadRequest(manifest, [], work, {}, places))

    def put(content: bytes) -> str:
        blobs.append(content)
        return "digest"

    return Abilities(
        resolved=resolved,
        places=places,
        clock=SystemClock(),
        scope=EffectiveScope(
            Scope(rules=(Rule(str(work), "read"), Rule(str(work), "write"))),
            PodState(),
        ),
        outputs=tmp_path / "outputs",
        verify_lease=lambda: None,
        put_blob=put,
        environment={"OPENAI_API_KEY": KEY},
    )


def _call(name: str, arguments: str) -> RunTool:
    return RunTool(
        turn="t1",
        step=1,
        call="t1.1.1",
        name=name,
        arguments=arguments,
        repeatable=True,
    )


async def test_a_key_in_a_file_reaches_neither_the_result_nor_the_spilled_output(
    tmp_path: Path,
) -> None:
    abilities = _abilities(tmp_path, [])
    env = tmp_path / "work" / ".env"
    env.write_text(f"KEY={KEY}\n" + f"filler {KEY}\n" * 2000, encoding="utf-8")
    tools = await abilities.tools()

    done = await tools.run(_call("read_file", '{"path":".env"}'), lambda _: None)

    assert done.status == "ok"
    assert REDACTED in done.output
    assert KEY not in done.output
    assert done.spilled_to is not None
    assert KEY not in Path(done.spilled_to).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        # The window that grep shows of a long line begins within the key, or ends so.
        ({"pattern": f"(?<={KEY[20:]}y{{80}})y", "mode": "lines"}, KEY[8:]),
        ({"pattern": "(?<=^x{306})x", "mode": "lines"}, KEY[:16]),
    ],
)
async def test_a_long_piece_of_a_key_at_a_cut_is_not_shown(
    tmp_path: Path, arguments: dict[str, str], shown: str
) -> None:
    abilities = _abilities(tmp_path, [])
    line = "x" * 590 + KEY + "y" * 590 + "\n"
    (tmp_path / "work" / "line").write_text(line, encoding="utf-8")
    tools = await abilities.tools()
    call = json.dumps({**arguments, "path": "line"})

    done = await tools.run(_call("grep", call), lambda _: None)

    assert (done.status, REDACTED in done.output) == ("ok", True)
    assert shown not in done.output
    assert not any(KEY[at : at + 16] in done.output for at in range(len(KEY) - 15))


def test_a_short_piece_of_a_key_is_text_like_any_other() -> None:
    text = f"{KEY[:15]} and {KEY[-15:]} and {KEY[:15]}"
    assert Redaction([KEY]).text(text) == text


def test_pieces_of_a_key_side_by_side_are_all_replaced() -> None:
    text = f"a{KEY[3:]}{KEY[:-2]}b{KEY}{KEY[4:20]}!"
    assert Redaction([KEY]).text(text) == f"a{REDACTED * 2}b{REDACTED * 2}!"


async def test_a_key_in_what_a_write_replaced_is_not_kept(tmp_path: Path) -> None:
    blobs: list[bytes] = []
    abilities = _abilities(tmp_path, blobs)
    env = tmp_path / "work" / ".env"
    env.write_text(f"KEY={KEY}\n", encoding="utf-8")
    tools = await abilities.tools()
    await tools.run(_call("read_file", '{"path":".env"}'), lambda _: None)

    done = await tools.run(
        _call("write_file", '{"path":".env","content":"none"}'), lambda _: None
    )

    assert done.status == "ok"
    assert blobs == [f"KEY={REDACTED}\n".encode()]


def test_a_value_too_short_for_a_key_garbles_nothing() -> None:
    assert Redaction(["abc"]).text("abcdef") == "abcdef"
