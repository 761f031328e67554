"""What Landlock leaves open, closed by refusing whole system calls.

For machines without namespaces. A filter sees numbers and flags and no path, so what it
refuses it refuses everywhere, inside the scope too: `COSTS` says what that breaks.

Rules of this file. Standard library only, since the launcher imports it.
"""

from __future__ import annotations

import errno
from typing import Final

from podd.sandbox import syscall_filter
from podd.sandbox.syscall_filter import Argument, Rule

#: What a person notices of the filter, each a whole sentence without its full stop.
COSTS: Final = (
    "chmod, chown, touch and setting of times or attributes fail, inside the scope too",
    "what sets modes or times fails with them: cp -p, install, unpackers of archives",
    "programs that talk over Unix sockets fail, except over pairs they made themselves",
    "System V and POSIX message queues, semaphores and shared memory fail",
    "debuggers, profilers, containers and io_uring fail",
    "renice fails, and threads get no priority of their own",
    "programs of another architecture (32 bits) are killed",
)

#: Beside `COSTS`, where the network is denied.
NETWORK_COST: Final = (
    "no socket can be made, so servers for a test fail on loopback too"
)

_UNIX, _INET, _INET6, _NETLINK = 1, 2, 10, 16
_STREAM, _SEQPACKET = 1, 5

#: `SOCK_TYPE_MASK`: the rest are flags.
_TYPE_BITS: Final = 0xF

#: `CLONE_NEW*` of linux/sched.h that `clone` takes; `unshare` takes a new time too.
_NEW_NAMESPACES: Final = 0x7E02_0000
_NEW_TIME: Final = 0x80

#: `O_TRUNC`, and the two ways to open that Landlock does not take for writing.
_TRUNCATING, _FOR_READING, _FOR_NOTHING, _ACCESS_BITS = 0o1000, 0, 3, 3

#: `S_IFMT`, `S_IFCHR` and `S_IFBLK`; a FIFO is made by the same call.
_FILE_KIND_BITS, _DEVICES = 0o170000, (0o020000, 0o060000)

#: `ioctl`s that change a file through a descriptor open for reading, or type into a
#: terminal: FS_IOC_SETFLAGS (64 and 32 bits), FS_IOC_SETVERSION, FS_IOC_FSSETXATTR,
#: FS_IOC_ENABLE_VERITY, TIOCSTI, TIOCLINUX.
_FORBIDDEN_CONTROLS: Final = (
    0x4008_6602,
    0x4004_6602,
    0x4008_7602,
    0x401C_5820,
    0x4080_6685,
    0x5412,
    0x541C,
)

#: Refused whatever their arguments are.
_REFUSED: Final = (  # noqa: SIM905  # ninety lines of a word each say less
    # Modes, owners, times, attributes.
    "chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat "
    "utime utimes futimesat utimensat "
    "setxattr lsetxattr fsetxattr setxattrat "
    "removexattr lremovexattr fremovexattr removexattrat file_setattr "
    # Files without a path.
    "name_to_handle_at open_by_handle_at "
    # Other processes, and what they have open.
    "ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd "
    # Namespaces and mounts.
    "setns mount umount2 pivot_root chroot open_tree open_tree_attr move_mount "
    "fsopen fsconfig fsmount fspick mount_setattr "
    # Ways around this filter, and into the kernel.
    "io_uring_setup io_uring_enter io_uring_register bpf userfaultfd "
    "perf_event_open keyctl add_key request_key fanotify_init "
    # Memory and messages that have no path, so no scope either.
    "shmget shmat shmctl semget semop semtimedop semctl "
    "msgget msgsnd msgrcv msgctl mq_open mq_unlink "
    # The machine. Needs capabilities, which a command should not have anyway.
    "swapon swapoff reboot acct quotactl quotactl_fd syslog iopl ioperm "
    "settimeofday clock_settime clock_adjtime adjtimex sethostname setdomainname "
    "init_module finit_module delete_module kexec_load kexec_file_load"
).split()


