"""System calls that Python has no words for, by way of the C library.

Standard library alone: the launcher runs this between fork and exec. Each function
raises the OSError of the kernel, with the path or the name of the call in it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal

_libc = ctypes.CDLL(None, use_errno=True)
#: Keeps Python's lock over the call: for what returns in two processes.
_held_libc = ctypes.PyDLL(None, use_errno=True)
_MACHINE = os.uname().machine

# The same on all machines since they were given out together (Linux 5.2 and later).
_OPEN_TREE, _MOVE_MOUNT, _OPENAT2, _MOUNT_SETATTR = 428, 429, 437, 442
_CLONE, _PIVOT_ROOT, _CAPSET, _KEYCTL = {
    "x86_64": (56, 155, 126, 250),
    "aarch64": (220, 41, 91, 219),
}.get(_MACHINE, (-1, -1, -1, -1))

CLONE_NEWNS = 0x0002_0000
CLONE_NEWIPC = 0x0800_0000
CLONE_NEWUSER = 0x1000_0000
CLONE_NEWPID = 0x2000_0000
CLONE_NEWNET = 0x4000_0000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_BIND, MS_REC, MS_PRIVATE, MS_SLAVE = 0x1000, 0x4000, 1 << 18, 1 << 19
MNT_DETACH = 2

MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID = 0x1, 0x2
MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC = 0x4, 0x8

_AT_FDCWD = -100
_AT_EMPTY_PATH = 0x1000
_AT_RECURSIVE = 0x8000
_OPEN_TREE_CLONE = 1
_MOVE_MOUNT_F_EMPTY_PATH = 0x04
_MOVE_MOUNT_T_EMPTY_PATH = 0x40
_RESOLVE_NO_MAGICLINKS, _RESOLVE_NO_SYMLINKS, _RESOLVE_IN_ROOT = 0x02, 0x04, 0x10

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_CAPBSET_DROP = 1, 4, 24
_PR_SET_SECUREBITS, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 28, 36, 38
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
#: NOROOT, NO_SETUID_FIXUP, KEEP_CAPS off, NO_CAP_AMBIENT_RAISE, and each one locked:
#: an exec as uid 0 gives no capability back.
_SECUREBITS = 0b1110_1111
_MOST_CAPABILITIES = 64
_CAPABILITY_VERSION_3 = 0x2008_0522
_JOIN_SESSION_KEYRING = 1


class _OpenHow(ctypes.Structure):
    _fields_ = [
        ("flags", ctypes.c_uint64),
        ("mode", ctypes.c_uint64),
        ("resolve", ctypes.c_uint64),
    ]


class _MountAttributes(ctypes.Structure):
    _fields_ = [
        ("attr_set", ctypes.c_uint64),
        ("attr_clr", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    ]


def unshare(flags: int) -> None:
    """Give this process namespaces of its own."""
    _checked(_libc.unshare(ctypes.c_int(flags)), "unshare")


def fork(flags: int) -> int:
    """Fork into namespaces of its own; 0 in the child, which is pid 1 in a new one.

    Only for a process with one thread: neither Python nor the C library hears of it.
    `os.fork` and `unshare` would need another process between, and twice the time.
    """
    if _CLONE < 0:
        raise OSError(errno.ENOSYS, f"not known for {_MACHINE}", "clone")
    wanted = ctypes.c_ulong(flags | signal.SIGCHLD)
    result = _held_libc.syscall(ctypes.c_long(_CLONE), wanted, None, None, None, None)
    return _checked(result, "clone")


def mount(kind: str, target: str, flags: int, options: str = "") -> None:
    """Mount a filesystem of `kind` at `target`."""
    result = _libc.mount(
        kind.encode(),
        os.fsencode(target),
        kind.encode(),
        ctypes.c_ulong(flags),
        options.encode() or None,
    )
    _checked(result, target)


def set_propagation(target: str, flags: int) -> None:
    """Say who hears of mounts at and below `target`."""
    result = _libc.mount(
        None, os.fsencode(target), None, ctypes.c_ulong(flags | MS_REC), None
    )
    _checked(result, target)


def detach(target: str) -> None:
    """Unmount `target` and all below, at the latest when nobody uses it."""
    _checked(_libc.umount2(os.fsencode(target), MNT_DETACH), target)


def pivot_root(new: str, old: str) -> None:
    """Make `new` the root and put the root that was to `old`."""
    _call(_PIVOT_ROOT, os.fsencode(new), os.fsencode(old), what=new)


def open_beneath(root: int, path: str, flags: int = os.O_PATH) -> int:
    """Open `path` (relative) below the directory `root`, through no link whatever.

    The last part may be a link, and is opened as itself (with O_PATH).
    """
    how = _OpenHow(
        flags | os.O_NOFOLLOW | os.O_CLOEXEC,
        0,
        _RESOLVE_NO_MAGICLINKS | _RESOLVE_IN_ROOT,
    )
    parent, _, name = path.rpartition("/")
    if not parent:
        return _openat2(root, name or ".", how, path)
    # RESOLVE_NO_SYMLINKS would refuse a link as last part too, so the way comes first.
    strict = _OpenHow(
        os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC,
        0,
        _RESOLVE_NO_SYMLINKS | _RESOLVE_IN_ROOT,
    )
    directory = _openat2(root, parent, strict, path)
    try:
        return _openat2(directory, name, how, path)
    finally:
        os.close(directory)


def _openat2(directory: int, path: str, how: _OpenHow, what: str) -> int:
    return _call(
        _OPENAT2,
        directory,
        os.fsencode(path),
        ctypes.byref(how),
        ctypes.c_size_t(ctypes.sizeof(how)),
        what=what,
    )


def clone_tree(source: int, *, recursive: bool = True) -> int:
    """Return a detached copy of the mounts at and below an open path."""
    flags = _OPEN_TREE_CLONE | os.O_CLOEXEC | _AT_EMPTY_PATH
    flags |= _AT_RECURSIVE if recursive else 0
    return _call(_OPEN_TREE, source, b"", ctypes.c_uint(flags), what="open_tree")


def restrict_mount(tree: int, attributes: int, *, recursive: bool = True) -> None:
    """Add attributes to a mount, attached or not, and to all below it."""
    wanted = _MountAttributes(attributes, 0, 0, 0)
    flags = _AT_EMPTY_PATH | (_AT_RECURSIVE if recursive else 0)
    _call(
        _MOUNT_SETATTR,
        tree,
        b"",
        ctypes.c_uint(flags),
        ctypes.byref(wanted),
        ctypes.c_size_t(ctypes.sizeof(wanted)),
        what="mount_setattr",
    )


def attach(tree: int, target: int) -> None:
    """Mount a detached tree over an open path."""
    flags = _MOVE_MOUNT_F_EMPTY_PATH | _MOVE_MOUNT_T_EMPTY_PATH
    _call(_MOVE_MOUNT, tree, b"", target, b"", ctypes.c_uint(flags), what="move_mount")


def die_with_parent(signal_number: int) -> None:
    """Be sent a signal when the thread that is now our parent ends."""
    _control(_PR_SET_PDEATHSIG, signal_number)


def become_subreaper() -> None:
    """Become the parent of every orphan below."""
    _control(_PR_SET_CHILD_SUBREAPER, 1)


def hide_memory() -> None:
    """Let nobody of our own uid trace us or look into our descriptors."""
    _control(_PR_SET_DUMPABLE, 0)


def forgo_new_privileges() -> None:
    """Let no exec give more than we have: set-uid bits count for nothing."""
    _control(_PR_SET_NO_NEW_PRIVS, 1)


def drop_capabilities() -> None:
    """Give up every capability of this process and of all that it will run."""
    for capability in range(_MOST_CAPABILITIES):
        try:
            _control(_PR_CAPBSET_DROP, capability)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            break  # the kernel knows no more of them
    _control(_PR_SET_SECUREBITS, _SECUREBITS)
    _control(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    drop_effective()


def drop_effective() -> None:
    """Give up the capabilities that we have now."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _call(_CAPSET, ctypes.byref(header), ctypes.byref(nothing), what="capset")


def leave_keyrings() -> None:
    """Take a new session keyring, empty; a kernel without keyrings has none."""
    _libc.syscall(_KEYCTL, _JOIN_SESSION_KEYRING, None)


def _control(option: int, value: int) -> None:
    zero = ctypes.c_ulong(0)
    result = _libc.prctl(option, ctypes.c_ulong(value), zero, zero, zero)
    _checked(result, f"prctl {option}")


def _call(number: int, *arguments: object, what: str) -> int:
    if number < 0:
        raise OSError(errno.ENOSYS, f"not known for {_MACHINE}", what)
    return _checked(_libc.syscall(ctypes.c_long(number), *arguments), what)


def _checked(result: int, what: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), what)
    return result
