from __future__ import annotations

import pytest

from tests.cli.command_line import podctl

GOOD = """\
[pod]
name = "reviewer"

[model]
ref = "openai_chat/some-model"
base_url = "http://127.0.0.1:9/v1"

[scope]
write = ["notes"]
"""


@pytest.fixture
def manifest(tmp_path, universe):
    def write(text: str) -> str:
        (tmp_path / "m.toml").write_text(text, encoding="utf-8")
        return str(tmp_path / "m.toml")

    return write


def test_a_good_manifest_is_ok(capsys, manifest):
    file = manifest(GOOD)

    assert podctl(capsys, "manifest", "check", file).code == 0
    said = podctl(capsys, "manifest", "check", file, "--json")
    assert said.document == {
        "schema_version": 1,
        "file": file,
        "errors": [],
        "warnings": [],
    }


def test_all_that_is_wrong_is_listed_with_line_and_key(capsys, manifest):
    file = manifest(GOOD.replace("name =", "nme =") + 'mode = "lax"\n')

    said = podctl(capsys, "--json", "manifest", "check", file)

    assert said.code == 2
    places = [(e["data"]["line"], e["data"]["key"]) for e in said.document["errors"]]
    assert places == [(2, "pod.nme"), (10, "scope.mode")]
    assert said.document["error"] == said.document["errors"][0]
    assert said.document["error"]["code"] == "bad_manifest"


def test_people_read_one_error_a_line_in_the_form_of_a_compiler(capsys, manifest):
    file = manifest(GOOD.replace("name =", "nme ="))

    said = podctl(capsys, "manifest", "check", file)

    assert said.code == 2
    assert said.out.startswith(f"{file}:2: pod.nme: ")


def test_set_counts_as_it_would_for_spawn(capsys, manifest):
    file = manifest(GOOD)

    said = podctl(capsys, "manifest", "check", file, "--set", "agent.max_stps=2")

    assert said.code == 2


def test_a_missing_manifest_is_no_such_file(capsys, tmp_path, universe):
    for verb in ("check", "show"):
        said = podctl(capsys, "manifest", verb, str(tmp_path / "no.toml"), "--json")

        assert (said.code, said.document["error"]["code"]) == (3, "no_such_file")


def test_show_tells_the_origin_of_each_value(capsys, manifest):
    file = manifest(GOOD)

    said = podctl(capsys, "manifest", "show", file, "--set", "agent.max_steps=7")

    lines = {line.split(" = ")[0]: line for line in said.out.splitlines()}
    assert lines["pod.name"].endswith(f"# file {file}:2")
    assert lines["agent.max_steps"].startswith("agent.max_steps = 7 ")
    assert lines["agent.max_steps"].endswith("# --set")
    assert lines["agent.driver"].endswith("# built-in")


def test_show_as_a_document_has_values_scope_and_origins(capsys, manifest, tmp_path):
    file = manifest(GOOD)

    document = podctl(capsys, "manifest", "show", file, "--json").document

    assert document["manifest"]["pod"]["name"] == "reviewer"
    assert document["origins"]["pod.name"] == {
        "layer": "file",
        "path": file,
        "line": 2,
    }
    assert {"path": str(tmp_path / "notes"), "access": "write", "recursive": True} in (
        document["scope"]["rules"]
    )


def test_trust_is_given_and_taken_back(capsys, tmp_path, universe):
    from podd.manifest.trust import trusted

    directory = tmp_path / "site"
    directory.mkdir()

    said = podctl(capsys, "manifest", "trust", str(directory), "--json")
    assert said.document == {
        "schema_version": 1,
        "directory": str(directory),
        "trusted": True,
    }
    assert trusted(universe) == (str(directory),)

    directory.rmdir()
    assert podctl(capsys, "manifest", "trust", str(directory), "--remove").code == 0
    assert trusted(universe) == ()


def test_a_directory_that_is_not_there_is_not_trusted(capsys, tmp_path, universe):
    said = podctl(capsys, "manifest", "trust", str(tmp_path / "no"), "--json")

    assert (said.code, said.document["error"]["code"]) == (3, "no_such_file")
