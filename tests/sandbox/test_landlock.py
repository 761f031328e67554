from __future__ import annotations

import os
import socket

import pytest

from podd.sandbox import landlock
from tests.sandbox.confined import SYSTEM, needs_landlock, process, run

pytestmark = pytest.mark.processes


@pytest.fixture
def tree(tmp_path):
    """A scope with something in it, and something beside it."""
    for directory in ("scope/sub/deep", "scope/other", "beside"):
        (tmp_path / directory).mkdir(parents=True)
    for file in (
        "scope/file",
        "scope/sub/deep/file",
        "scope/other/file",
        "beside/file",
    ):
        (tmp_path / file).write_text("as it was", encoding="utf-8")
    return tmp_path


def _rules(tree, **more):
    scope = str(tree / "scope")
    return {"write": [scope, os.devnull], "execute": [*SYSTEM, scope], **more}


def test_without_landlock_there_is_no_version_and_nothing_is_restricted(tree):
    said = run(
        "found = [landlock.abi(), fault(landlock.restrict, write=[], read=[],"
        " execute=[], scoped=True), fault(tried, given['path'])]",
        lacks=("landlock",),
        path=str(tree / "beside/file"),
    )

    assert said == [0, "ENOTSUP", ""]


@needs_landlock
@pytest.mark.parametrize(
    "attempt",
    [
        "fault(tried, beside + '/file')",
        "fault(tried, beside + '/new')",
        "fault(open, beside + '/file')",
        "fault(os.listdir, beside)",
        "fault(os.truncate, beside + '/file', 0)",
        "fault(os.unlink, beside + '/file')",
        "fault(os.mkdir, beside + '/new')",
        "fault(os.symlink, 'x', beside + '/new')",
        "fault(os.mkfifo, beside + '/new')",
        "fault(os.rename, scope + '/file', beside + '/new')",
        "fault(os.rename, beside + '/file', scope + '/new')",
        "fault(os.link, beside + '/file', scope + '/new')",
        "fault(os.rename, scope, scope + '2')",
        "fault(tried, scope + '/../beside/file')",
        "fault(tried, scope + '/link/file')",
    ],
)
def test_what_is_not_granted_is_refused(tree, attempt):
    (tree / "scope/link").symlink_to(tree / "beside")
    body = f"scope, beside = given['scope'], given['beside']\nfound = {attempt}"
    paths = {"scope": str(tree / "scope"), "beside": str(tree / "beside")}

    assert run(body, rules=_rules(tree), **paths) in {"EACCES", "EXDEV"}

    assert (tree / "beside/file").read_text(encoding="utf-8") == "as it was"
    assert [path.name for path in (tree / "beside").iterdir()] == ["file"]
    assert run(body, **paths) == "", "and without Landlock it works"


@needs_landlock
def test_what_is_granted_works(tree):
    found = run(
        """
os.chdir(given['scope'])
tried('file'); tried('sub/new'); os.mkdir('made'); os.rename('sub/deep', 'made/deep')
os.link('file', 'made/link'); os.symlink('file', 'sym'); os.unlink('other/file')
os.mkfifo('fifo'); os.truncate('sym', 2)
with open('run.sh', 'w') as file:
    file.write('#!/bin/sh\\necho ran $1 > /dev/null && echo ran')
os.chmod('run.sh', 0o755)
found = [sh('./run.sh'), sorted(os.listdir('.')), open('file').read()]
""",
        rules=_rules(tree),
        scope=str(tree / "scope"),
    )

    names = ["fifo", "file", "made", "other", "run.sh", "sub", "sym"]
    assert found == [[0, "ran\n"], names, "ch"]


@needs_landlock
def test_it_holds_for_what_is_started_and_nothing_new_is_gained(tree):
    found = run(
        "found = [sh('echo x > ' + given['file'])[0], sh('setsid sh -c \"echo x >"
        " ' + given['file'] + '\"')[0], open('/proc/self/status').read()]",
        rules=_rules(tree, read=["/proc"]),
        file=str(tree / "beside/file"),
    )

    assert found[0] != 0
    assert found[1] != 0
    assert "NoNewPrivs:\t1" in found[2]


@needs_landlock
def test_reading_is_not_running_and_neither_is_writing(tree):
    program = tree / "beside/run"
    program.write_text("#!/bin/sh\necho ran", encoding="utf-8")
    program.chmod(0o755)
    body = """
found = [fault(subprocess.run, [given['run']]), fault(tried, given['run']),
    fault(open, given['run'])]
"""
    facts = {"run": str(program)}
    beside = str(tree / "beside")

    assert run(body, rules={"read": [beside]}, **facts) == ["EACCES", "EACCES", ""]
    assert run(body, rules={"write": [beside]}, **facts) == ["EACCES", "", ""]
    only = {"execute": [*SYSTEM, beside]}
    program.write_text("#!/bin/sh\n:", encoding="utf-8")
    assert run(body, rules=only, **facts) == ["", "EACCES", ""]


