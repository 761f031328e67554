"""What a child is called."""

from __future__ import annotations

from podd.errors import ManifestError
from podd.manifest.meaning import LONGEST_NAME, name_refusal


def child_name(pod: str, name: str) -> str:
    """Return the full name of the child that `pod` calls `name`.

    Raises:
        ManifestError: it cannot be a pod's name; the key is `name`.
    """
    short = name.removeprefix(f"{pod}.")
    if refusal := name_refusal(short):
        raise ManifestError(path="spawn_pod", key="name", reason=refusal[0])
    full = f"{pod}.{short}"
    room = LONGEST_NAME - len(pod) - 1
    if len(short) > room:
        raise ManifestError(
            path="spawn_pod",
            key="name",
            reason=f"{full!r} has {len(full)} characters, and a pod's name "
            f"{LONGEST_NAME} at most",
            hint=f"a child of {pod!r} has a name of at most {room} characters"
            if room > 0
            else f"{pod!r} has too long a name to have children",
        )
    return full
