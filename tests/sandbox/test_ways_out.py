"""What is left of processes, privileges, sockets, the network and the environment."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from podd.sandbox import landlock

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root could do it")

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("namespaces")]


async def test_other_processes_are_not_there(box):
    output = await box.says("ls /proc | grep -c '^[0-9]'; ps ax -o pid=")

    assert int(output.split()[0]) <= 4
    assert str(os.getpid()) not in output.split()[1:]
    await box.fails(f"kill -0 {os.getpid()}")


@pytest.mark.parametrize("name", ["ipc", "mnt", "pid", "user"])
async def test_its_namespaces_are_its_own(box, name):
    ours = Path(f"/proc/self/ns/{name}").readlink()

    assert await box.says(f"readlink /proc/self/ns/{name}") != f"{ours}\n"


async def test_its_keeper_tells_nothing_and_hears_nothing(box):
    await box.fails("cat /proc/1/environ")
    await box.fails("ls -l /proc/1/fd/")
    await box.fails("ls /proc/1/root/")
    output = await box.says("kill -9 1; kill -INT 1; kill -TERM 1; echo still")

    assert output.endswith("still\n")


async def test_no_capability_is_left_and_none_comes_back(box):
    output = await box.says("grep -E '^Cap|NoNewPrivs' /proc/self/status")

    assert set(output.split()[1::2]) == {"0" * 16, "1"}


async def test_no_user_namespace_can_be_made(box):
    await box.fails("unshare -U true")


@AS_ROOT
@pytest.mark.parametrize(
    "path", ["/etc/shadow", "/proc/kcore", "/proc/slabinfo", "/proc/timer_list"]
)
async def test_root_reads_of_the_system_what_everybody_may(box, path):
    if not Path(path).exists():
        pytest.skip(f"no {path} here")

    await box.fails(f"head -c 1 {path}")


async def test_sockets_of_podd_are_hidden_where_the_scope_covers_them(box):
    runtime = box.scope / "runtime"
    runtime.mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        os.chdir(runtime)
        server.bind("sock")
        server.listen()
        os.chdir("/")
        connect = (
            "/usr/bin/python3 -c \"import os, socket; os.chdir('runtime');"
            " socket.socket(socket.AF_UNIX).connect('sock')\""
        )
        if not Path("/usr/bin/python3").exists():
            pytest.skip("no python3 of the system")
        await box.says(connect)
        await box.aclose()
        box.set(hidden=(str(runtime),))
        box._sandbox = None

        await box.fails(connect)


async def test_abstract_sockets_are_out_of_reach(box):

    if landlock.abi() < landlock.SCOPED_SINCE:
        pytest.skip("this kernel does not close them")
    name = f"podd-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0{name}")
        server.listen()

        output = await box.fails(
            '/usr/bin/python3 -c "import socket;'
            f" socket.socket(socket.AF_UNIX).connect('\\0{name}')\""
        )

    assert "Permission" in output or "not permitted" in output


async def test_without_a_network_there_is_only_oneself(box):
    box.set(network="deny")

    output = await box.says(
        "/usr/bin/python3 - <<'E'\n"
        "import socket\n"
        "server = socket.create_server(('127.0.0.1', 0))\n"
        "socket.create_connection(server.getsockname()).close()\n"
        "try:\n"
        "    socket.create_connection(('192.0.2.1', 80), 1)\n"
        "except OSError as error:\n"
        "    print(error.strerror)\n"
        "E"
    )

    assert output == "Network is unreachable\n"


async def test_with_a_network_the_machine_can_be_reached(box):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        await box.says(f": < /dev/tcp/127.0.0.1/{port}")


async def test_a_key_of_the_pod_is_not_in_the_environment(box):
    box.environment |= {
        "OPENAI_API_KEY": "k1",
        "NAMED": "n",
        "LC_ALL": "C",
        "BASH_ENV": "x",
    }
    box.set(environment=("NAMED", "MISSING"))

    output = await box.says("env")

    assert "k1" not in output
    assert "NAMED=n" in output.splitlines()
    assert "LC_ALL=C" in output.splitlines()
    assert "BASH_ENV" not in output


async def test_a_pseudo_terminal_can_be_had(box):
    output = await box.says(
        "/usr/bin/python3 -c \"import pty; pty.openpty(); print('ok')\""
    )

    assert output == "ok\n"


async def test_a_set_uid_program_gives_nothing(box):
    await box.says(
        "cp /bin/sh sh && chmod 4755 sh && ./sh -c 'test $(id -u) = $(id -ru)'"
    )

    output = await box.says('mount | grep " on $PWD type"')

    assert "nosuid" in output
    assert "nodev" in output
