"""Sockets: who listens there does outside what a command may not do itself."""

from __future__ import annotations

import socket

from podd.sandbox import landlock
from podd.sandbox.settings import SandboxSettings
from tests.sandbox.escape_attempt import (
    CAPABILITIES,
    CLOSED,
    EVERYTHING,
    LANDLOCK,
    MASKS,
    NETWORK,
    SCOPE,
    Attempt,
    Defence,
    as_root,
    program,
    reached,
    told,
)
from tests.sandbox.escape_world import World

_CONNECT = """
with socket.socket(socket.AF_UNIX) as client:
    client.connect(where)
"""
_SEND = """
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
    client.sendto(b'x', where)
"""


def _at(name: str, kind: int = socket.SOCK_STREAM):
    def prepare(world: World) -> None:
        path = world.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        world.listen(str(path), kind=kind)
        world.facts["where"] = str(path)

    return prepare


def _by_link(world: World) -> None:
    """As podd makes one to a runtime directory with a long path."""
    _at("scope/runtime/pod.sock")(world)
    (world.scope / "short").symlink_to(world.scope / "runtime")
    world.facts["where"] = str(world.scope / "short/pod.sock")


def _other_pod(world: World) -> None:
    """The runtime directory lies in the scope, and it is not this pod's own socket."""
    _at("scope/runtime/other/other.sock")(world)


def _abstract(world: World) -> None:
    world.facts["where"] = f"\0escape-{world.token}"
    world.listen(f"\0escape-{world.token}")


def _loopback(family: int, kind: int = socket.SOCK_STREAM):
    return lambda world: world.listen("", family, kind)


def _victim_and_loopback(world: World) -> None:
    world.start_victim()
    world.listen("", socket.AF_INET)


def _no_machine_sockets() -> str:
    if not hasattr(socket, "AF_VSOCK"):
        return "no sockets between machines"
    try:
        with (
            socket.socket(socket.AF_VSOCK) as server,
            socket.socket(socket.AF_VSOCK) as client,
        ):
            server.bind((1, 0xFFFF_FFFF))
            server.listen()
            client.settimeout(1)
            client.connect((1, server.getsockname()[1]))
    except OSError as error:
        return f"no sockets between machines: {error}"
    return ""


def _runtime_hidden(world: World) -> dict[str, object]:
    return {"hidden": (str(world.scope / "runtime"),)}


def _denied(world: World) -> dict[str, object]:
    return {"network": "deny"}


def _scoped() -> str:
    works = landlock.abi() >= landlock.SCOPED_SINCE
    return "" if works else "this Landlock scopes nothing"


_CONFIGURED = Defence(
    name="the network is denied",
    settings=lambda settings: SandboxSettings(),
)

