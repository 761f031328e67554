from __future__ import annotations

import subprocess
import sys


def test_a_restored_pod_reads_its_manifest_without_what_loads_one() -> None:
    code = (
        "import sys; before = set(sys.modules); import podd.manifest.document\n"
        "print([name for name in set(sys.modules) - before if name in"
        " {'tomllib', 'difflib', 'filelock', 'jinja2', 'pathlib', 'urllib.parse',"
        " 'podd.manifest.loading', 'podd.manifest.shape'}])"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    assert done.stdout.strip() == "[]"


def test_who_has_no_schema_does_not_import_what_checks_one(tmp_path) -> None:
    (tmp_path / "with.toml").write_text(
        '[model]\nref = "openai_chat/m"\n[agent]\noutput_schema = "s.json"\n',
        encoding="utf-8",
    )
    (tmp_path / "s.json").write_text("{}", encoding="utf-8")
    (tmp_path / "without.toml").write_text(
        '[model]\nref = "openai_chat/m"\n', encoding="utf-8"
    )
    code = (
        "import sys; from pathlib import Path\n"
        "from podd.manifest.child import ChildAsked, child_manifest\n"
        "from podd.manifest.loading import LoadRequest, load\n"
        "from podd.paths import Places\n"
        "import podd.runtime.assembly\n"
        "here = Path(sys.argv[1])\n"
        "places = Places(runtime=here, state=here, configuration=here)\n"
        "for name in ('without.toml', 'with.toml'):\n"
        "    pod = load(LoadRequest(file=here / name, overrides=(),"
        " caller_directory=here, environment={'HOME': '/'}, places=places))\n"
        "    asked = ChildAsked(name='x')\n"
        "    child_manifest(pod, asked, pod='p', environment={'HOME': '/'},"
        " places=places)\n"
        "    print('jsonschema' in sys.modules, 'referencing' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    assert done.stdout.split() == ["False", "False", "True", "True"]
