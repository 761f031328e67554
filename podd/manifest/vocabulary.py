"""The closed sets that a manifest is checked against.

Each set has a part that is built and a part that is only known. A word that is known
and not built is refused by its name; a word that is not known is a slip of the pen,
answered with the nearest one.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

import msgspec

from podd_protocol.values import DriverName

#: Who speaks chat completions, and is reached by name alone.
ServiceName = Literal[
    "cerebras",
    "deepseek",
    "fireworks",
    "groq",
    "llamacpp",
    "lmstudio",
    "mistral",
    "ollama",
    "openrouter",
    "perplexity",
    "sambanova",
    "together",
    "vllm",
    "xai",
]
ProviderName = Literal[
    "anthropic",
    "azure_openai",
    "bedrock",
    "cohere",
    "gemini",
    "openai_chat",
    "openai_responses",
    "scripted",
    ServiceName,
]
RestartPolicy = Literal["never"]


class Words(msgspec.Struct, frozen=True):
    """One closed set."""

    noun: str
    built: tuple[str, ...]
    not_built: tuple[str, ...]

    def refusal(self, word: str) -> tuple[str, str] | None:
        """Return why `word` cannot be used and what to do, or None if it can."""
        if word in self.built:
            return None
        known = f"this podd has {', '.join(self.built)}"
        if word in self.not_built:
            return f"not_supported: {self.noun} {word!r} is not built yet", known
        # Imported late: a pod's start checks nothing.
        import difflib

        near = difflib.get_close_matches(word, (*self.built, *self.not_built), n=1)
        hint = f"did you mean {near[0]!r}? {known}" if near else known
        return f"there is no {self.noun} {word!r}", hint


PROVIDERS: Final = Words(
    noun="provider",
    built=get_args(ProviderName),
    not_built=(),
)

DRIVERS: Final = Words(noun="driver", built=get_args(DriverName), not_built=())

RESTARTS: Final = Words(
    noun="restart policy", built=get_args(RestartPolicy), not_built=("on-failure",)
)

#: Blocks of a model's code have limits as a tool has, and are none.
CODE: Final = "code"

#: What confines commands, as the probe of this machine names it.
CONFINEMENTS: Final = Words(
    noun="means of confinement",
    built=(
        *("namespaces", "pid_namespaces", "proc", "network"),
        *("landlock", "landlock_scope", "seccomp", "bubblewrap", "subreaper"),
    ),
    not_built=(),
)

#: In the order in which a model is offered them.
TOOLS: Final = Words(
    noun="tool",
    built=(
        "read_file",
        "write_file",
        "edit_file",
        "glob",
        "grep",
        "bash",
        "stop_command",
        "spawn_pod",
        "send_to_pod",
        "wait_pods",
        "read_pod_output",
        "stop_pod",
        "list_pods",
        "ask_user",
        "ask_parent",
    ),
    not_built=(),
)

#: What nobody needs who may start no pods.
PARENTS_TOOLS: Final = (
    "spawn_pod",
    "send_to_pod",
    "wait_pods",
    "read_pod_output",
    "stop_pod",
    "list_pods",
)

#: Keys and sections that a manifest may hold one day, dotted.
KEYS_NOT_BUILT: Final[tuple[str, ...]] = ()

#: Providers whose servers have no places and no versions to choose among.
WITHOUT_PLACES: Final = frozenset(
    {"cohere", "openai_chat", "openai_responses", "scripted", *get_args(ServiceName)}
)

#: What a project's layer may set only in a directory that the user trusts: each could
#: send the user's key or files to a stranger, or widen what a pod may do.
TRUSTED_KEYS: Final = (
    ("model", "auth"),
    ("model", "base_url"),
    ("model", "region"),
    ("permissions",),
    ("sandbox",),
    ("scope",),
)

#: Tools whose calls a crash cut off are simply run again: they only look, or know by
#: the call's id what they have done already. The tools say it of themselves; it stands
#: here too so that a pod can start without importing them.
REPEATABLE_TOOLS: Final = frozenset(
    {
        *("read_file", "glob", "grep", "stop_command", *PARENTS_TOOLS),
        *("ask_user", "ask_parent"),
    }
)
