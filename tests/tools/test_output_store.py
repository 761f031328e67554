import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podd.tools.output_store import OutputStore


def test_what_fits_is_left_alone(tmp_path):
    fitted = OutputStore(str(tmp_path), {"grep": 10}).fit("grep", "c", "0123456789")

    assert (fitted.text, fitted.spilled_to) == ("0123456789", None)
    assert list(tmp_path.iterdir()) == []


def test_what_does_not_fit_keeps_head_and_tail_and_lies_whole_in_a_file(tmp_path):
    whole = "".join(f"line {number}\n" for number in range(1000))

    fitted = OutputStore(str(tmp_path / "o"), {"grep": 1000}).fit("grep", "c7", whole)

    assert len(fitted.text.encode()) <= 1000
    assert fitted.text.startswith("line 0\nline 1\n")
    assert fitted.text.endswith("line 998\nline 999\n")
    assert fitted.spilled_to == str(tmp_path / "o" / "c7.txt")
    assert fitted.spilled_to in fitted.text
    spilled = tmp_path / "o" / "c7.txt"
    assert spilled.read_text(encoding="utf-8") == whole
    assert stat.S_IMODE(spilled.stat().st_mode) == 0o600
    assert stat.S_IMODE(spilled.parent.stat().st_mode) == 0o700


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=st.text(min_size=300), limit=st.integers(250, 700))
def test_no_character_is_cut_and_what_is_kept_is_head_and_tail(tmp_path, text, limit):
    fitted = OutputStore(str(tmp_path), {"t": limit}).fit("t", "c", text)

    if fitted.spilled_to is None:
        assert len(text.encode()) <= limit
        return
    whole = text.encode()
    text = text.replace("\0", "\ufffd")
    assert (tmp_path / "c.txt").read_bytes() == whole
    marker = (
        f"line ends left out here; all {len(whole)} bytes are in {tmp_path}/c.txt)\n"
    )
    head, _, tail = fitted.text.rpartition(marker)
    head, _, left_out = head.rpartition("\n(")
    assert text.startswith(head)
    assert text.endswith(tail)
    size = int(left_out.split()[0])
    kept = [part.encode() for part in (head, tail)]
    # A zero is shown as a character of three bytes.
    shown = len(text.encode()) - len(whole)
    assert sum(map(len, kept)) + size in range(len(whole), len(whole) + shown + 1)


def test_an_output_that_cannot_be_kept_is_said_to_be_lost(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")

    fitted = OutputStore(str(tmp_path / "file"), {"t": 300}).fit("t", "c", "x" * 1000)

    assert fitted.spilled_to is None
    assert "could not be kept" in fitted.text


def test_a_link_in_the_place_of_a_spilled_file_is_not_followed(tmp_path):
    (tmp_path / "precious").write_text("precious", encoding="utf-8")
    outputs = tmp_path / "outputs"
    outputs.mkdir()
    (outputs / "c.txt").symlink_to(tmp_path / "precious")

    fitted = OutputStore(str(outputs), {"t": 300}).fit("t", "c", "x" * 1000)

    assert fitted.spilled_to is None
    assert (tmp_path / "precious").read_text(encoding="utf-8") == "precious"


@pytest.mark.parametrize("call", ["../../escape", "/etc/escape"])
def test_a_call_id_names_no_other_directory(tmp_path, call):
    outputs = tmp_path / "a" / "b"

    fitted = OutputStore(str(outputs), {"t": 300}).fit("t", call, "x" * 1000)

    assert Path(fitted.spilled_to).parent == outputs
    assert Path(fitted.spilled_to).exists()
