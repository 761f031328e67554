"""Mounts, roots and namespaces: to undo what the sandbox is made of."""

from __future__ import annotations

import ctypes
import os
import struct

from tests.sandbox.escape_attempt import (
    CAPABILITIES,
    EVERYTHING,
    LANDLOCK,
    NESTING,
    PROC_MASKS,
    PROC_READ_ONLY,
    PROCESSES,
    Attempt,
    Defence,
    altered,
    as_root,
    leaked,
    program,
    told,
)
from tests.sandbox.escape_world import World

_RIGHTS = (CAPABILITIES, LANDLOCK)

_SYSTEM_READ = Defence(
    name="/sys is not there",
    settings=lambda settings: type(settings)(read=("/sys",)),
)


def _hole(world: World) -> None:
    world.file("scope/a/hole/file")
    world.file("scope/secret/key")


def _read_only(world: World) -> None:
    from podd.core.scope.rules import Rule

    world.rules += (Rule(path=str(world.beside), access="read"),)


def _handle(world: World) -> None:
    """What a process needs that opens the secret without its path."""
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(struct.pack("Ii", 128, 0), 8 + 128)
    mount = ctypes.c_int()
    path = str(world.beside / "file").encode()
    assert libc.name_to_handle_at(-100, path, buffer, ctypes.byref(mount), 0) == 0
    size, kind = struct.unpack_from("Ii", buffer)
    world.facts["handle"] = buffer.raw[: 8 + size].hex()
    assert kind


_HOLES = {"scope/a/hole": "read_only", "scope/secret": "hidden"}

#: With the capabilities of the namespace, that the command does not have.
_WRITES = {
    "unmounted-hole": "umount -l a/hole; echo x > a/hole/file",
    "unmounted-lazily": "umount -l a; echo x > a/hole/file",
    "unmounted-by-number": "umount -l /proc/self/cwd/a/hole; echo x > a/hole/file",
    "remounted-hole": "mount -o remount,rw,bind a/hole && echo x > a/hole/file",
    "moved-hole": "mkdir n; mount --move a/hole n; echo x > a/hole/file",
}

_KINDS = {
    "user": "--user",
    "mount": "--user --mount --propagation unchanged",
    "pid": "--user --pid --fork",
    "network": "--user --net",
    "ipc": "--user --ipc",
    "names": "--user --uts",
    "groups": "--user --cgroup",
}
_WITHOUT_USER = {
    "mount": "--mount --propagation unchanged",
    "network": "--net",
    "ipc": "--ipc",
    "names": "--uts",
}

