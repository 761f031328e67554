"""Where services listen that would do outside what a command may not do itself.

A socket is not closed by making its directory read-only, so these places are hidden,
also where the scope covers them: a scope is about files.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Mapping
from typing import Final

_TMP: Final = "/tmp"  # noqa: S108  # looked at, not used

#: Places of one machine; what is not there is no concern.
_PLACES: Final = (
    "/run/user",
    "/run/dbus",
    "/run/systemd/private",
    "/run/systemd/notify",
    "/run/systemd/io.systemd.*",
    "/run/docker.sock",
    "/run/containerd",
    "/run/crio",
    "/run/podman",
    "/run/snapd*.socket",
    "/run/screen",
    "/run/tmux",
    "/run/libvirt",
    "/run/lxd*",
    "/var/lib/lxd/unix.socket",
    "/var/lib/incus/unix.socket",
    "/var/run/docker.sock",
    f"{_TMP}/.X11-unix",
    f"{_TMP}/.ICE-unix",
    f"{_TMP}/dbus-*",
    f"{_TMP}/ssh-*",
    f"{_TMP}/tmux-*",
    f"{_TMP}/screens",
)

#: Where podd meets itself without a login (paths.py), and the short links to that.
_PODD: Final = re.compile(r"podd-\d+(-[0-9a-f]{12})?")

#: Places below a home directory.
_AT_HOME: Final = (
    ".ssh/agent",
    ".ssh/*.sock",
    ".ssh/control*",
    ".gnupg/S.*",
    ".docker/run",
    ".docker/desktop",
    ".screen",
)

#: Variables that hold the path of a socket, after a prefix perhaps.
_VARIABLES: Final = (
    "DBUS_SESSION_BUS_ADDRESS",
    "DOCKER_HOST",
    "GPG_AGENT_INFO",
    "NVIM",
    "SSH_AUTH_SOCK",
    "SWAYSOCK",
    "TMUX",
    "VSCODE_IPC_HOOK_CLI",
    "XDG_RUNTIME_DIR",
)


def listening_places(environment: Mapping[str, str], home: str) -> list[str]:
    """Return the real paths of what is there of all these.

    Args:
        environment: of the pod; it knows where the services of this login listen.
        home: the real home directory.
    """
    real: dict[str, None] = {}
    for pattern in (*_PLACES, *(f"{glob.escape(home)}/{name}" for name in _AT_HOME)):
        for path in glob.iglob(pattern):  # noqa: PTH207  # pathlib knows no hidden names
            real[os.path.realpath(path)] = None
    for path in glob.iglob(f"{_TMP}/podd-*"):  # noqa: PTH207  # as above
        if _PODD.fullmatch(path.rpartition("/")[2]):
            real[os.path.realpath(path)] = None
    for path in _named(environment):
        if path != "/" and os.path.lexists(path):
            real[os.path.realpath(path)] = None
    return list(real)


def _named(environment: Mapping[str, str]) -> Iterator[str]:
    for name in _VARIABLES:
        for part in environment.get(name, "").replace(",", ";").split(";"):
            # unix:path=/run/..., unix:///run/...; of tmux the socket comes first.
            path = part.removeprefix("unix:").removeprefix("path=")
            if path.startswith("/"):
                yield os.path.normpath("/" + path.lstrip("/"))