@needs_landlock
def test_a_single_file_is_granted_alone(tree):
    found = run(
        "os.chdir(given['scope'])\nfound = [fault(tried, 'file'), fault(tried,"
        " 'new'), fault(os.unlink, 'file'), fault(os.listdir, '.')]",
        rules={"write": [str(tree / "scope/file")]},
        scope=str(tree / "scope"),
    )

    assert found == ["", "EACCES", "EACCES", "EACCES"]


@needs_landlock
@pytest.mark.parametrize("grant", ["write", "read", "execute"])
def test_a_missing_path_is_named_and_nothing_is_given_up(tree, grant):
    missing = str(tree / "missing")
    found = run(
        """
rules = dict(write=[], read=[], execute=[], scoped=True)
rules[given['grant']] = [given['missing']]
try:
    landlock.restrict(**rules)
except FileNotFoundError as error:
    named = error.filename
found = [named, fault(tried, given['file'])]
""",
        grant=grant,
        missing=missing,
        file=str(tree / "beside/file"),
    )

    assert found == [missing, ""]


@needs_landlock
@pytest.mark.parametrize(
    "attempt",
    [
        "fault(tried, 'sub/deep/file')",
        "fault(tried, 'sub/deep/new')",
        "fault(os.unlink, 'sub/deep/file')",
        "fault(os.rename, 'sub/deep', 'sub/elsewhere')",
        "fault(os.rename, 'sub', 'elsewhere')",
        "fault(os.rename, 'sub/deep/file', 'other/taken')",
        "fault(os.link, 'sub/deep/file', 'other/second')",
        "fault(tried, 'sub/new')",
        "fault(tried, 'new')",
        "fault(os.mkdir, 'sub/absent')",
        "fault(tried, 'through/file')",
    ],
)
@pytest.mark.parametrize("kind", ["read_only", "hidden"])
def test_a_hole_is_not_written(tree, kind, attempt):
    (tree / "scope/through").symlink_to("sub/deep")
    scope = str(tree / "scope")

    rules = _rules(tree, **{kind: [f"{scope}/sub/deep", f"{scope}/sub/absent"]})
    body = f"os.chdir(given['scope'])\nfound = {attempt}"

    assert run(body, rules=rules, scope=scope) in {"EACCES", "EXDEV"}
    assert (tree / "scope/sub/deep/file").read_text(encoding="utf-8") == "as it was"
    assert run(body, rules=_rules(tree), scope=scope) == "", "and in the scope it works"


@needs_landlock
def test_beside_a_hole_all_that_was_there_is_writable(tree):
    scope = str(tree / "scope")
    found = run(
        "os.chdir(given['scope'])\nfound = [fault(tried, 'file'), fault(tried,"
        " 'other/new'), open('sub/deep/file').read(), sorted(os.listdir('.'))]",
        rules=_rules(tree, read_only=[f"{scope}/sub/deep"]),
        scope=scope,
    )

    assert found == ["", "", "as it was", ["file", "other", "sub"]]


@needs_landlock
def test_a_hidden_hole_is_not_read_nor_listed_nor_run(tree):
    scope = str(tree / "scope")
    found = run(
        "os.chdir(given['scope'])\nfound = [fault(open, 'sub/deep/file'),"
        " fault(os.listdir, 'sub/deep'), fault(os.listdir, 'sub'), fault(open,"
        " 'other/file')]",
        rules=_rules(tree, read=[scope], hidden=[f"{scope}/sub/deep"]),
        scope=scope,
    )

    assert found == ["EACCES", "EACCES", "EACCES", ""]


@needs_landlock
def test_a_link_beside_a_hole_opens_nothing(tree):
    (tree / "scope/out").symlink_to(tree / "beside")
    (tree / "scope/in").symlink_to("sub/deep/file")
    scope = str(tree / "scope")
    found = run(
        "os.chdir(given['scope'])\n"
        "found = [fault(tried, 'out/file'), fault(tried, 'in')]",
        rules=_rules(tree, read_only=[f"{scope}/sub/deep"]),
        scope=scope,
    )

    assert found == ["EACCES", "EACCES"]


@needs_landlock
def test_what_is_granted_inside_a_hole_is_granted(tree):
    (tree / "scope/sub/deep/given").mkdir()
    scope = str(tree / "scope")
    found = run(
        "os.chdir(given['scope'] + '/sub/deep')\n"
        "found = [fault(tried, 'given/new'), fault(tried, 'new')]",
        rules={
            "write": [scope, f"{scope}/sub/deep/given"],
            "read_only": [f"{scope}/sub/deep"],
        },
        scope=scope,
    )

    assert found == ["", "EACCES"]


