"""Files: into the scope and out of it, by every program and every name of a path."""

from __future__ import annotations

from pathlib import Path

from podd.sandbox.settings import Means
from tests.sandbox.escape_attempt import (
    EVERYTHING,
    LANDLOCK,
    MEMORY,
    SCOPE,
    Attempt,
    Proof,
    altered,
    leaked,
    program,
)
from tests.sandbox.escape_world import World

_STAT: dict[Means, str] = {
    "landlock": "names, sizes, times and links outside the scope can be seen (stat)"
}

#: What shall change what lies beside the scope; the shell is in the scope.
_WRITES = {
    "redirection": "echo x > $beside/file",
    "appending": "echo x >> $beside/file",
    "redirection-both-ways": "echo x 1<> $beside/file",
    "relative": "echo x > ../beside/file",
    "truncate": "truncate -s 0 $beside/file",
    "tee": "echo x | tee $beside/file",
    "cp": "echo x > n; cp n $beside/file",
    "cp-tree": "mkdir -p n/m; cp -r n $beside/",
    "mv-in": "echo x > n; mv n $beside/n",
    "mv-out": "mv $beside/file n",
    "mv-over": "echo x > n; mv -f n $beside/file",
    "rm": "rm -f $beside/file",
    "rm-tree": "rm -rf $beside/sub",
    "rmdir": "rmdir $beside/sub",
    "mkdir": "mkdir $beside/new",
    "touch-new": "touch $beside/new",
    "new-beside-the-scope": "touch $root/new",
    "scope-renamed": "mv $scope $root/other",
    "dd": "echo x | dd of=$beside/file conv=notrunc",
    "install": "echo x > n; install -m 600 n $beside/file",
    "sed-in-place": "sed -i s/secret/x/ $beside/file",
    "ln-into": "echo x > n; ln n $beside/n",
    "ln-new-name-of-theirs": "ln $beside/file n && echo x > n",
    "ln-symbolic-into": "ln -s x $beside/n",
    "through-link": "ln -s $beside l; echo x > l/file",
    "through-link-to-file": "ln -s ../beside/file l; echo x > l",
    "through-two-links": "ln -s $beside l; ln -s l/file m; echo x > m",
    "tar-absolute": 'echo x > n; tar -cPf t --transform "s,^,$beside/," n; tar -xPf t',
    "tar-dots": "echo x > n; tar -cPf t --transform 's,^,../beside/,' n; tar -xPf t",
    "tar-through-link": (
        "ln -s $beside l; tar -cf t l; rm l; mkdir l; echo x > l/n; tar -rf t l/n;"
        " rm -r l; tar -xPf t"
    ),
    "mkfifo": "mkfifo $beside/fifo",
    "mknod-fifo": "mknod $beside/fifo p",
    "proc-self-cwd": "echo x > /proc/self/cwd/../beside/file",
    "proc-self-root": "echo x > /proc/self/root$beside/file",
    "proc-thread-self": "echo x > /proc/thread-self/root$beside/file",
    "dev-fd": "exec 7< $beside; echo x > /dev/fd/7/file",
    "git-work-tree": (
        "git init -q g; cd g; echo x > n; git add n;"
        " git --work-tree=$beside checkout-index -f n"
    ),
    "git-apply": (
        "git init -q g; cd g; printf -- '--- a/../../beside/n\\n+++ b/../../beside/n\\n"
        "@@ -0,0 +1 @@\\n+x\\n' > p; git apply --unsafe-paths --directory= p;"
        " patch -p1 < p; cd $beside && echo x > n"
    ),
    "bashrc": "echo x >> $home/.bashrc",
    "authorized-keys": "mkdir -p $home/.ssh; echo x > $home/.ssh/authorized_keys",
    "autostart": "mkdir -p $home/.config/systemd/user; echo x > $home/.config/x",
    "profile-by-tilde": "cd ~; echo x >> $home/.bashrc; echo x > ~/.profile",
}

#: The same with system calls that no usual program makes.
_WRITES_BY_CALL = {
    "open-beneath-descriptor": """
directory = os.open('.', os.O_PATH)
file = os.open('../beside/file', os.O_WRONLY | os.O_TRUNC, dir_fd=directory)
""",
    "path-descriptor-by-proc": """
directory = os.open(beside, os.O_PATH)
open(f'/proc/self/fd/{directory}/file', 'w').write('x')
""",
    "file-descriptor-reopened": """
file = os.open(beside + '/file', os.O_PATH)
open(f'/proc/self/fd/{file}', 'w').write('x')
""",
    "unnamed-file-given-a-name": """
file = os.open('.', os.O_TMPFILE | os.O_WRONLY)
os.link(f'/proc/self/fd/{file}', beside + '/new', src_dir_fd=file)
""",
    "exchanged": """
open('n', 'w').write('x')
syscall({'x86_64': 316}.get(os.uname().machine, 276), -100, b'n', -100,
    (beside + '/file').encode(), 2)
""",
    "truncate-call": "os.truncate(beside + '/file', 0)",
    "socket-file": "socket.socket(socket.AF_UNIX).bind(beside + '/socket')",
    "memory-program": """
program = os.memfd_create('x', 0)
os.write(program, f'#!/bin/sh\\necho x > {beside}/file\\n'.encode())
os.execve(f'/proc/self/fd/{program}', ['x'], {})
""",
    "change-directory-by-descriptor": """
os.fchdir(os.open(beside, os.O_RDONLY))
open('file', 'w').write('x')
""",
}