ATTEMPTS = (
    *(
        Attempt(
            name=f"mount-{name}",
            how=how,
            prepare=_hole,
            holes=_HOLES,
            proof=altered,
            without=_RIGHTS,
        )
        for name, how in _WRITES.items()
    ),
    Attempt(
        name="mount-attributes-cleared",
        how="""
tree = syscall(428, -100, b'a/hole', 1)
syscall(442, tree, b'', 0x1000, struct.pack('QQQQ', 0, 1, 0, 0), 32)
with open(os.open('file', os.O_WRONLY | os.O_TRUNC, dir_fd=tree), 'w') as file:
    file.write('x')
""",
        is_python=True,
        prepare=_hole,
        holes=_HOLES,
        proof=altered,
        without=_RIGHTS,
    ),
    Attempt(
        name="mount-mask-removed",
        how="umount -l secret; cat secret/key",
        prepare=_hole,
        holes=_HOLES,
        proof=leaked,
        without=_RIGHTS,
    ),
    Attempt(
        name="mount-read-only-remounted",
        how="mount -o remount,rw,bind $beside && echo x > $beside/file",
        prepare=_read_only,
        proof=altered,
        without=_RIGHTS,
    ),
    *(
        Attempt(
            name=f"mount-{name}",
            how=f"mkdir x; {how} && echo in $token",
            prepare=_hole,
            holes=_HOLES,
            proof=told,
            # A fresh /proc is refused where the one that is there shows less.
            without=(*_RIGHTS, PROC_READ_ONLY, PROC_MASKS)
            if name == "proc"
            else _RIGHTS,
        )
        for name, how in {
            "tmpfs": "mount -t tmpfs none x",
            "tmpfs-over-what-leads-to-a-hole": "mount -t tmpfs none a",
            "bind": "mount --bind a/hole x",
            "overlay": (
                "mkdir /tmp/u /tmp/w;"
                " mount -t overlay -o lowerdir=a,upperdir=/tmp/u,workdir=/tmp/w none x"
            ),
            "proc": "mount -t proc none x",
            "propagation": "mount --make-rshared /",
            "chroot": "chroot / true",
        }.items()
    ),
    Attempt(
        name="mount-new-root",
        how="""
libc.mount(b'/tmp', b'/tmp', None, 0x1000, None)
syscall({'x86_64': 155}.get(os.uname().machine, 41), b'/tmp', b'/tmp')
print('in', token)
""",
        is_python=True,
        proof=told,
        without=_RIGHTS,
    ),
    Attempt(
        name="mount-descriptor-of-a-file-system",
        how="syscall(430, b'tmpfs', 0)\nprint('in', token)",
        is_python=True,
        proof=told,
        without=_RIGHTS[:1],
    ),
    *(
        Attempt(
            name=f"namespace-{name}",
            how=f"unshare {words} sh -c 'echo in {'$0'}' $token",
            proof=told,
            without=(NESTING,),
            needs=(program("unshare"),),
        )
        for name, words in _KINDS.items()
    ),
    *(
        Attempt(
            name=f"namespace-without-user-{name}",
            how=f"unshare {words} sh -c 'echo in {'$0'}' $token",
            proof=told,
            without=(CAPABILITIES,),
            needs=(program("unshare"),),
        )
        for name, words in _WITHOUT_USER.items()
    ),
    Attempt(
        name="namespace-by-clone",
        how="""
number = {'x86_64': 56}.get(os.uname().machine, 220)
if syscall(number, 0x10000000 | 17, None, None, None, None) == 0:
    print('in', token, flush=True)
    os._exit(0)
os.wait()
""",
        is_python=True,
        proof=told,
        without=(NESTING,),
    ),
    Attempt(
        name="namespace-of-the-launcher",
        how="""
parents = open(f'/proc/{os.getppid()}/status').read()
launcher = parents.partition('PPid:')[2].split()[0]
space = os.open(f'/proc/{launcher}/ns/mnt', os.O_RDONLY)
if libc.setns(space, 0) == 0:
    open('/old' + beside + '/file', 'w').write('x')
""",
        is_python=True,
        proof=altered,
        without=(*_RIGHTS, PROCESSES),
    ),
    Attempt(
        name="namespace-limit-raised",
        how=(
            "echo 100 > /proc/sys/user/max_user_namespaces && unshare -U echo in $token"
        ),
        proof=told,
        # The limit of the launcher's own namespace; the machine's stays.
        without=(*_RIGHTS, PROC_READ_ONLY),
    ),
    Attempt(
        name="handle-of-a-file",
        how="""
handle = ctypes.create_string_buffer(bytes.fromhex(handle))
here = os.open('.', os.O_RDONLY)
with open(libc.open_by_handle_at(here, handle, os.O_RDONLY)) as file:
    print(file.read())
""",
        is_python=True,
        prepare=_handle,
        proof=leaked,
        without=(EVERYTHING,),
        needs=(as_root,),
    ),
    Attempt(
        name="device-of-a-disk",
        how="mknod d b $major $minor && echo in $token",
        prepare=lambda world: world.facts.update(
            major=os.major(world.root.stat().st_dev),
            minor=os.minor(world.root.stat().st_dev),
        ),
        proof=told,
        without=(EVERYTHING,),
        needs=(as_root,),
    ),
    Attempt(
        name="device-made",
        how="mknod n c 1 3 && echo in $token > n && echo in $token",
        proof=told,
        without=(EVERYTHING,),
        needs=(as_root,),
    ),
    Attempt(
        name="system-groups",
        how="ls /sys/fs && echo in $token",
        proof=told,
        without=(_SYSTEM_READ,),
    ),
)