@needs_landlock
def test_a_hole_that_is_the_root_itself_takes_all_of_it(tree):
    scope = str(tree / "scope")
    found = run(
        "found = [fault(tried, given['scope'] + '/file'), fault(open,"
        " given['scope'] + '/file')]",
        rules={"write": [scope], "read_only": [scope]},
        scope=scope,
    )

    assert found == ["EACCES", ""]


@needs_landlock
def test_a_hole_below_a_file_takes_nothing_from_the_file(tree):
    scope = str(tree / "scope")
    found = run(
        "os.chdir(given['scope'])\nfound = [fault(tried, 'file'), fault(os.unlink,"
        " 'file'), fault(tried, 'other/new')]",
        rules={"write": [scope], "read_only": [f"{scope}/file/below"]},
        scope=scope,
    )

    assert found == ["", "EACCES", ""]


@needs_landlock
def test_names_that_begin_alike_are_not_the_same(tree):
    for name in ("deeper", "de"):
        (tree / "scope/sub" / name).mkdir()
    scope = str(tree / "scope")
    found = run(
        "os.chdir(given['scope'] + '/sub')\n"
        "found = [fault(tried, 'deeper/new'), fault(tried, 'de/new')]",
        rules=_rules(tree, read_only=[f"{scope}/sub/deep"]),
        scope=scope,
    )

    assert found == ["", ""]


@needs_landlock
def test_the_whole_tree_can_have_a_hole(tree):
    beside = str(tree / "beside")
    found = run(
        "found = [fault(tried, given['scope'] + '/file'), fault(tried,"
        " given['beside'] + '/file'), fault(open, given['beside'] + '/file')]",
        rules={"write": ["/"], "execute": ["/"], "read_only": [beside]},
        scope=str(tree / "scope"),
        beside=beside,
    )

    assert found == ["", "EACCES", ""]


@needs_landlock
def test_device_files_are_made_by_nobody(tree):
    if os.geteuid() != 0:
        pytest.skip("only root could make one")
    body = """
os.chdir(given['scope'])
found = fault(os.mknod, 'null', 0o666 | stat.S_IFCHR, os.makedev(1, 3))
"""
    scope = str(tree / "scope")

    assert run(body, rules=_rules(tree), scope=scope) == "EACCES"
    assert run(body, scope=scope) == "", "and without Landlock it works"


@needs_landlock
@pytest.mark.skipif(
    landlock.abi() < landlock.SCOPED_SINCE, reason="this Landlock scopes nothing"
)
def test_neither_signals_nor_abstract_sockets_leave_unless_they_may():
    name = f"\0podd-test-{os.getpid()}"
    body = """
def connect():
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(given['name'])
child = subprocess.Popen(['/bin/sh', '-c', 'read x'], stdin=subprocess.PIPE)
found = [fault(connect), fault(os.kill, given['pid'], 0), fault(child.kill)]
"""
    facts = {"name": name, "pid": os.getpid()}
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(name)
        server.listen()
        scoped = run(body, rules={"write": [os.devnull]}, **facts)
        free = run(body, rules={"write": [os.devnull], "scoped": False}, **facts)

    assert scoped == ["EPERM", "EPERM", ""]
    assert free == ["", "", ""]


@needs_landlock
def test_the_environment_of_others_cannot_be_read_where_proc_can():
    body = """
from podd.sandbox import kernel
if os.geteuid() == 0:
    kernel.drop_capabilities()
landlock.restrict(write=[], read=['/proc'], execute=[], scoped=True)
found = [fault(open, f"/proc/{given['pid']}/environ"), fault(open, '/proc/meminfo'),
    fault(open, '/proc/self/environ')]
"""

    assert run(body, pid=os.getpid()) == ["EACCES", "", ""]


def test_each_version_handles_what_it_knows():
    handled = [landlock._handled(version) for version in range(1, 9)]

    assert handled[0] == (1 << 13) - 1
    assert handled[1] == (1 << 14) - 1
    assert handled[2] == handled[3] == (1 << 15) - 1
    assert handled[4:] == [(1 << 16) - 1] * 4


@needs_landlock
def test_too_many_layers_are_an_error_of_the_kernel(tree):
    done = process(
        """
rules = dict(write=['/'], read=[], execute=['/'], scoped=False)
found = [fault(landlock.restrict, **rules) for _ in range(17)]
"""
    )

    assert done.returncode == 0, done.stderr
    assert '"E2BIG"' in done.stdout
