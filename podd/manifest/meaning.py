"""Do the values of one layer make sense, each by itself?

What needs more than one layer or a look at the disk is asked later, in `completing`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from podd.errors import ManifestError
from podd.manifest.layer import Layer, put, stated, take_out
from podd.manifest.locator import KeyPath
from podd.manifest.vocabulary import CODE, CONFINEMENTS, PROVIDERS, TOOLS

#: Characters of a pod's name. It is a directory in the runtime directory, so the limit
#: keeps the path of its socket short.
LONGEST_NAME: Final = 63
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]*")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_EFFORT: Final = re.compile(r"[a-z]+")
#: Both may become a part of an address, so nothing in them may begin another one.
_REGION: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_API_VERSION: Final = re.compile(r"[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*")

Refusal = tuple[str, str]
"""Why not, and what to do."""


def name_refusal(name: str) -> Refusal | None:
    """Return why `name` cannot be a pod's name, or None if it can."""
    if _NAME.fullmatch(name) and len(name) <= LONGEST_NAME:
        return None
    reason = (
        f"{name!r} is no pod name: a-z, 0-9, '.', '_' and '-', the first one a "
        f"letter or a digit, at most {LONGEST_NAME} characters"
    )
    return reason, "give another with --name, or as name under [pod]"


def check_values(layer: Layer) -> list[ManifestError]:
    """Return what is wrong with the layer's values, and take it out.

    The layer has passed `check_shape`. Splits `model.ref` into `model.provider` and
    `model.name`.
    """
    errors: list[ManifestError] = []

    def refuse(key: KeyPath, refusal: Refusal, place: KeyPath = ()) -> None:
        errors.append(layer.error(place or key, *refusal))
        take_out(layer.table, key)

    for key, refusal_of in _CHECKS.items():
        value = stated(layer.table, key)
        if value is not None and (refusal := refusal_of(value)):
            refuse(key, refusal)
    for key, refusal_of in _CHECKS_OF_ITEMS.items():
        for index, item in enumerate(stated(layer.table, key) or ()):
            if refusal := refusal_of(item):
                refuse(key, refusal, (*key, index))
                break
    for key, refusal in list(_tool_refusals(layer)):
        refuse(key, refusal)
    if refusal := _split_ref(layer):
        refuse(("model", "ref"), refusal)
    return errors


def _tool_refusals(layer: Layer) -> Iterator[tuple[KeyPath, Refusal]]:
    allow: KeyPath = ("tools", "allow")
    if layer.has(allow) and (twice := _repeated(stated(layer.table, allow))):
        yield allow, (f"{twice!r} is there twice", "")
    for tool in stated(layer.table, ("tools", "per_tool")) or ():
        if tool != CODE and (refusal := TOOLS.refusal(tool)):
            yield ("tools", "per_tool", tool), refusal


def _split_ref(layer: Layer) -> Refusal | None:
    ref = stated(layer.table, ("model", "ref"))
    if ref is None:
        return None
    provider, slash, name = ref.partition("/")
    if not slash or not provider or not name:
        return f"{ref!r} is not PROVIDER/NAME", "for example openai_chat/gpt-5-mini"
    if refusal := PROVIDERS.refusal(provider):
        return refusal
    for part, value in (("provider", provider), ("name", name)):
        other = stated(layer.table, ("model", part))
        if other not in {None, value}:
            return (
                f"says {value!r} where model.{part} says {other!r}",
                "give model.ref, or model.provider and model.name",
            )
        put(layer.table, ("model", part), value)
    return None


def _base_url(url: str) -> Refusal | None:
    hint = "for example http://127.0.0.1:11434/v1"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is no URL", hint
    # The value is not quoted below: it may hold a password.
    if parts.username is not None or parts.password is not None:
        return (
            "holds credentials",
            'put the key where model.auth finds it: { env = "" }',
        )
    if parts.scheme not in {"http", "https"} or not host:
        return "is no http:// or https:// URL with a host", hint
    if parts.query or parts.fragment or re.search(r"[\s\x00-\x1f]", url):
        return "has more than scheme, host, port and path", hint
    return None


def _auth(auth: dict[str, Any]) -> Refusal | None:
    hint = 'give { env = "NAME" }, { file = "PATH" } or { none = true }'
    if len(auth) != 1 or auth.get("none") is False:
        return "needs exactly one of env, file and none = true", hint
    if "env" in auth and not _VARIABLE.fullmatch(auth["env"]):
        # Not quoted: it may be the key itself.
        return "env is not the name of an environment variable", hint
    return None


def _reasoning(reasoning: dict[str, Any]) -> Refusal | None:
    hint = 'for example { effort = "medium" } or { budget_tokens = 4_000 }'
    if len(reasoning) != 1:
        return "needs exactly one of effort and budget_tokens", hint
    if not _EFFORT.fullmatch(reasoning.get("effort", "low")):
        return "effort is one word of a-z", hint
    return None


def _region(region: str) -> Refusal | None:
    if _REGION.fullmatch(region):
        return None
    return "is no region: a-z, 0-9 and '-'", 'for example "eu-central-1"'


def _api_version(version: str) -> Refusal | None:
    if _API_VERSION.fullmatch(version):
        return None
    return "is no version: letters, digits, '.', '_' and '-'", ""


def _variable(name: str) -> Refusal | None:
    if _VARIABLE.fullmatch(name):
        return None
    # Not quoted: it may be the value itself.
    return "is not the name of an environment variable", 'for example ["LANG"]'


def _rule(rule: dict[str, Any]) -> Refusal | None:
    if not rule.get("match", "*"):
        return "match is empty", 'leave it out, or say "*", for every call of the tool'
    tool: str = rule["tool"]
    if not any(sign in tool for sign in "*?["):
        return TOOLS.refusal(tool)
    # Imported late: a pod's start checks nothing.
    from fnmatch import fnmatchcase

    if any(fnmatchcase(name, tool) for name in (*TOOLS.built, *TOOLS.not_built)):
        return None
    return f"no tool has a name like {tool!r}", f"tools: {', '.join(TOOLS.built)}"


def _repeated(words: Sequence[str]) -> str | None:
    return next((word for word in words if words.count(word) > 1), None)


def _not_empty(text: str) -> Refusal | None:
    return None if text.strip() else ("is empty", "")


_CHECKS: Final[dict[KeyPath, Callable[[Any], Refusal | None]]] = {
    ("pod", "name"): name_refusal,
    ("model", "name"): _not_empty,
    ("model", "base_url"): _base_url,
    ("model", "auth"): _auth,
    ("model", "region"): _region,
    ("model", "api_version"): _api_version,
    ("model", "reasoning"): _reasoning,
    ("agent", "instruction"): _not_empty,
}

_CHECKS_OF_ITEMS: Final[dict[KeyPath, Callable[[Any], Refusal | None]]] = {
    ("tools", "allow"): TOOLS.refusal,
    ("sandbox", "environment"): _variable,
    ("sandbox", "require"): CONFINEMENTS.refusal,
    ("permissions", "rules"): _rule,
}
