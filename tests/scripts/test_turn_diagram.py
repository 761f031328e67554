"""The drawings of the turn machine: made from the machine, and known when stale."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from podd.core.turn import inputs as i
from podd.core.turn.states import MachineState as S
from podd.core.turn.transitions import TRANSITIONS

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def module() -> ModuleType:
    """The script: it draws once, and that takes seconds."""
    path = ROOT / "scripts" / "turn_diagram.py"
    spec = importlib.util.spec_from_file_location("turn_diagram", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def script(
    module: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ModuleType:
    """The same, with a document of its own to draw into."""
    copied = tmp_path / "turn-machine.md"
    copied.write_bytes(module.DOCUMENT.read_bytes())
    monkeypatch.setattr(module, "DOCUMENT", copied)
    return module


def test_the_document_shows_the_machine_as_it_is(script: ModuleType) -> None:
    script.main(["--check"])


def test_every_state_is_drawn(script: ModuleType) -> None:
    drawn = script.drawn()

    assert all(f"`{state.value}`" in drawn for state in S)


def test_a_stale_document_is_refused_and_drawn_again(script: ModuleType) -> None:
    text = script.DOCUMENT.read_text(encoding="utf-8")
    stale = text.replace("waking --> ready: Proceeded", "waking --> closed: Proceeded")
    assert stale != text
    script.DOCUMENT.write_text(stale, encoding="utf-8")

    with pytest.raises(SystemExit):
        script.main(["--check"])
    script.main([])

    assert script.DOCUMENT.read_text(encoding="utf-8") == text


def test_what_people_wrote_around_the_drawing_stays(script: ModuleType) -> None:
    text = script.DOCUMENT.read_text(encoding="utf-8")
    script.DOCUMENT.write_text(f"New.\n{text}More.\n", encoding="utf-8")

    script.main([])

    assert script.DOCUMENT.read_text(encoding="utf-8") == f"New.\n{text}More.\n"


def test_a_document_without_its_marks_is_left_alone(script: ModuleType) -> None:
    script.DOCUMENT.write_text("No marks.\n", encoding="utf-8")

    with pytest.raises(SystemExit):
        script.main([])

    assert script.DOCUMENT.read_text(encoding="utf-8") == "No marks.\n"


def test_a_fact_that_no_way_leads_to_is_an_error(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {**TRANSITIONS[S.CLOSED], i.ToolFinished: "take"}
    monkeypatch.setattr(script, "TRANSITIONS", {**TRANSITIONS, S.CLOSED: row})

    with pytest.raises(SystemExit):
        script.explore()


def test_other_words_are_refused(script: ModuleType) -> None:
    with pytest.raises(SystemExit):
        script.main(["--draw"])
