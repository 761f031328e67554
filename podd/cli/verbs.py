"""The verbs of podctl, in the order of its help. A verb's file is not opened for it.

The helps here are those of the files; a test holds the two together.
"""

from __future__ import annotations

from typing import Final

#: Verb to its one-line help. Its file is `podd/cli/commands/<verb>.py`.
VERBS: Final[dict[str, str]] = {
    "spawn": "Start a pod, and run its first input.",
    "attach": "See what a pod did and does, and talk to it.",
    "run": "Give a pod work and follow it.",
    "wait": "Wait for pods and print their results.",
    "list": "List the live pods.",
    "status": "Show what a pod is doing.",
    "events": "Follow what a pod does.",
    "history": "Print the conversation of a pod or session.",
    "log": "Print the developer's log of a pod.",
    "diff": "Show the files that a session changed.",
    "configure": "Change what a living pod goes by.",
    "notify": "Tell a pod something that is not an order.",
    "pause": "Keep a pod's turn and begin nothing new.",
    "resume": "Go on with a paused pod or an ended session.",
    "cancel": "End the turn of a pod.",
    "rewind": "Go back in a pod's conversation.",
    "approvals": "List the calls that wait for people.",
    "approve": "Let a call run that waits for people.",
    "deny": "Refuse a call that waits for people.",
    "questions": "List the questions that wait for an answer.",
    "answer": "Answer a question that a model asked.",
    "stop": "Let pods finish, then end them.",
    "kill": "End pods at once.",
    "session": "List, verify, fork, export and prune sessions.",
    "scope": "Show who may write where, and free what the dead hold.",
    "manifest": "Check, show and trust manifests.",
    "models": "List the models that this machine can use.",
    "init": "Write a first manifest.",
    "doctor": "Show what works on this machine, and what to do if not.",
    "completion": "Print the completion script of a shell.",
}

ALIASES: Final[dict[str, str]] = {"ls": "list", "ps": "list", "logs": "log"}
