"""Where podd keeps things, from the environment and nothing else.

The only file that builds a path below the runtime, state or configuration directory.
It creates nothing: whoever writes there does, with `private_directory`.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import Final

import msgspec

from podd.errors import UnsafeDirectoryError

#: Bytes that fit into `sockaddr_un.sun_path` on Linux, without the final zero.
SOCKET_PATH_BYTES: Final = 107


class Places(msgspec.Struct, frozen=True):
    """The three roots, absolute."""

    runtime: Path
    state: Path
    configuration: Path

    @property
    def lock_file(self) -> Path:
        return self.runtime / "scopes.lock"

    @property
    def table_file(self) -> Path:
        return self.runtime / "scopes.db"

    @property
    def life_directory(self) -> Path:
        """One life file an allocation."""
        return self.runtime / "life"

    @property
    def pods(self) -> Path:
        return self.runtime / "pods"

    def pod(self, name: str) -> Path:
        return self.pods / name

    def socket(self, name: str) -> Path:
        """A path that fits into `connect()`, through `socket_alias` where it must.

        Where something else lies in place of the link it is the long one: a client
        that follows a stranger's link would tell its prompts to the stranger.
        """
        path = self.pods / name / "sock"
        if len(os.fsencode(path)) <= SOCKET_PATH_BYTES or self._alias_is_taken():
            return path
        return self.socket_alias / name / "sock"

    @property
    def socket_alias(self) -> Path:
        """A short link to `pods`, used where the runtime root is too long."""
        import hashlib  # late: most runtime roots are short

        digest = hashlib.sha256(os.fsencode(self.pods)).hexdigest()[:12]
        return Path(f"/tmp/podd-{os.getuid()}-{digest}")  # noqa: S108  # see link_sockets

    def link_sockets(self) -> None:
        """Make `socket_alias`, for a name that needs it.

        Raises:
            UnsafeDirectoryError: something that is not our link lies there.
        """
        alias = self.socket_alias
        with contextlib.suppress(FileExistsError):
            alias.symlink_to(self.pods)
        if self._alias_is_taken():
            raise UnsafeDirectoryError(
                path=str(alias), reason="is not our link to the sockets"
            )

    def _alias_is_taken(self) -> bool:
        """Whether what lies there is not our link; whoever may write to /tmp can."""
        alias = self.socket_alias
        try:
            return alias.lstat().st_uid != os.getuid() or alias.readlink() != self.pods
        except FileNotFoundError:
            return False
        except OSError:
            # It is no link.
            return True

    def status_file(self, name: str) -> Path:
        return self.pods / name / "status.json"

    @property
    def sessions(self) -> Path:
        return self.state / "sessions"

    def session(self, session: str) -> Path:
        return self.sessions / session

    def log_file(self, name: str) -> Path:
        return self.state / "pods" / name / "pod.log"

    @property
    def user_models(self) -> Path:
        return self.configuration / "models.toml"

    @property
    def user_manifest(self) -> Path:
        return self.configuration / "manifest.toml"

    @property
    def trusted_directories(self) -> Path:
        return self.configuration / "trusted.json"

    @property
    def prompts(self) -> Path:
        """What `$user/...` means."""
        return self.configuration / "prompts"


def places() -> Places:
    """Read the environment.

    The runtime directory does not depend on XDG_RUNTIME_DIR: a login shell and a cron
    job of one user must meet in the same table.
    """
    return Places(runtime=_runtime(), state=_state(), configuration=_configuration())


def _runtime() -> Path:
    if override := os.environ.get("PODD_RUNTIME_DIR"):
        return Path(override).absolute()
    uid = os.getuid()
    login = Path(f"/run/user/{uid}")
    try:
        if login.stat().st_uid == uid:
            return login / "podd"
    except OSError:
        pass
    return Path(f"/tmp/podd-{uid}")  # noqa: S108  # checked before use: private_directory


def _state() -> Path:
    if override := os.environ.get("PODD_STATE_DIR"):
        return Path(override).absolute()
    return _xdg("XDG_STATE_HOME", ".local/state") / "podd"


def _configuration() -> Path:
    if override := os.environ.get("PODD_CONFIG_DIR"):
        return Path(override).absolute()
    return _xdg("XDG_CONFIG_HOME", ".config") / "podd"


def _xdg(variable: str, default: str) -> Path:
    value = os.environ.get(variable, "")
    # The XDG specification: a relative value is invalid and to be ignored.
    if value.startswith("/"):
        return Path(value)
    return Path(os.path.expanduser("~")) / default  # noqa: PTH111  # works without HOME


def private_directory(path: Path, *, strict: bool = False) -> Path:
    """Make `path` if it is missing and return it.

    Args:
        path: an absolute path. Missing parents are made too, each 0700 like the last:
            the caller's umask has no say in what podd makes.
        strict: refuse a directory that others own or may write. True for the runtime
            directory, where a stranger's socket or lock would be trusted.

    Raises:
        UnsafeDirectoryError: it cannot be made, is no directory, or is not ours alone.
    """
    try:
        _make(path)
        found = path.stat() if not strict else path.lstat()
    except OSError as error:
        raise UnsafeDirectoryError(
            path=str(path), reason=f"cannot be made: {error.strerror}"
        ) from error
    if not stat.S_ISDIR(found.st_mode):
        raise UnsafeDirectoryError(path=str(path), reason="is not a directory")
    if strict:
        if found.st_uid != os.getuid():
            raise UnsafeDirectoryError(
                path=str(path), reason=f"belongs to uid {found.st_uid}"
            )
        if found.st_mode & 0o022:
            raise UnsafeDirectoryError(path=str(path), reason="others may write to it")
    if not os.access(path, os.W_OK | os.X_OK):
        raise UnsafeDirectoryError(path=str(path), reason="is not writable")
    return path


def _make(path: Path) -> None:
    """Not with `parents=True`, which gives parents the mode of the umask."""
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        return
    except FileNotFoundError:
        _make(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
