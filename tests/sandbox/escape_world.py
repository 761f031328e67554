"""Where an attempt to escape is made: a scope, and what must not be reached from it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import secrets
import shutil
import socket
import stat
import subprocess
import tempfile
import threading
from pathlib import Path

import anyio

from podd.core.scope.rules import Rule

LIMIT_SECONDS = 20


class World:
    """One directory with everything; `close` ends and removes all of it.

    scope: what the command may write. beside: what it may not, with a secret in it.
    home: the user's.
    """

    def __init__(self) -> None:
        # Short, for the sockets in it; and not named as podd's own, which are hidden.
        self.root = Path(tempfile.mkdtemp(prefix="escape-", dir="/tmp")).resolve()
        self.secret = f"secret-{secrets.token_hex(8)}"
        self.token = secrets.randbelow(10**12)
        self.scope, self.beside, self.home = (
            self.root / name for name in ("scope", "beside", "home")
        )
        for directory in (self.scope, self.beside / "sub", self.home):
            directory.mkdir(parents=True)
        self.rules: tuple[Rule, ...] = (Rule(path=str(self.scope), access="write"),)
        self.watched = [self.beside, self.home]
        self.facts: dict[str, object] = {}
        self.before: dict[str, tuple[object, ...]] = {}
        self.heard: list[bytes] = []
        self.patience_seconds = 0.03
        """For what the kernel has brought already, and a thread of ours takes."""
        self.victim: subprocess.Popen[bytes] | None = None
        self._was_heard = threading.Event()
        self._ends = contextlib.ExitStack()
        self.file("beside/file")
        self.file("beside/run", f"#!/bin/sh\necho {self.secret}\n").chmod(0o755)
        self.file("home/.bashrc")

    def file(self, name: str, text: str | None = None) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.secret if text is None else text, encoding="utf-8")
        return path

    def repository(self, name: str = "scope") -> Path:
        path = self.root / name
        subprocess.run(["git", "init", "-q", path], check=True, env=self.plain())
        return path

    def plain(self) -> dict[str, str]:
        """An environment in which programs obey nothing but what lies in the world."""
        who = {
            f"GIT_{role}_{part}": "x@example.org"
            for role in ("AUTHOR", "COMMITTER")
            for part in ("NAME", "EMAIL")
        }
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.root / "nowhere"),
            "GIT_CONFIG_NOSYSTEM": "1",
            **who,
        }

    def names(self) -> dict[str, object]:
        """What the text of an attempt can name."""
        return {
            "root": str(self.root),
            "scope": str(self.scope),
            "beside": str(self.beside),
            "home": str(self.home),
            "token": self.token,
            "pid": self.victim.pid if self.victim else 0,
            **self.facts,
        }

    def start_victim(self) -> None:
        """Start a process of the same user that has a secret in all that is its own."""
        program = ["/bin/sh", "-c", "read wait", self.secret]
        with (self.beside / "file").open("rb") as file:
            self.victim = subprocess.Popen(
                program,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=file,
                cwd=self.beside,
                env={"KEY": self.secret},
            )
        self._ends.callback(self._end_victim)

    def listen(self, where: str, family: int = socket.AF_UNIX, kind: int = 0) -> None:
        """Listen at a path, at an abstract name or on loopback, and keep what comes."""
        server = self._ends.enter_context(
            socket.socket(family, kind or socket.SOCK_STREAM)
        )
        if family == socket.AF_UNIX:
            server.bind(where)
        elif family == socket.AF_INET:
            server.bind(("127.0.0.1", 0))
            self.facts["port"] = server.getsockname()[1]
        else:
            server.bind((1, 0xFFFF_FFFF))  # the machine itself, any port
            self.facts["port"] = server.getsockname()[1]
        if server.type == socket.SOCK_STREAM:
            server.listen()
        thread = threading.Thread(target=self._serve, args=(server,), daemon=True)
        thread.start()

    def was_heard(self) -> bool:
        """Whether anything came."""
        return self._was_heard.wait(self.patience_seconds)

    def snapshot(self) -> dict[str, tuple[object, ...]]:
        """Everything about what is watched; and the names beside it."""
        found: dict[str, tuple[object, ...]] = {
            "": tuple(sorted({path.name for path in self.root.iterdir()} - {"pwned"}))
        }
        waiting = list(self.watched)
        while waiting:
            path = waiting.pop()
            found[str(path)] = _described(path)
            with contextlib.suppress(NotADirectoryError, FileNotFoundError):
                if not path.is_symlink():
                    waiting += path.iterdir()
        return found

    def on_close(self, call, *arguments) -> None:
        self._ends.callback(call, *arguments)

    def close(self) -> None:
        self._ends.close()
        for path in (self.root, *self.root.rglob("*")):
            with contextlib.suppress(OSError):
                if path.is_dir() and not path.is_symlink():
                    path.chmod(0o700)
        shutil.rmtree(self.root, ignore_errors=True)

    def _serve(self, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if server.type == socket.SOCK_DGRAM:
                self.heard.append(server.recv(64))
            else:
                client, _ = server.accept()
                with client:
                    self.heard.append(b"connected")
            self._was_heard.set()

    def _end_victim(self) -> None:
        assert self.victim is not None
        self.victim.kill()
        self.victim.wait()
        assert self.victim.stdin is not None
        self.victim.stdin.close()


def _described(path: Path) -> tuple[object, ...]:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return ("missing",)
    content: object = None
    if stat.S_ISREG(found.st_mode):
        content = path.read_bytes()
    elif stat.S_ISLNK(found.st_mode):
        content = path.readlink()
    attributes: list[tuple[str, bytes]] = []
    with contextlib.suppress(OSError):
        attributes = [
            (name, os.getxattr(path, name, follow_symlinks=False))
            for name in os.listxattr(path, follow_symlinks=False)
        ]
    return (
        stat.S_IFMT(found.st_mode),
        stat.S_IMODE(found.st_mode),
        found.st_ino,
        found.st_uid,
        found.st_gid,
        found.st_nlink,
        found.st_mtime_ns,
        content,
        attributes,
        _flags(path, found.st_mode),
    )


def _flags(path: Path, mode: int) -> int:
    """The flags that `chattr` sets."""
    if not stat.S_ISREG(mode):
        return 0
    import fcntl

    value = ctypes.c_long(0)
    with path.open("rb") as file, contextlib.suppress(OSError):
        fcntl.ioctl(file, 0x8008_6601, value)  # FS_IOC_GETFLAGS
    return value.value


def process_with(words: str) -> int | None:
    """The pid of a process whose command line holds `words`."""
    for directory in Path("/proc").iterdir():
        if directory.name.isdecimal():
            with contextlib.suppress(OSError):
                line = (directory / "cmdline").read_bytes().replace(b"\0", b" ")
                if words.encode() in line and int(directory.name) != os.getpid():
                    return int(directory.name)
    return None


async def limited(awaitable):
    with anyio.fail_after(LIMIT_SECONDS):
        return await awaitable