def rules(*, network: bool, truncation: bool) -> tuple[Rule, ...]:
    """What is refused, as `install_filter` says."""
    return (
        *(Rule(call) for call in _REFUSED),
        *_NAMESPACES,
        *_sockets(network=network),
        *(Rule("ioctl", when=(Argument(1, number),)) for number in _FORBIDDEN_CONTROLS),
        *(
            Rule(call, when=(Argument(at, kind, mask=_FILE_KIND_BITS),))
            for call, at in (("mknod", 1), ("mknodat", 2))
            for kind in _DEVICES
        ),
        # Limits of others; 0 is the caller itself.
        Rule("prlimit64", 0, when=(Argument(0, 0),)),
        Rule("prlimit64"),
        *_PRIORITIES,
        *(_TRUNCATION if truncation else ()),
    )


def install_filter(*, network: bool = True, truncation: bool = False) -> None:
    """Refuse what Landlock does not look at, for this thread and what it starts.

    Refused calls fail with EPERM, and those whose flags cannot be seen, or that are
    newer than this file, with ENOSYS, so that the C library takes the older call.

    Args:
        network: whether sockets of the network may be made.
        truncation: files may not be emptied by those who cannot write to them: for a
            Landlock older than `landlock.TRUNCATION_SINCE`.

    Raises:
        OSError: the kernel has no such filters, or this machine is not known.
    """
    name = syscall_filter.machine()
    if not syscall_filter.is_known(name):
        raise OSError(errno.ENOSYS, f"no filter of system calls is known for {name}")
    wanted = rules(network=network, truncation=truncation)
    syscall_filter.install(syscall_filter.assemble(wanted, name))


#: The flags of clone3 lie behind a pointer.
_NAMESPACES: Final = (
    Rule("clone", when=(Argument(0, _NEW_NAMESPACES, "has_any_bit_of"),)),
    Rule("clone3", errno.ENOSYS),
    Rule("unshare", when=(Argument(0, _NEW_NAMESPACES | _NEW_TIME, "has_any_bit_of"),)),
)

#: Of other processes; 0 is the caller. Not where they may run (`sched_setaffinity`):
#: libraries with threads say that of each of theirs.
_PRIORITIES: Final = tuple(
    rule
    for call, at in (
        ("setpriority", 1),
        ("sched_setparam", 0),
        ("sched_setscheduler", 0),
        ("sched_setattr", 0),
        ("ioprio_set", 1),
    )
    for rule in (Rule(call, 0, when=(Argument(at, 0),)), Rule(call))
)

#: Without Landlock's say over truncation. The flags of openat2 lie behind a pointer.
_TRUNCATION: Final = (
    Rule("truncate"),
    Rule("openat2", errno.ENOSYS),
    *(
        Rule(call, when=(Argument(at, way, mask=_TRUNCATING | _ACCESS_BITS),))
        for call, at in (("open", 1), ("openat", 2))
        for way in (_TRUNCATING | _FOR_READING, _TRUNCATING | _FOR_NOTHING)
    ),
)


def _sockets(*, network: bool) -> tuple[Rule, ...]:
    """Nothing but the network, and pairs that cannot be pointed elsewhere.

    A datagram can be sent to any socket file, from one of a pair too; a stream of a
    pair stays with the pair.
    """
    allowed = (
        (
            Rule("socket", 0, when=(Argument(0, _INET),)),
            Rule("socket", 0, when=(Argument(0, _INET6),)),
            # NETLINK_ROUTE alone: the C library lists the addresses of the machine.
            Rule("socket", 0, when=(Argument(0, _NETLINK), Argument(2, 0))),
        )
        if network
        else ()
    )
    pairs = (
        Rule(
            "socketpair",
            0,
            when=(Argument(0, _UNIX), Argument(1, kind, mask=_TYPE_BITS)),
        )
        for kind in (_STREAM, _SEQPACKET)
    )
    return (*allowed, Rule("socket"), *pairs, Rule("socketpair"))