ATTEMPTS = (
    *(
        Attempt(
            name=f"socket-{name}",
            how=how,
            is_python=True,
            prepare=prepare,
            settings=_runtime_hidden,
            proof=reached,
            without=(CLOSED,),
        )
        for name, prepare, how in (
            ("of-podd", _at("scope/runtime/pod.sock"), _CONNECT),
            ("of-podd-by-its-short-link", _by_link, _CONNECT),
            ("of-another-pod", _other_pod, _CONNECT),
            (
                "of-podd-from-its-directory",
                _at("scope/runtime/pod.sock"),
                "os.chdir('runtime')\nwhere = 'pod.sock'\n" + _CONNECT,
            ),
            (
                "of-podd-by-descriptor",
                _at("scope/runtime/pod.sock"),
                "where = f\"/proc/self/fd/{os.open('runtime', os.O_PATH)}/pod.sock\"\n"
                + _CONNECT,
            ),
            (
                "of-podd-by-datagram",
                _at("scope/runtime/log.sock", socket.SOCK_DGRAM),
                _SEND,
            ),
        )
    ),
    Attempt(
        name="socket-moved-out",
        how="mv runtime r; mv runtime/pod.sock p\n"
        "for s in r/pod.sock p; do curl -s -m 1 --unix-socket $s http://x; done",
        prepare=_at("scope/runtime/pod.sock"),
        settings=_runtime_hidden,
        proof=reached,
        without=(CLOSED,),
        needs=(program("curl"),),
    ),
    Attempt(
        name="socket-linked-out",
        how="ln runtime/pod.sock p; curl -s -m 1 --unix-socket p http://x",
        prepare=_at("scope/runtime/pod.sock"),
        settings=_runtime_hidden,
        proof=reached,
        without=(CLOSED,),
        needs=(program("curl"),),
    ),
    Attempt(
        name="socket-outside",
        how=_CONNECT,
        is_python=True,
        prepare=_at("beside/pod.sock"),
        proof=reached,
        without=(SCOPE,),
    ),
    Attempt(
        name="socket-outside-by-datagram",
        how=_SEND,
        is_python=True,
        prepare=_at("beside/log.sock", socket.SOCK_DGRAM),
        proof=reached,
        without=(SCOPE,),
    ),
    Attempt(
        name="socket-in-something-read-only",
        how=_CONNECT,
        is_python=True,
        prepare=_at("scope/run/agent"),
        environment=lambda world: {"SSH_AUTH_SOCK": f"{world.scope}/run/agent"},
        holes={"scope/run": "read_only"},
        proof=reached,
        without=(MASKS,),
    ),
    *(
        Attempt(
            name=f"socket-of-{name}",
            how=_CONNECT,
            is_python=True,
            prepare=_at(place),
            environment=lambda world, variable=variable, prefix=prefix, place=place: {
                variable: f"{prefix}{world.root}/{place}"
            },
            proof=reached,
            without=(MASKS,),
        )
        for name, place, variable, prefix in (
            ("session-bus", "scope/bus", "DBUS_SESSION_BUS_ADDRESS", "unix:path="),
            ("containers", "scope/docker.sock", "DOCKER_HOST", "unix://"),
            ("key-agent", "scope/agent", "SSH_AUTH_SOCK", ""),
            ("editor", "scope/nvim", "NVIM", ""),
            ("terminal-multiplexer", "scope/tmux", "TMUX", ""),
        )
    ),
    Attempt(
        name="socket-of-login",
        how=_CONNECT,
        is_python=True,
        prepare=_at("scope/run/bus"),
        environment=lambda world: {"XDG_RUNTIME_DIR": f"{world.scope}/run"},
        proof=reached,
        without=(MASKS,),
    ),
    Attempt(
        name="socket-of-keys-at-home",
        how=_CONNECT,
        is_python=True,
        prepare=_at("scope/.gnupg/S.gpg-agent"),
        environment=lambda world: {"HOME": str(world.scope)},
        proof=reached,
        without=(MASKS,),
    ),
    Attempt(
        name="socket-of-session-bus-by-its-client",
        how="dbus-send --address=unix:path=$where --dest=x.y /x x.y",
        prepare=_at("scope/bus"),
        environment=lambda world: {
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={world.scope}/bus"
        },
        proof=reached,
        without=(MASKS,),
        needs=(program("dbus-send"),),
    ),
    Attempt(
        name="socket-abstract",
        how=_CONNECT,
        is_python=True,
        prepare=_abstract,
        proof=reached,
        without=(LANDLOCK,),
        needs=(_scoped,),
    ),
    Attempt(
        name="socket-abstract-without-network",
        how=_CONNECT,
        is_python=True,
        prepare=_abstract,
        settings=_denied,
        proof=reached,
        without=(LANDLOCK, NETWORK),
    ),
    *(
        Attempt(
            name=f"network-{name}",
            how=how,
            is_python=True,
            prepare=prepare,
            settings=_denied,
            proof=reached,
            without=(NETWORK,),
        )
        for name, prepare, how in (
            (
                "loopback",
                _loopback(socket.AF_INET),
                "socket.create_connection(('127.0.0.1', port), 1)",
            ),
            (
                "loopback-datagram",
                _loopback(socket.AF_INET, socket.SOCK_DGRAM),
                (
                    "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)"
                    ".sendto(b'x', ('127.0.0.1', port))"
                ),
            ),
            (
                "loopback-other-name",
                _loopback(socket.AF_INET),
                "socket.create_connection(('0.0.0.0', port), 1)",
            ),
        )
    ),
    Attempt(
        name="network-shell",
        how="echo x > /dev/tcp/127.0.0.1/$port",
        prepare=_loopback(socket.AF_INET),
        settings=_denied,
        proof=reached,
        without=(NETWORK,),
    ),
    Attempt(
        name="network-other-machines-of-the-host",
        how="socket.socket(socket.AF_VSOCK).connect((1, port))",
        is_python=True,
        prepare=_loopback(getattr(socket, "AF_VSOCK", 40)),
        settings=_denied,
        proof=reached,
        without=(NETWORK,),
        needs=(_no_machine_sockets,),
    ),
    Attempt(
        name="network-namespace-joined",
        how=(
            "for process in 1 $pid; do nsenter --net=/proc/$process/ns/net"
            ' bash -c "echo x > /dev/tcp/127.0.0.1/$port"; done'
        ),
        prepare=_victim_and_loopback,
        settings=_denied,
        proof=reached,
        without=(EVERYTHING,),
        needs=(program("nsenter"), as_root),
    ),
    Attempt(
        name="network-packets",
        how="socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3)\nprint('in', token)",
        is_python=True,
        settings=_denied,
        proof=told,
        without=(CAPABILITIES,),
    ),
)