_READS = {
    "cat": "cat $beside/file",
    "input": "read line < $beside/file; echo $line",
    "relative-cat": "cat ../beside/file",
    "copy-out": "cp $beside/file n; cat n",
    "hard-link-cat": "ln $beside/file n; cat n",
    "link-cat": "ln -s $beside/file n; cat n",
    "grep-tree": "grep -rh secret $root/beside",
    "find-exec": "find / -xdev -path $beside/file -exec cat {} +; cat $beside/fi*",
    "tar-out": "tar -cPf - $beside | tar -xPOf -",
    "base64": "base64 $beside/file | base64 -d",
    "git-diff": "git diff --no-index /dev/null $beside/file",
    "proc-cwd-cat": "cat /proc/self/cwd/../beside/file",
    "proc-root-cat": "cat /proc/$$/root$beside/file",
    "run-theirs": "$beside/run",
    "sourced": ". $beside/run",
    "home-key": "cat $home/.bashrc",
    "bash-loaded-list": "mapfile < $beside/file lines; echo ${lines[@]}",
}


def _named_secret(world: World) -> None:
    world.file(f"beside/{world.secret}", "")


def _size_is_seen(world: World, output: str) -> bool:
    return f"size {len(world.secret)}." in output


def _is_outside(path: str) -> Proof:
    def proof(world: World, output: str) -> bool:
        found = Path(path, f"escape-{world.token}")
        is_there = found.exists()
        found.unlink(missing_ok=True)
        return is_there

    return proof


ATTEMPTS = (
    *(
        Attempt(name=f"write-{name}", how=how, proof=altered, without=(SCOPE,))
        for name, how in _WRITES.items()
    ),
    *(
        Attempt(
            name=f"write-{name}",
            how=how,
            is_python=True,
            proof=altered,
            without=(SCOPE,),
        )
        for name, how in _WRITES_BY_CALL.items()
    ),
    *(
        Attempt(name=f"read-{name}", how=how, proof=leaked, without=(SCOPE,))
        for name, how in _READS.items()
    ),
    Attempt(
        name="write-by-the-root-of-pid-1",
        how="echo x > /proc/1/root$beside/file",
        proof=altered,
        without=(SCOPE, MEMORY, LANDLOCK),
    ),
    Attempt(
        name="read-names",
        how="ls $beside; echo $beside/*",
        prepare=_named_secret,
        proof=leaked,
        without=(SCOPE,),
    ),
    Attempt(
        name="read-size",
        how="stat -c 'size %s.' $beside/file",
        proof=_size_is_seen,
        without=(SCOPE,),
        gaps=_STAT,
    ),
    Attempt(
        name="read-target-of-link",
        how="readlink $beside/link",
        prepare=lambda world: (world.beside / "link").symlink_to(world.secret),
        proof=leaked,
        without=(SCOPE,),
        gaps=_STAT,
    ),
    Attempt(
        name="read-the-rest-of-the-machine",
        how="for place in /var /home /root /srv; do ls $place; done && echo in $token",
        proof=lambda world, output: f"in {world.token}" in output and "cache" in output,
        without=(EVERYTHING,),
        needs=(lambda: "" if "cache" in _listed("/var") else "no /var/cache here",),
    ),
    Attempt(
        name="write-shared-tmp",
        how="touch /tmp/escape-$token",
        proof=_is_outside("/tmp"),
        without=(EVERYTHING,),
    ),
    Attempt(
        name="write-shared-memory",
        how="touch /dev/shm/escape-$token",
        proof=_is_outside("/dev/shm"),
        without=(EVERYTHING,),
        needs=(lambda: "" if _listed("/dev/shm") is not None else "no /dev/shm",),
    ),
    Attempt(
        name="write-perl",
        how="perl -e 'open(F, \">\", $ARGV[0]); print F 1' $beside/file",
        proof=altered,
        without=(SCOPE,),
        needs=(program("perl"),),
    ),
)


def _listed(path: str) -> list[str]:
    try:
        return [found.name for found in Path(path).iterdir()]
    except OSError:
        return []
