"""The environment of a command: what is known to be harmless, and what is named.

An allow-list, because nobody knows the names of all keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

#: Passed on where they are set: who, where and in what language. None of them names a
#: socket, a file that is run (BASH_ENV, LD_PRELOAD, PYTHONSTARTUP) or a key.
SAFE_NAMES: Final = frozenset(
    {
        "COLORTERM",
        "COLUMNS",
        "LANG",
        "LANGUAGE",
        "LD_LIBRARY_PATH",
        "LINES",
        "LOGNAME",
        "NO_COLOR",
        "PATH",
        "SHELL",
        "SSL_CERT_DIR",
        "SSL_CERT_FILE",
        "TERM",
        "TZ",
        "USER",
        "VIRTUAL_ENV",
    }
)
_SAFE_PREFIX: Final = "LC_"

#: Where the caller has none, as a login shell would have it.
_USUAL_PATH: Final = "/usr/local/bin:/usr/bin:/bin"


def command_environment(
    ours: Mapping[str, str],
    *,
    named: Iterable[str] = (),
    home: str,
    temporary: str,
) -> dict[str, str]:
    """Choose what a command finds in its environment.

    Args:
        ours: the environment of the pod.
        named: the names that the manifest passes on; one that is not set is left out.
        home: the directory that HOME names inside.
        temporary: the directory that TMPDIR names inside.
    """
    wanted = SAFE_NAMES.union(named)
    chosen = {
        name: value
        for name, value in ours.items()
        if name in wanted or name.startswith(_SAFE_PREFIX)
    }
    chosen.setdefault("PATH", _USUAL_PATH)
    chosen["HOME"] = home
    chosen["TMPDIR"] = temporary
    # There is no terminal, whatever the caller has: a pager would wait for a key.
    chosen["TERM"] = "dumb"
    return chosen
