"""A launcher's own namespaces, and what each command sees, built step by step.

Standard library alone: the launcher imports it.

Theory of operation. The launcher takes a user and a mount namespace once and moves into
a small root in memory: the machine lies below `old`, the pod's private directories
below `private`. Each command is given a mount namespace of its own in which `new` is
filled as its plan says; then `new` becomes the root and all the rest is gone. The maps
give our own uid and gid alone, so what a command makes is ours.

Rules of this file. No step follows a link, and none takes a path apart from the
outermost ones by its name: running commands of the same pod may be renaming things
while the next one's root is built.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat

from podd.sandbox import kernel

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing takes longer than all the rest here
    from typing import Any

OLD, NEW = "/old", "/new"
_STAGE, _PRIVATE, _MASKS = "/stage", "/private", "/masks"

#: Any directory serves to build the launcher's root upon.
_ANY_DIRECTORY = ("/tmp", "/run", "/mnt", "/usr")  # noqa: S108  # mounted over
_STAGE_BYTES = 4 << 20
_TEMPORARY_INODES = 1 << 18

_SEALED = (
    kernel.MOUNT_ATTR_RDONLY
    | kernel.MOUNT_ATTR_NOSUID
    | kernel.MOUNT_ATTR_NODEV
    | kernel.MOUNT_ATTR_NOEXEC
)
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_DEVICE_LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "ptmx": "pts/ptmx",
}
_PLACE = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def enter(temporary_bytes: int) -> None:
    """Take the launcher into namespaces of its own, for good.

    Args:
        temporary_bytes: what fits into the private directories of the pod.

    Raises:
        OSError: this machine does not let us.
    """
    uid, gid = os.geteuid(), os.getegid()
    kernel.unshare(kernel.CLONE_NEWUSER | kernel.CLONE_NEWNS)
    write_text("/proc/self/setgroups", "deny")
    write_text("/proc/self/uid_map", f"{uid} {uid} 1")
    write_text("/proc/self/gid_map", f"{gid} {gid} 1")
    with contextlib.suppress(OSError):
        # Nobody below needs more of them, and much of the kernel lies behind them.
        write_text("/proc/sys/user/max_user_namespaces", "0")
    kernel.leave_keyrings()
    # What the machine mounts later is heard here, and nothing the other way.
    kernel.set_propagation("/", kernel.MS_SLAVE)
    base = next(path for path in _ANY_DIRECTORY if os.path.isdir(path))  # noqa: PTH112  # no pathlib here
    options = f"size={temporary_bytes},nr_inodes={_TEMPORARY_INODES},mode=755"
    kernel.mount("tmpfs", base, kernel.MS_NOSUID | kernel.MS_NODEV, options)
    os.chdir(base)
    for path in (OLD, NEW, _STAGE, _PRIVATE, _MASKS):
        os.mkdir(path[1:])  # noqa: PTH102  # as above
    kernel.pivot_root(".", OLD[1:])
    os.chdir("/")
    _make_private()


def _make_private() -> None:
    for name, mode in (
        ("tmp", 0o1777),
        ("home", 0o700),
        ("memory", 0o1777),
        ("memory/tmp", 0o700),
        ("memory/home", 0o700),
    ):
        path = f"{_PRIVATE}/{name}"
        os.mkdir(path)  # noqa: PTH102  # no pathlib in the launcher
        os.chmod(path, mode)  # noqa: PTH101  # as above
    os.mkdir(f"{_MASKS}/directory", 0)  # noqa: PTH102  # as above
    os.close(os.open(f"{_MASKS}/file", os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0))


class Root:
    """What one command will see, while it is built. For the command's own process."""

    def __init__(self) -> None:
        """Start with nothing, in a mount namespace of our own."""
        kernel.set_propagation("/", kernel.MS_PRIVATE)
        flags = kernel.MS_NOSUID | kernel.MS_NODEV
        kernel.mount("tmpfs", _STAGE, flags, f"size={_STAGE_BYTES},mode=755")
        self._old = os.open(OLD, _PLACE)
        self._new = -1
        self._staged = 0
        self._to_seal: list[int] = []
        self.sees_all_processes = False
        """Whether no `/proc` of its own could be had."""

    def build(self, mounts: list[dict[str, Any]]) -> None:
        """Take all steps of a plan.

        Raises:
            OSError: a step failed; the path is in it.
        """
        if mounts[0]["path"] != "/":
            self._attach(self._stage(), os.open(NEW, _PLACE))
        else:
            top, *mounts = mounts
            self._attach(self._bound(self._old, top), os.open(NEW, _PLACE))
        self._new = os.open(NEW, _PLACE)
        for mount in mounts:
            try:
                getattr(self, f"_{mount['kind']}")(mount)
            except OSError as error:
                where = f"{mount['kind']} {mount['path']}"
                raise OSError(error.errno, error.strerror, where) from error
        for tree in self._to_seal:
            kernel.restrict_mount(tree, kernel.MOUNT_ATTR_RDONLY, recursive=False)

    @staticmethod
    def enter() -> None:
        """Make it the root; the machine is out of reach from here on."""
        os.chdir(NEW)
        kernel.pivot_root(".", ".")
        kernel.detach(".")
        os.chdir("/")

    def _bind(self, mount: dict[str, Any]) -> None:
        source = kernel.open_beneath(self._old, mount["path"].strip("/"))
        if stat.S_ISLNK(os.fstat(source).st_mode):
            raise OSError(errno.ELOOP, "has become a link")
        tree = self._bound(source, mount)
        self._attach(tree, self._point(mount))

    def _bound(self, source: int, mount: dict[str, Any]) -> int:
        attributes = kernel.MOUNT_ATTR_NOSUID
        if not mount["writable"]:
            attributes |= kernel.MOUNT_ATTR_RDONLY
        if not mount["path"].startswith("/dev/"):
            attributes |= kernel.MOUNT_ATTR_NODEV
        tree = kernel.clone_tree(source)
        kernel.restrict_mount(tree, attributes)
        return tree

    def _mask(self, mount: dict[str, Any]) -> None:
        name = "directory" if mount["directory"] else "file"
        tree = kernel.clone_tree(os.open(f"{_MASKS}/{name}", os.O_PATH | os.O_CLOEXEC))
        kernel.restrict_mount(tree, _SEALED)
        self._attach(tree, self._point(mount))

    def _empty(self, mount: dict[str, Any]) -> None:
        self._attach(self._stage(listed=mount["listed"]), self._point(mount))

    def _private(self, mount: dict[str, Any]) -> None:
        tree = kernel.clone_tree(os.open(f"{_PRIVATE}/{mount['source']}", _PLACE))
        self._attach(tree, self._point(mount))

    def _link(self, mount: dict[str, Any]) -> None:
        parent, name = self._parent(mount["path"])
        with contextlib.suppress(FileExistsError):
            os.symlink(mount["source"], name, dir_fd=parent)

    def _pin(self, mount: dict[str, Any]) -> None:
        source = kernel.open_beneath(self._old, mount["path"].strip("/"))
        if not stat.S_ISLNK(os.fstat(source).st_mode):
            raise OSError(errno.ESTALE, "is no longer a link")
        self._attach(kernel.clone_tree(source, recursive=False), self._point(mount))

    def _devices(self, mount: dict[str, Any]) -> None:
        stage = self._stage()
        place = self._point(mount)
        self._attach(stage, place)
        here = kernel.open_beneath(self._new, "dev", _PLACE)
        for name in _DEVICES:
            with contextlib.suppress(FileNotFoundError):
                source = kernel.open_beneath(self._old, f"dev/{name}")
                flags = os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC
                os.close(os.open(name, flags, dir_fd=here))
                tree = kernel.clone_tree(source)
                attributes = kernel.MOUNT_ATTR_NOSUID | kernel.MOUNT_ATTR_NOEXEC
                kernel.restrict_mount(tree, attributes)
                self._attach(tree, kernel.open_beneath(here, name))
        for name, target in _DEVICE_LINKS.items():
            os.symlink(target, name, dir_fd=here)
        os.mkdir("pts", dir_fd=here)
        with contextlib.suppress(OSError):
            # Without it there are no pseudo-terminals, and all else works.
            kernel.mount(
                "devpts",
                f"{NEW}/dev/pts",
                kernel.MS_NOSUID | kernel.MS_NOEXEC,
                "newinstance,ptmxmode=0666,mode=620",
            )

    def _processes(self, mount: dict[str, Any]) -> None:
        place = self._point(mount)
        flags = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
        try:
            # Read-only: as root, a command could else set what the machine does.
            kernel.mount("proc", f"{NEW}/proc", flags | kernel.MS_RDONLY)
        except PermissionError:
            # A container that hides parts of its own lets nobody have a whole one.
            self.sees_all_processes = True
            tree = kernel.clone_tree(kernel.open_beneath(self._old, "proc", _PLACE))
            kernel.restrict_mount(tree, _SEALED)
            self._attach(tree, place)
        if os.geteuid() == 0:
            self._close_processes()

    def _close_processes(self) -> None:
        """Hide from root what `/proc` shows to root alone."""
        proc = os.open(f"{NEW}/proc", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        with os.scandir(proc) as entries:
            closed = [
                (entry.name, entry.is_dir(follow_symlinks=False))
                for entry in entries
                if not entry.name.isdecimal()
                and not entry.is_symlink()
                and not entry.stat(follow_symlinks=False).st_mode & stat.S_IROTH
            ]
        for name, is_directory in closed:
            self._mask(
                {"path": f"/proc/{name}", "directory": is_directory, "make": False}
            )
        os.close(proc)

    def _stage(self, *, listed: bool = True) -> int:
        """Return a new directory as a tree; it becomes read-only when all is built."""
        path = f"{_STAGE}/{self._staged}"
        self._staged += 1
        os.mkdir(path, 0o755 if listed else 0o311)  # noqa: PTH102  # no pathlib here
        os.chmod(path, 0o755 if listed else 0o311)  # noqa: PTH101  # as above
        tree = kernel.clone_tree(os.open(path, _PLACE))
        self._to_seal.append(tree)
        return tree

    @staticmethod
    def _attach(tree: int, place: int) -> None:
        kernel.attach(tree, place)
        os.close(place)

    def _point(self, mount: dict[str, Any]) -> int:
        """Open the mount point, and make it where it may be made."""
        path = mount["path"].strip("/")
        if not mount["make"]:
            return kernel.open_beneath(self._new, path)
        parent, name = self._parent(mount["path"])
        try:
            if mount["directory"]:
                _remake_directory(parent, name)
            else:
                _remake_file(parent, name)
            return kernel.open_beneath(parent, name)
        finally:
            os.close(parent)

    def _parent(self, path: str) -> tuple[int, str]:
        """Open the directory of `path`, making what is missing: it is ours."""
        *parts, name = path.strip("/").split("/")
        here = os.dup(self._new)
        for part in parts:
            try:
                below = os.open(part, _PLACE, dir_fd=here)
            except OSError:
                _remake_directory(here, part)
                below = os.open(part, _PLACE, dir_fd=here)
            os.close(here)
            here = below
        return here, name


def _remake_directory(parent: int, name: str) -> None:
    """Make a directory; what else a command has put there has to go."""
    try:
        os.mkdir(name, 0o755, dir_fd=parent)
    except FileExistsError:
        if not stat.S_ISDIR(
            os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode
        ):
            os.unlink(name, dir_fd=parent)
            os.mkdir(name, 0o755, dir_fd=parent)


def _remake_file(parent: int, name: str) -> None:
    try:
        found = os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        pass
    else:
        if stat.S_ISREG(found.st_mode):
            return
        if stat.S_ISDIR(found.st_mode):
            os.rmdir(name, dir_fd=parent)
        else:
            os.unlink(name, dir_fd=parent)
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC
    os.close(os.open(name, flags, 0o600, dir_fd=parent))


def bring_up_loopback() -> None:
    """Let a command without a network talk to itself: its `lo` is there, and down."""
    import fcntl  # late: for those without a network alone
    import socket
    import struct

    set_flags, is_up = 0x8914, 0x1  # SIOCSIFFLAGS, IFF_UP
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(
            any_socket, set_flags, struct.pack("16sh", b"lo", is_up) + b"\0" * 22
        )


def write_text(path: str, text: str) -> None:
    """Tell the kernel something, in one write."""
    file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(file, text.encode("ascii"))
    finally:
        os.close(file)
